import type { Environment } from '../base/environment.ts'
import { invalidOption } from '../base/errors.ts'
import { emitWarning, type OnWarning } from '../base/warning.ts'
import { bracketed, isLoopback } from '../network/host.ts'
import { tlsFailure } from '../network/tls-failure.ts'
import { loadTls, type TlsOptions } from '../network/tls-options.ts'
import { type Address, parseAddress } from './address.ts'
import { customDialer } from './custom-dialer.ts'
import { type Engine, upgradeEngine } from './engine.ts'
import type { DaemonKind, Dialer, Route } from './route.ts'
import { proxiedDialer, tcpDialer, tlsDialer, unixDialer } from './socket-dialers.ts'

export interface RouteOptions {
  /** TLS for TCP addresses and for dialers. `{}` trusts the system's authorities and shows no certificate. */
  readonly tls?: TlsOptions | undefined
  /** Told of warnings. Without it they go to `process.emitWarning`, each address once. */
  readonly onWarning?: OnWarning | undefined
  /**
   * Where `HTTPS_PROXY` and `NO_PROXY` are looked up, for TCP addresses with TLS. `process.env` by default, read with each
   * attempt; `{}` for no proxy.
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
  const plain = way(parsed, options)
  if (parsed.kind !== 'docker') return secured(plain, 'buildkit', options.tls)
  return throughEngine(await secured(plain, 'engine', options.tls))
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
  if (parsed.kind !== 'docker')
    throw invalidOption(option, {
      expected: 'the address of a Docker Engine, such as docker://',
      received: address,
    })
  return await secured(way(parsed, options), 'engine', options.tls)
}

function way(to: Address, { tls, onWarning, env }: RouteOptions): Plain {
  if ('path' in to) {
    refuseTls(tls)
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

function socket({ kind, path }: Extract<Address, { path: string }>): Plain {
  const description = `${kind}://${path.replace(/^\0/, '@')}`
  return { description, name: 'localhost', authority: 'localhost', dial: unixDialer(path, description) }
}

function port(to: Extract<Address, { host: string }>, dialer: (description: string) => Dialer): Plain {
  const description = `${to.kind}://${bracketed(to.host)}:${to.port}`
  return { description, name: to.host, authority: authorityOf(to), dial: dialer(description) }
}

/** A zone (`fe80::1%eth0`) means something on this machine only. */
function authorityOf({ host, port }: Extract<Address, { host: string }>): string {
  return `${bracketed(host.replace(/%.*$/, ''))}:${port}`
}

async function secured(plain: Plain, kind: DaemonKind, tls?: TlsOptions): Promise<Route> {
  const { description, name, authority, dial } = plain
  if (tls === undefined) return { kind, description, authority, scheme: 'http', dial }
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

function refuseTls(tls: TlsOptions | undefined): void {
  if (tls === undefined) return
  throw invalidOption('tls', {
    expected: 'none for a Unix socket, which is private to this machine',
    received: tls,
    advice: 'Use TLS with tcp://host:port, docker://host:port or a dialer',
  })
}

/** The addresses that the process has been warned of. */
const warned = new Set<string>()

function warnOfPlaintext(to: Extract<Address, { host: string }>, onWarning: OnWarning | undefined): void {
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
