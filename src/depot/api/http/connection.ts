import type { Duplex } from 'node:stream'

/** A request, whole: every call of this API sends one short message. */
export interface HttpRequest {
  /** With the query, as it stands in the request line. */
  readonly path: string
  readonly header: Headers
  readonly body: Uint8Array
  /** Ends it; settles what waits with the signal's reason. */
  readonly signal: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  readonly header: Headers
  /** Ends when the response is complete; throws a TransportFailure where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>
}

/** One connection to the API, of either version of HTTP. */
export interface HttpConnection {
  /** How many requests it carries at one time. */
  readonly capacity: number
  /** How many are on it. */
  readonly open: number
  /** False once it takes no more requests. */
  readonly usable: boolean
  /** Proves, where it has been silent for long, that the other side still answers. Afterwards it may be unusable. */
  verify(): Promise<void>
  /** Counts as open from now until its response is over. Throws a TransportFailure, or the signal's reason. */
  send(request: HttpRequest): Promise<HttpResponse>
  /** Takes no more requests, and closes after the last one. */
  retire(): void
  /** Ends it with everything on it. */
  close(): void
}

/**
 * Opens a stream to the API, over TLS with the `alpnProtocol` that the server has chosen. Throws a BuildkitError, or the
 * signal's reason.
 */
export type DialApi = (
  signal: AbortSignal,
) => Promise<Duplex & { readonly alpnProtocol?: string | false | null }>
