import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Environment } from '../base/environment.ts'
import { invalidOption } from '../base/errors.ts'
import { redactUrls } from '../base/redact.ts'
import { isLoopback } from './host.ts'

/** The other end of a stream: an IPv6 host stands without its brackets. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** The server of an http or https URL. */
export function endpointOf(url: URL): Endpoint {
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  }
}

/** An HTTP proxy. */
export interface HttpProxy extends Endpoint {
  /** Whether it is itself spoken to over TLS. */
  readonly secure: boolean
  /** `Proxy-Authorization`, where its URL holds a user. Never shown. */
  readonly authorization: string | undefined
  /** Its URL without user info and path. */
  readonly origin: string
  /** For messages: its URL without user info, and the variable that names it. */
  readonly description: string
}

/**
 * The proxy that leads to an endpoint, undefined where none does: `HTTPS_PROXY` for TLS, `HTTP_PROXY` for what travels
 * in clear, `NO_PROXY` for what is reached directly; lower-case names count where the upper-case ones are not set. The
 * rules are those of Go's tools (golang.org/x/net/http/httpproxy), so that one environment serves them and us:
 *
 * | entry of `NO_PROXY` | reached directly |
 * |---|---|
 * | `*` | everything |
 * | `example.com` | that host and every host below it |
 * | `.example.com`, `*.example.com` | every host below it |
 * | `10.0.0.1`, `fd00::1` | that address |
 * | `10.0.0.0/8`, `fd00::/8` | the addresses of that network |
 * | one of the hosts or addresses with `:port` | that port of it |
 *
 * This machine is always reached directly: `localhost` and loopback addresses. `HTTP_PROXY` does not count in a CGI
 * program (`REQUEST_METHOD` is set), where a request's `Proxy` header becomes that variable. Throws INVALID_OPTION,
 * naming the variable, for what is no URL of an http or https proxy.
 */
export function proxyFor(
  to: Endpoint,
  secure: boolean,
  env: Environment = process.env,
): HttpProxy | undefined {
  if (!secure && env.REQUEST_METHOD) return undefined
  const { name, value } = variable(env, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (value === '' || isLoopback(to.host)) return undefined
  if (isDirect(to, variable(env, 'NO_PROXY').value)) return undefined
  return parseProxy(value, name)
}

function variable(env: Environment, name: string): { readonly name: string; readonly value: string } {
  const lower = name.toLowerCase()
  return env[name] ? { name, value: env[name] } : { name: lower, value: env[lower] ?? '' }
}

/** Go takes `proxy.example:3128` for an http proxy too. */
function parseProxy(value: string, variable: string): HttpProxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const authorization = url && authorizationOf(url)
  if (url === undefined || !/^https?:$/.test(url.protocol) || authorization === null)
    throw invalidOption(variable, {
      expected: 'the URL of an http or https proxy, such as http://proxy.example:3128',
      received: redactUrls(text),
    })
  return {
    ...endpointOf(url),
    secure: url.protocol === 'https:',
    authorization,
    origin: url.origin,
    description: `the proxy ${url.origin} (${variable})`,
  }
}

/** Null where a percent sign encodes nothing. */
function authorizationOf({ username, password }: URL): string | undefined | null {
  if (username === '' && password === '') return undefined
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return `Basic ${Buffer.from(pair).toString('base64')}`
  } catch {
    return null
  }
}

function isDirect({ host, port }: Endpoint, noProxy: string): boolean {
  // A zone (`fe80::1%eth0`) means something on this machine only.
  const name = host.trim().toLowerCase().replace(/%.*$/, '')
  return noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), name, String(port)))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [, base = '', digits] = /^([^/%]+)\/(\d{1,3})$/.exec(entry) ?? []
  if (isIP(base) && Number(digits) <= (isIPv4(base) ? 32 : 128)) return inNetwork(host, base, Number(digits))
  const [name, onlyPort] = splitPort(entry)
  if (name === '' || (onlyPort !== '' && onlyPort !== port)) return false
  if (isIP(name) && !name.includes('%')) return inNetwork(host, name, isIPv4(name) ? 32 : 128)
  const domain = name.replace(/^\*(?=\.)/, '')
  if (domain.startsWith('.')) return host.endsWith(`.${ascii(domain.slice(1))}`)
  return host === ascii(domain) || host.endsWith(`.${ascii(domain)}`)
}

/** Go's `net.SplitHostPort`: an entry without a port that can be told apart is all host. */
function splitPort(entry: string): [host: string, port: string] {
  const [, ipv6, name, port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(entry) ?? []
  return port === undefined ? [entry, ''] : [ipv6 ?? name ?? '', port]
}

/** An IPv4 address, also one written as IPv6 (`::ffff:10.0.0.1`), is in no network of IPv6, not even in `::/0`. */
function inNetwork(host: string, base: string, prefix: number): boolean {
  if (isIP(host) === 0 || (isV4(host) && !(isIPv4(base) || (isV4(base) && prefix >= 96)))) return false
  const network = new BlockList()
  network.addSubnet(base, prefix, familyOf(base))
  return network.check(host, familyOf(host))
}

const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

function isV4(address: string): boolean {
  return isIPv4(address) || mapped.check(address, 'ipv6')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/** A name as it stands on the wire; what is no name stays as it is, and matches nothing. */
function ascii(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : domainToASCII(name) || name
}
