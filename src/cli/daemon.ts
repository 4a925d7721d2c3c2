import { resolve } from 'node:path'
import type { OnWarning, Warning } from '../base/warning.ts'
import { type Buildkit, connect } from '../buildkit.ts'
import { type FoundDaemon, findDaemon } from '../daemon/find.ts'
import type { TlsOptions } from '../network/tls-options.ts'
import type { Flags, Values } from './flags.ts'
import type { Io } from './io.ts'
import { inFlags } from './option-names.ts'
import { say } from './say.ts'

/** The flags of every command that talks to a daemon. */
export const daemonFlags = {
  addr: {
    type: 'string',
    hint: 'ADDRESS',
    description: 'unix://PATH, tcp://HOST:PORT, docker:// or ssh://HOST (env BUILDKIT_HOST)',
  },
  tlscacert: { type: 'string', hint: 'PATH', description: 'Authorities to trust, for tcp://' },
  tlscert: { type: 'string', hint: 'PATH', description: 'Our certificate, for tcp://' },
  tlskey: { type: 'string', hint: 'PATH', description: 'The key of our certificate' },
  tlsservername: {
    type: 'string',
    hint: 'NAME',
    description: 'Name in the daemon’s certificate, if not its host',
  },
} as const satisfies Flags

export type DaemonValues = Values<typeof daemonFlags>

/** A daemon with a connection to it. Disposing of it closes that, and stops what was started for it. */
export interface OpenDaemon extends AsyncDisposable {
  readonly buildkit: Buildkit
  /** What it is and how it was found; undefined where the command line names it. */
  readonly found: string | undefined
}

/** Finds a daemon and connects to it. Throws what `findDaemon` and `connect` do, with the names of the flags. */
export async function openDaemon(values: DaemonValues, io: Io, signal: AbortSignal): Promise<OpenDaemon> {
  try {
    return await open(values, io, signal)
  } catch (error) {
    throw inFlags(error)
  }
}

async function open(values: DaemonValues, io: Io, signal: AbortSignal): Promise<OpenDaemon> {
  const daemon = await findDaemon({ address: values.addr, env: io.env, signal })
  try {
    const tls = tlsOf(values, io.cwd) ?? daemon.tls
    const onWarning: OnWarning = (warning) => warn(io, warning)
    const buildkit = await connect(daemon.address, { tls, env: io.env, signal, onWarning })
    return {
      buildkit,
      found: describe(daemon),
      async [Symbol.asyncDispose]() {
        await buildkit.close()
        await daemon[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
}

/** The library names its own options; here flags set them. */
function warn(io: Io, { code, message }: Warning): void {
  say(io, 'warning', message)
  if (code === 'PLAINTEXT_TCP') say(io, 'note', 'here --tlscacert, --tlscert and --tlskey set the tls option')
}

function tlsOf(
  { tlscacert, tlscert, tlskey, tlsservername }: DaemonValues,
  cwd: string,
): TlsOptions | undefined {
  const tls: TlsOptions = {
    ...(tlscacert === undefined ? {} : { caFile: resolve(cwd, tlscacert) }),
    ...(tlscert === undefined ? {} : { certFile: resolve(cwd, tlscert) }),
    ...(tlskey === undefined ? {} : { keyFile: resolve(cwd, tlskey) }),
    ...(tlsservername === undefined ? {} : { serverName: tlsservername }),
  }
  return Object.keys(tls).length === 0 ? undefined : tls
}

function describe({ by, address }: FoundDaemon): string | undefined {
  switch (by) {
    case 'address':
    case 'BUILDKIT_HOST':
      return undefined
    case 'engine':
      return `the Docker Engine at ${address}`
    case 'socket':
      return `the BuildKit daemon at ${address}`
    case 'daemonless':
      return 'a private buildkitd, started for this command'
  }
}
