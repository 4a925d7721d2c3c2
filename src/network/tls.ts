import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls'
import { networkError } from './failure.ts'
import { socketReady } from './socket-ready.ts'
import { minVersion, type TlsIdentity } from './tls-options.ts'

/** What is spoken inside, for ALPN. */
export type TlsProtocol = 'h2' | 'http/1.1'

export interface TlsPeer {
  /** The host it is known by: the name that its certificate must carry, unless the options say another. */
  readonly host: string
  /** For messages. */
  readonly description: string
  /** What we speak, the favourite first. `alpnProtocol` of the socket says which it is; false where the peer does not. */
  readonly protocols: readonly TlsProtocol[]
  /** The options of ours for it. Without them the system's authorities are trusted and no certificate is shown. */
  readonly identity?: TlsIdentity | undefined
}

/**
 * TLS over a stream, ready once the peer's certificate has been checked. With options of ours it is always checked;
 * without them `NODE_TLS_REJECT_UNAUTHORIZED=0` switches that off, as everywhere in Node. Rejects with TLS_FAILED, with
 * UNREACHABLE when the stream ends on the way, or with the signal's reason.
 */
export async function openTls(stream: Duplex, peer: TlsPeer, signal: AbortSignal): Promise<TLSSocket> {
  const { description, identity } = peer
  const name = identity?.serverName ?? peer.host
  const socket = connect({
    socket: stream,
    ...(identity === undefined
      ? { minVersion }
      : { secureContext: identity.context, rejectUnauthorized: identity.verify ?? true }),
    ALPNProtocols: [...peer.protocols],
    // SNI carries names only; the check below takes addresses as well.
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  })
  return socketReady(socket, 'secureConnect', signal, (error) =>
    networkError(error, description, { option: identity?.option }),
  )
}
