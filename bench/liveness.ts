import { join } from 'node:path'
import { startBuildkitd } from '../scripts/parts/buildkitd.ts'
import { checkout } from '../scripts/parts/cache.ts'
import { run } from '../scripts/parts/command.ts'
import { saying } from '../scripts/parts/say.ts'
import { connect } from '../src/index.ts'

/** What it costs to watch a connection, and what that gives. */
export interface LivenessFigures {
  /** From the stop of a daemon to the end of a connection with nothing to do. */
  readonly noticedSeconds: number
  /** How long the idle connections were looked at. */
  readonly idleSeconds: number
  /** CPU of a process with an idle connection meanwhile, in milliseconds. */
  readonly watchedMs: number
  /** The same without a limit to the daemon's silence, so that nothing watches. */
  readonly unwatchedMs: number
}

/** `quick` shows that it works, with limits that are not the defaults. */
export async function measureLiveness(
  buildkitd: string,
  { quick }: { quick: boolean },
): Promise<LivenessFigures> {
  const idleSeconds = quick ? 2 : 60
  return saying('watching idle connections', async () => {
    await using daemon = await startBuildkitd({ command: buildkitd })
    const idle = (livenessTimeoutMs: number) => cpuOfIdle(daemon.ready.unix, idleSeconds, livenessTimeoutMs)
    const watchedMs = await idle(25_000)
    const unwatchedMs = await idle(Number.POSITIVE_INFINITY)
    await using buildkit = await connect(daemon.ready.unix, quick ? { livenessTimeoutMs: 1_000 } : {})
    const stopped = performance.now()
    process.kill(daemon.pid, 'SIGSTOP')
    await buildkit.closed
    return { noticedSeconds: (performance.now() - stopped) / 1000, idleSeconds, watchedMs, unwatchedMs }
  })
}

/** Of a process of its own, which measures itself once it is connected. */
async function cpuOfIdle(address: string, seconds: number, livenessTimeoutMs: number): Promise<number> {
  const program = join(checkout, 'bench/idle-client.mjs')
  return Number(await run(process.execPath, [program, address, String(seconds), String(livenessTimeoutMs)]))
}
