import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { checkout } from '../scripts/parts/cache.ts'
import { run } from '../scripts/parts/command.ts'
import { fakeBuildkitd } from '../test/support/fake-buildkitd.ts'
import { tempDir } from '../test/support/temp.ts'

/** What builds hold whose status nobody has read, once they are over. */
export interface UnreadFigures {
  readonly runs: number
  /** Status that each of them was sent. */
  readonly sentMebibytes: number
  /** Of all together: what is in use, and what the process has from the system. */
  readonly usedMebibytes: number
  readonly residentMebibytes: number
}

const runs = 50
const steps = 200
const outputPerStep = 100_000
const mebibyte = 1 << 20

/** A daemon that is not real sends the status, so that it can be as much as it likes. */
export async function measureUnreadRuns(): Promise<UnreadFigures> {
  await using folder = await tempDir()
  const path = join(folder.path, 'daemon.sock')
  const daemon = fakeBuildkitd({
    solve: async (build) => {
      for (let step = 0; step < steps; step++) {
        const vertex = `sha256:${step}`
        await build.say({ vertexes: [{ digest: vertex, name: `step ${step}`, started: { seconds: 1 } }] })
        for (let part = 0; part < 10; part++)
          await build.say({ logs: [{ vertex, stream: 1, msg: Buffer.alloc(outputPerStep / 10, 'x') }] })
      }
      return {}
    },
  })
  const listener = createServer((socket) => daemon.attach(socket))
  listener.listen(path)
  await once(listener, 'listening')
  const program = join(checkout, 'bench/unread-client.mjs')
  const stdout = await run(process.execPath, ['--expose-gc', program, `unix://${path}`, String(runs)])
  daemon.die()
  listener.close()
  const { used, rss } = JSON.parse(stdout) as { used: number; rss: number }
  return {
    runs,
    sentMebibytes: (steps * outputPerStep) / mebibyte,
    usedMebibytes: used / mebibyte,
    residentMebibytes: rss / mebibyte,
  }
}
