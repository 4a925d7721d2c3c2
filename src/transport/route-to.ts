import type { Environment } from '../base/environment.ts'
import { causes, invalidOption, isBuildkitError } from '../base/errors.ts'
import { emitWarning, type OnWarning } from '../base/warning.ts'
import { bracketed, isLoopback } from '../network/host.ts'
import { tlsFailure } from '../network/tls-failure.ts'
import { loadTls, type TlsOptions } from '../network/tls-options.ts'
import { type Address, type DaemonKind, daemonKindOf, parseAddress, type SshAddress } from './address.ts'
import { commandDialer } from './command-dialer.ts'
import { customDialer } from './custom-dialer.ts'
import { type Engine, upgradeEngine } from './engine.ts'
import type { Dialer, Route } from './route.ts'
import { proxiedDialer, tcpDialer, tlsDialer, unixDialer } from './socket-dialers.ts'

export interface RouteOptions {
  /** TLS for TCP addresses and for dialers. `{}` trusts the system's authorities and shows no certificate. */
  readonly tls?: TlsOptions | undefined
  /** Told of warnings. Without it they go to `process.emitWarning`, each address once. */
  readonly onWarning?: OnWarning | undefined
  /**
   * Where `HTTPS_PROXY` and `NO_PROXY` are looked up, for TCP addresses with TLS, and what `ssh` is given. `process.env` by
   * default, read with each attempt; `{}` for no proxy.
   */
  readonly env?: Environment | undefined
}

/**
 * The way to the daemon at an address (its forms: {@link parseAddress}) or behind a caller's own dialer.
 * Nothing is dialled yet. Throws INVALID_OPTION for an address or TLS options that cannot be used. Plain TCP
 * to another machine works, with the warning PLAINTEXT_TCP.
 */
export async function routeTo(address: string | Dialer, options: RouteOptions = {}): Promise<Route> {
  if (typeof address === 'function') return secured(behind(address), 'buildkit', options.tls)
  if (typeof address !== 'string')
    throw invalidOption('address', { expected: 'the address of a daemon, or a dialer', received: address })
  const parsed = parseAddress(address)
  const kind = daemonKindOf(parsed)
  const route = await secured(way(parsed, options), kind, options.tls)
  return kind === 'engine' ? throughEngine(route) : route
}

/**
 * The way to the API of the Docker Engine at a `docker://` address, or at `unix:///path/docker.sock`. Throws
 * INVALID_OPTION as {@link routeTo} does, and for the address of anything else, naming `option`.
 */
export async function engineAt(
  address: string,
  options: RouteOptions = {},
  option = 'address',
): Promise<Engine> {
  const parsed = parseAddress(address, option)
  if (daemonKindOf(parsed) !== 'engine')
    throw invalidOption(option, {
      expected: 'the address of a Docker Engine, such as docker://',
      received: address,
    })
  return await secured(way(parsed, options), 'engine', options.tls)
}

function way(to: Address, { tls, onWarning, env }: RouteOptions): Plain {
  if ('login' in to) {
    refuseTls(tls, 'ssh, which encrypts by itself')
    return remote(to, env)
  }
  if ('path' in to) {
    refuseTls(tls, 'a Unix socket, which is private to this machine')
    return socket(to)
  }
  if (tls !== undefined) return port(to, (description) => proxiedDialer(to, description, env))
  warnOfPlaintext(to, onWarning)
  return port(to, (description) => tcpDialer(to, description))
}

/** A way without TLS. */
interface Plain extends Omit<Route, 'kind' | 'scheme'> {
  /** What a certificate at its end has to be for. */
  readonly name: string
}

function behind(dial: Dialer): Plain {
  const description = 'a custom dialer'
  return { description, name: 'localhost', authority: 'localhost', dial: customDialer(dial, description) }
}

/** As `buildctl` and Docker's command line do it: a program over there passes the stream on to the daemon's socket. */
function remote({ kind, login, host, port, path }: SshAddress, env: Environment | undefined): Plain {
  const description = `${kind}://${bracketed(host)}${port === undefined ? '' : `:${port}`}${path ?? ''}`
  const socket =
    path === undefined ? [] : [kind === 'ssh' ? `--addr=unix://${path}` : `--host=unix://${path}`]
  const command = [
    ...['ssh', '-T', '-o', 'ConnectTimeout=30'],
    ...(login === undefined ? [] : ['-l', login]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host],
    ...(kind === 'ssh' ? ['buildctl', ...socket] : ['docker', ...socket, 'system']),
    'dial-stdio',
  ]
  const dial = commandDialer(command, description, env)
  return { description, name: host, authority: 'localhost', dial, explain: explained }
}

/** What the command said last is deeper down than what HTTP makes of the end of its stream. */
function explained(error: unknown): Error | undefined {
  return causes(error).find((cause) => isBuildkitError(cause) && cause.code === 'UNREACHABLE')
}

function socket({ kind, path }: Extract<Address, { kind: 'unix' | 'docker'; path: string }>): Plain {
  const description = `${kind}://${path.replace(/^\0/, '@')}`
  return { description, name: 'localhost', authority: 'localhost', dial: unixDialer(path, description) }
}

function port(
  to: Extract<Address, { kind: 'tcp' | 'docker'; host: string }>,
  dialer: (description: string) => Dialer,
): Plain {
  const description = `${to.kind}://${bracketed(to.host)}:${to.port}`
  return { description, name: to.host, authority: authorityOf(to), dial: dialer(description) }
}

/** A zone (`fe80::1%eth0`) means something on this machine only. */
function authorityOf({ host, port }: Extract<Address, { kind: 'tcp' | 'docker'; host: string }>): string {
  return `${bracketed(host.replace(/%.*$/, ''))}:${port}`
}

async function secured(plain: Plain, kind: DaemonKind, tls?: TlsOptions): Promise<Route> {
  const { name, ...route } = plain
  if (tls === undefined) return { ...route, kind, scheme: 'http' }
  const { description, authority, dial } = route
  const identity = await loadTls(tls)
  const { serverName, option } = identity
  const protocol = kind === 'engine' ? 'http/1.1' : 'h2'
  return {
    kind,
    description,
    authority: serverName === undefined ? authority : bracketed(serverName),
    scheme: 'https',
    dial: tlsDialer(dial, { host: name, description, protocols: [protocol], identity }),
    explain: (error) => tlsFailure(error, description, { option }),
  }
}

function throughEngine(engine: Route): Route {
  return { ...engine, dial: (signal) => upgradeEngine(engine, signal) }
}

function refuseTls(tls: TlsOptions | undefined, way: string): void {
  if (tls === undefined) return
  throw invalidOption('tls', {
    expected: `none for ${way}`,
    received: tls,
    advice: 'Use TLS with tcp://host:port, docker://host:port or a dialer',
  })
}

/** The addresses that the process has been warned of. */
const warned = new Set<string>()

function warnOfPlaintext(
  to: Extract<Address, { kind: 'tcp' | 'docker'; host: string }>,
  onWarning: OnWarning | undefined,
): void {
  const address = `${to.kind}://${bracketed(to.host)}:${to.port}`
  if (isLoopback(to.host)) return
  if (onWarning === undefined) {
    if (warned.has(address)) return
    warned.add(address)
  }
  const warn = onWarning ?? emitWarning
  warn({
    code: 'PLAINTEXT_TCP',
    message:
      `The connection to ${address} is not encrypted: whoever is on the way can read and change files, ` +
      'credentials and results, and whoever reaches that port can run builds. ' +
      'Give the daemon a certificate, and give us the tls option (ca, cert and key)',
  })
}
