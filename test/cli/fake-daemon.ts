import { createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { type FakeBehaviour, fakeBuildkitd } from '../support/fake-buildkitd.ts'
import { listening } from '../support/listening.ts'
import { tempDir } from '../support/temp.ts'

/** The daemon in memory, behind a socket that a command line can be given. */
export interface FakeDaemon extends AsyncDisposable {
  /** `unix://...`, or `tcp://127.0.0.1:...` where asked for. */
  readonly address: string
  /** A folder of the test's own. */
  readonly folder: string
  /** Cuts every connection. */
  die(): void
}

export async function fakeDaemon(
  behaviour: FakeBehaviour = {},
  on: 'unix' | 'tcp' = 'unix',
): Promise<FakeDaemon> {
  const daemon = fakeBuildkitd(behaviour)
  const dir = await tempDir()
  const socket = join(dir.path, 'buildkitd.sock')
  const server = createServer(async (connection) => {
    const stream = await daemon.dial(new AbortController().signal)
    pipeline(connection, stream, connection, () => {})
  })
  const listener = await listening(server, on === 'unix' ? socket : undefined)
  return {
    address: on === 'unix' ? `unix://${socket}` : `tcp://127.0.0.1:${listener.port}`,
    folder: dir.path,
    die: daemon.die,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}
