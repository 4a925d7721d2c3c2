import type { Environment } from '../base/environment.ts'
import type { Endpoint } from '../network/proxy.ts'
import { openSocket } from '../network/socket.ts'
import { streamTo } from '../network/stream.ts'
import { openTls, type TlsPeer } from '../network/tls.ts'
import type { Dialer } from './route.ts'

/** Dials a Unix socket. Rejects with UNREACHABLE, or with the signal's reason. */
export function unixDialer(path: string, description: string): Dialer {
  return (signal) => openSocket({ path }, description, signal)
}

/** Dials a TCP port, directly. Rejects with UNREACHABLE, or with the signal's reason. */
export function tcpDialer(to: Endpoint, description: string): Dialer {
  return (signal) => openSocket(to, description, signal)
}

/**
 * Dials a TCP port that speaks TLS, through the proxy that the environment names for it. Rejects with UNREACHABLE,
 * naming the proxy where it is at fault, or with the signal's reason. The TLS is left to {@link tlsDialer}.
 */
export function proxiedDialer(to: Endpoint, description: string, env?: Environment): Dialer {
  return (signal) => streamTo(to, description, true, { env, signal })
}

/**
 * TLS over the streams of another dialer, ready once the peer's certificate has been checked. Rejects with
 * TLS_FAILED, with UNREACHABLE when the stream ends on the way, or with the signal's reason.
 */
export function tlsDialer(dial: Dialer, peer: TlsPeer): Dialer {
  return async (signal) => openTls(await dial(signal), peer, signal)
}
