import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requireRoot, runcCommand } from './runc.ts'
import { type Server, startServer } from './server.ts'

export interface BuildkitdOptions {
  /** The program. */
  readonly command: string
  /** Also listens on a free TCP port of 127.0.0.1; with PEM material given, under TLS with client certificates. */
  readonly tcp?: 'plain' | { readonly ca: string; readonly cert: string; readonly key: string }
  /** The port of `tcp`, where it has to be a certain one. */
  readonly port?: number
  /** More of its configuration file, as TOML. */
  readonly config?: string
  readonly env?: NodeJS.ProcessEnv
  /** An existing folder for its state, which stays when it stops; otherwise it starts with an empty one. */
  readonly folder?: string
}

export interface Buildkitd extends Server<BuildkitdAddresses> {}

export interface BuildkitdAddresses {
  /** `unix://PATH` */
  readonly unix: string
  /** `tcp://127.0.0.1:PORT`, where asked for. */
  readonly tcp: string | undefined
}

/**
 * Starts a private buildkitd. Its steps use the network of the host, so that no network
 * plug-in is needed; registries on the loopback addresses may do without TLS, which is buildkitd's own rule.
 */
export async function startBuildkitd(options: BuildkitdOptions): Promise<Buildkitd> {
  requireRoot()
  const runc = await runcCommand()
  const plan = async (folder: string) => {
    const socket = join(folder, 'buildkitd.sock')
    const config = join(folder, 'buildkitd.toml')
    await writeFile(config, `${baseConfig}${options.config ?? ''}`)
    return {
      command: options.command,
      args: [
        ...['--config', config, '--root', join(folder, 'state'), '--addr', `unix://${socket}`],
        ...['--otel-socket-path', join(folder, 'otel.sock')],
        ...['--oci-worker-binary', runc, '--oci-worker-net', 'host'],
        ...(options.tcp === undefined ? [] : ['--addr', `tcp://127.0.0.1:${options.port ?? 0}`]),
        ...(await tlsFlags(options.tcp, folder)),
      ],
      ...(options.env === undefined ? {} : { env: options.env }),
      ready: (log: string) => listening(log, socket, options.tcp !== undefined),
    }
  }
  return startServer('buildkitd', plan, options.folder)
}

/**
 * The default policy prunes until 51 GB of the disk are free; state that lives for minutes needs none. Unless it is told
 * to be there, the worker is left out on a machine without a runc on its PATH.
 */
const baseConfig = `[worker.oci]
enabled = true
gc = false
[worker.containerd]
enabled = false
`

async function tlsFlags(tcp: BuildkitdOptions['tcp'], folder: string): Promise<string[]> {
  if (tcp === undefined || tcp === 'plain') return []
  const flags: string[] = []
  for (const [flag, pem] of [
    ['--tlscacert', tcp.ca],
    ['--tlscert', tcp.cert],
    ['--tlskey', tcp.key],
  ] as const) {
    const file = join(folder, `${flag.slice('--'.length)}.pem`)
    await writeFile(file, pem, { mode: 0o600 })
    flags.push(flag, file)
  }
  return flags
}

/** buildkitd logs `running server on ADDRESS` for each listener (moby/buildkit `cmd/buildkitd/main.go`). */
function listening(log: string, socket: string, withTcp: boolean): BuildkitdAddresses | undefined {
  const addresses = [...log.matchAll(/running server on ([^\s"]+)/g)].map((match) => match[1])
  const tcp = addresses.find((address) => address?.startsWith('127.0.0.1:'))
  if (!addresses.includes(socket) || (withTcp && tcp === undefined)) return undefined
  return { unix: `unix://${socket}`, tcp: tcp && `tcp://${tcp}` }
}
