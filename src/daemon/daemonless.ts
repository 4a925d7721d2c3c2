import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { deadline } from '../base/deadline.ts'
import type { Environment } from '../base/environment.ts'
import { BuildkitError, cancelled } from '../base/errors.ts'
import { openConnection } from '../transport/connection.ts'
import { routeTo } from '../transport/route-to.ts'
import { type GuardedProcess, runGuarded } from './guarded-process.ts'

/** How to start a {@link PrivateDaemon}. */
export interface DaemonlessOptions {
  /** What runs buildkitd: its path, with that of rootlesskit before it where we are not root. */
  readonly command: readonly string[]
  /** Where state is kept from one build to the next, in one numbered folder for each daemon at a time. */
  readonly stateDir: string
  /** The daemon's environment; `TMPDIR` is where its socket goes. */
  readonly env: Environment
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the daemon has to answer. 60,000 by default. */
  readonly startTimeoutMs?: number
}

/** A BuildKit daemon of ours alone. Disposing of it stops it; it also ends when this process does. */
export interface PrivateDaemon extends AsyncDisposable {
  /** `unix:///...`, in a folder that only this user can enter. */
  readonly address: string
  /** Its state, which outlives it. */
  readonly root: string
}

/**
 * Starts a `buildkitd` for this process and waits until it answers. Throws NO_DAEMON with its last
 * words when it ends at once, TIMEOUT when it does not get ready, CANCELLED.
 */
export async function startDaemonless(options: DaemonlessOptions): Promise<PrivateDaemon> {
  for (let number = 1; number <= maxRoots; number++) {
    const daemon = await startOn(join(options.stateDir, String(number)), options)
    if (daemon !== 'busy') return daemon
  }
  throw new BuildkitError('NO_DAEMON', `every state folder in ${options.stateDir} is in use`, {
    subject: options.stateDir,
    expected: `at most ${maxRoots} private daemons at a time`,
  })
}

const maxRoots = 64
const defaultStartTimeoutMs = 60_000

async function startOn(root: string, options: DaemonlessOptions): Promise<PrivateDaemon | 'busy'> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(options.env.TMPDIR ?? '/tmp', 'buildkit-client-'))
  const address = `unix://${folder}/buildkitd.sock`
  const daemon = runGuarded({
    command: [...options.command, ...flags(root, folder)],
    env: options.env,
    folder,
  })
  const dispose = async () => {
    await daemon.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(address, daemon, options)
    return { address, root, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    // The daemon's own lock decides whose a root is: it is released however its holder ends.
    if (/could not lock .*buildkitd\.lock/.test(daemon.stderr)) return 'busy'
    throw error
  }
}

/** All that keeps it apart from the system's own daemons; the rest is its defaults. */
function flags(root: string, folder: string): string[] {
  return [
    `--root=${root}`,
    `--addr=unix://${folder}/buildkitd.sock`,
    `--otel-socket-path=${folder}/otel.sock`,
    '--containerd-worker=false',
  ]
}

async function untilReady(
  address: string,
  daemon: GuardedProcess,
  options: DaemonlessOptions,
): Promise<void> {
  const { signal, startTimeoutMs = defaultStartTimeoutMs } = options
  const over = new AbortController()
  daemon.exited.then((failure) => over.abort(ended(daemon, failure)))
  using limit = deadline(startTimeoutMs, [signal, over.signal], {
    timeoutReason: () => notReady(daemon, startTimeoutMs),
  })
  try {
    await untilAnswering(address, limit.signal)
  } catch (error) {
    if (signal?.aborted) throw cancelled('starting a private buildkitd', signal.reason)
    throw error
  }
}

const pollMs = 25

/** A connection that is accepted says little: buildkitd listens before it knows whether it can work. */
async function untilAnswering(address: string, signal: AbortSignal): Promise<void> {
  const route = await routeTo(address)
  for (;;) {
    signal.throwIfAborted()
    try {
      const connection = await openConnection(route, { signal })
      return await connection.close()
    } catch {
      await delay(pollMs, undefined, { signal }).catch(() => {})
    }
  }
}

function ended(daemon: GuardedProcess, cause: Error | undefined): BuildkitError {
  return new BuildkitError('NO_DAEMON', 'the private buildkitd ended while it was starting', {
    received: cause?.message ?? (lastWords(daemon.stderr) || 'no message'),
    ...(cause !== undefined && { cause }),
  })
}

function notReady(daemon: GuardedProcess, startTimeoutMs: number): BuildkitError {
  return new BuildkitError('TIMEOUT', 'the private buildkitd did not get ready', {
    expected: `an answer within ${startTimeoutMs} ms`,
    received: lastWords(daemon.stderr) || 'no message',
  })
}

const longestWords = 1024

/** The end of what it said, without the stack traces of Go: a function on one line, its place on the next. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n')
  const words = lines.filter((line, index) => !line.startsWith('\t') && !lines[index + 1]?.startsWith('\t'))
  return words
    .join('\n')
    .replace(/[^\n\P{Cc}]/gu, '')
    .trim()
    .slice(-longestWords)
}
