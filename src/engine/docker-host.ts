import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { dockerFolder } from '../base/docker-folder.ts'
import type { Environment } from '../base/environment.ts'
import { invalidOption, isBuildkitError } from '../base/errors.ts'
import type { TlsOptions } from '../network/tls-options.ts'
import { parseAddress, printableAddress } from '../transport/address.ts'

/** Where an Engine is, and what TLS it wants. */
export interface EngineTarget {
  readonly address: string
  readonly tls?: TlsOptions
}

/**
 * The Engine at a host as Docker writes it (docker/cli `opts/hosts.go`), in `DOCKER_HOST` or in a context:
 *
 * | host | Engine |
 * |---|---|
 * | `unix:///path` | on a Unix socket of any name |
 * | `tcp://host:port`, `http://host:port`, `host:port` | on a TCP port, with TLS where `tls` is given |
 * | the same without port | on port 2375, or 2376 with TLS |
 * | `ssh://user@host:port/path` | on a machine with an ssh server |
 *
 * Throws INVALID_OPTION for anything else, naming `option`.
 */
export function engineTarget(host: string, tls: TlsOptions | undefined, option: string): EngineTarget {
  const target = translated(host, tls, option)
  try {
    parseAddress(target.address)
    return target
  } catch (error) {
    // It names the address that the host has become, which nobody has written.
    const expected = (isBuildkitError(error) && error.expected) || forms
    throw invalidOption(option, { expected, received: printableAddress(host), cause: error })
  }
}

const forms = 'unix:///path/to/docker.sock, tcp://host:port or ssh://user@host'

function translated(host: string, tls: TlsOptions | undefined, option: string): EngineTarget {
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(host.trim()) ?? []
  switch (scheme.toLowerCase()) {
    case 'unix':
      return { address: `docker://${rest}` }
    case 'tcp':
    case 'http':
      return { address: `docker://${withPort(rest, tls)}`, ...(tls && { tls }) }
    case 'ssh':
      return { address: `docker+ssh://${rest}` }
    default:
      throw invalidOption(option, {
        expected: forms,
        received: printableAddress(host),
        ...advices[scheme.toLowerCase()],
      })
  }
}

const advices: Readonly<Record<string, { readonly advice: string }>> = {
  npipe: { advice: 'Let the Engine listen on a TCP port of this machine, and use tcp://localhost:2375' },
  https: { advice: 'Write tcp://, and set DOCKER_TLS_VERIFY=1' },
}

/** Docker's own ports, for clients that are told no other. */
function withPort(rest: string, tls: TlsOptions | undefined): string {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:/]*)(:\d+)?\/?$/.exec(rest) ?? []
  if (host === '' && port === undefined && rest.replace(/\/$/, '') !== '') return rest
  return `${host || 'localhost'}${port ?? (tls === undefined ? ':2375' : ':2376')}`
}

/**
 * What `DOCKER_TLS_VERIFY` or `DOCKER_TLS` bring along: `ca.pem`, `cert.pem` and `key.pem` in `DOCKER_CERT_PATH`, else in
 * the folder of Docker's configuration. Certificate and key may be missing, as in Docker. The Engine's certificate is
 * checked in any case, which Docker does with the first of the variables only.
 */
export async function dockerTls(env: Environment): Promise<TlsOptions | undefined> {
  if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_TLS) return undefined
  const folder = env.DOCKER_CERT_PATH || (dockerFolder(env) ?? '.docker')
  const caFile = join(folder, 'ca.pem')
  return { ...(await presentFiles(folder)), caFile }
}

/** Those of Docker's three files that are there. */
export async function presentFiles(folder: string): Promise<TlsOptions> {
  const tls: { [Option in 'caFile' | 'certFile' | 'keyFile']?: string } = {}
  for (const [option, name] of files) {
    const path = join(folder, name)
    if (await exists(path)) tls[option] = path
  }
  return tls
}

const files = [
  ['caFile', 'ca.pem'],
  ['certFile', 'cert.pem'],
  ['keyFile', 'key.pem'],
] as const

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
