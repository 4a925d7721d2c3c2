import type { Duplex } from 'node:stream'
import type { DaemonKind } from './address.ts'

/** Opens a fresh byte stream to a daemon. Must honour the signal, and destroy what it had opened by then. */
export type Dialer = (signal: AbortSignal) => Promise<Duplex>

/** One way to reach one daemon: what an address and its options come to. */
export interface Route {
  /** Decided here and nowhere else: by the address. */
  readonly kind: DaemonKind
  /** For messages, safe to print: the address without user info. */
  readonly description: string
  /** The `:authority` of requests on it. */
  readonly authority: string
  /** `https` where the stream is TLS. */
  readonly scheme: 'http' | 'https'
  /** Opens the stream that carries HTTP/2 with us as the client. */
  readonly dial: Dialer
  /** What a failure right after dialling means on this route, where it knows better: a refused certificate. */
  readonly explain?: (error: unknown) => Error | undefined
}
