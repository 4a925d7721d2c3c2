import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Environment } from '../base/environment.ts'
import { type Endpoint, endpointOf, proxyFor } from './proxy.ts'
import { openSocket } from './socket.ts'
import { openTls, type TlsProtocol } from './tls.ts'
import type { TlsIdentity } from './tls-options.ts'
import { openTunnel } from './tunnel.ts'

export interface StreamOptions {
  /** Where the proxy variables are looked up, now; see {@link proxyFor}. `process.env` by default. */
  readonly env?: Environment | undefined
  readonly signal: AbortSignal
}

export interface ServerOptions extends StreamOptions {
  /** What we speak over TLS, the favourite first. */
  readonly protocols: readonly TlsProtocol[]
  /** The options of ours for this server, loaded. */
  readonly identity?: TlsIdentity | undefined
}

/**
 * A stream to the server of an http or https URL, through the proxy that the environment names for it; for https the
 * server's certificate has been checked, and the `alpnProtocol` of the socket is what the server wants to speak (false
 * where it does not say: then HTTP/1.1). Rejects with UNREACHABLE, TLS_FAILED, INVALID_OPTION for a proxy variable that
 * cannot be used, or the signal's reason.
 */
export async function streamToServer(url: URL, options: ServerOptions): Promise<Duplex | TLSSocket> {
  const secure = url.protocol === 'https:'
  const endpoint = endpointOf(url)
  const stream = await streamTo(endpoint, url.origin, secure, options)
  if (!secure) return stream
  const { protocols, identity, signal } = options
  return await openTls(stream, { host: endpoint.host, description: url.origin, protocols, identity }, signal)
}

/**
 * A stream to an endpoint, through the proxy that the environment names for it; `secure` tells whether it will carry
 * TLS, which decides on the proxy. Rejects with UNREACHABLE, TLS_FAILED of an https proxy, INVALID_OPTION for a proxy
 * variable that cannot be used, or the signal's reason.
 */
export async function streamTo(
  to: Endpoint,
  description: string,
  secure: boolean,
  { env, signal }: StreamOptions,
): Promise<Duplex> {
  const proxy = proxyFor(to, secure, env)
  return proxy === undefined ? await openSocket(to, description, signal) : await openTunnel(proxy, to, signal)
}
