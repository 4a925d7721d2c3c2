import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { deferred } from '../../../base/deferred.ts'
import { onAbort } from '../../../base/on-abort.ts'
import type { HttpConnection, HttpRequest, HttpResponse } from './connection.ts'
import { requestFields, responseHeader } from './header.ts'
import { LivenessWatch } from './liveness-watch.ts'
import { TransportFailure } from './transport-failure.ts'

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants

/** What a peer may have open that has named no limit, and the most that we use of any (RFC 9113, 6.5.2). */
const maxStreams = 100

/** A connection that was silent for so long is verified before the next request goes over it. */
const staleAfterMs = 10_000

export interface Http2Options {
  /** `scheme://host:port` of the API. */
  readonly origin: string
  /** False for a server that has objected to PING frames. */
  readonly mayPing: boolean
  /** Called when the server objects to PING frames. */
  onTooManyPings(): void
}

/** One HTTP/2 connection. It keeps the process alive while a request is open on it. */
export class Http2Connection implements HttpConnection {
  readonly #session: ClientHttp2Session
  /** None for a server that has objected to PING frames. */
  readonly #watch: LivenessWatch | undefined
  #open = 0
  #usable = true
  #heardAt = performance.now()
  /** The last of our streams that the server has taken or will take, once it has said so. */
  #lastStreamId = Number.POSITIVE_INFINITY
  /** Why we ended it, where we did. */
  #endedBecause: string | undefined

  /** Settles when the server's settings are there, which is when it is known to speak HTTP/2. */
  static async on(stream: Duplex, options: Http2Options, signal: AbortSignal): Promise<Http2Connection> {
    const session = connect(options.origin, { createConnection: () => stream })
    const connection = new Http2Connection(session, stream, options)
    const ready = deferred()
    session.once('remoteSettings', ready.resolve)
    session.once('close', () =>
      ready.reject(new TransportFailure('the connection was closed before it was ready', 'unsent')),
    )
    using _ = onAbort(signal, (reason) => {
      ready.reject(reason)
      session.destroy()
    })
    await ready.promise
    session.unref()
    return connection
  }

  private constructor(session: ClientHttp2Session, stream: Duplex, options: Http2Options) {
    this.#session = session
    if (options.mayPing)
      this.#watch = new LivenessWatch({
        bytesRead: () => (stream as Partial<Socket>).bytesRead ?? 0,
        ping: () => this.#ping(),
        onDead: (silentMs) => this.#end(`nothing was received for ${silentMs} ms`),
      })
    session.on('error', () => {}) // each request on it says what happened
    session.on('goaway', (code, lastStreamId) => {
      this.#usable = false
      this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId)
      if (code === NGHTTP2_ENHANCE_YOUR_CALM) options.onTooManyPings()
    })
    session.on('close', () => {
      this.#usable = false
      this.#watch?.stop()
    })
  }

  get capacity(): number {
    return Math.max(1, Math.min(this.#session.remoteSettings?.maxConcurrentStreams ?? maxStreams, maxStreams))
  }

  get open(): number {
    return this.#open
  }

  get usable(): boolean {
    return this.#usable && !this.#session.closed && !this.#session.destroyed
  }

  async verify(): Promise<void> {
    if (this.usable && performance.now() - this.#heardAt > staleAfterMs) await this.#watch?.verify()
  }

  async send({ path, header, body, signal }: HttpRequest): Promise<HttpResponse> {
    signal.throwIfAborted()
    const stream = this.#request({ ':method': 'POST', ':path': path, ...requestFields(header) })
    const response = deferred<HttpResponse>()
    const closed = deferred()
    let error: Error | undefined
    const broken = () => this.#broken(stream, error)
    const abort = onAbort(signal, (reason) => {
      response.reject(reason)
      stream.close(NGHTTP2_CANCEL)
    })
    stream.once('response', (fields) => {
      this.#heard()
      const body = bodyOf(stream, { signal, closed: closed.promise, broken })
      response.resolve({ status: Number(fields[':status']), header: responseHeader(fields), body })
    })
    stream.on('error', (caught) => {
      error = caught
    })
    stream.once('close', () => {
      abort[Symbol.dispose]()
      this.#watch?.answered()
      closed.resolve()
      response.reject(broken())
    })
    this.#watch?.waiting()
    stream.end(body)
    return await response.promise
  }

  retire(): void {
    this.#usable = false
    if (this.#open === 0) this.close()
  }

  close(): void {
    this.#end('the connection was closed')
  }

  #request(fields: Record<string, string>): ClientHttp2Stream {
    let stream: ClientHttp2Stream
    try {
      stream = this.#session.request(fields)
    } catch (cause) {
      throw new TransportFailure('the connection was closed before the request was sent', 'refused', cause)
    }
    if (this.#open++ === 0) this.#session.ref()
    stream.once('close', () => {
      if (--this.#open === 0) this.#session.unref()
      if (this.#open === 0 && !this.#usable) this.close()
    })
    return stream
  }

  /** Node sends none on a connection that takes no more requests; those on it end by their deadlines. */
  #ping(): Promise<void> | undefined {
    if (this.#session.closed || this.#session.destroyed) return undefined
    const { promise, resolve, reject } = deferred()
    this.#session.ping((error) => (error ? reject(error) : resolve()))
    return promise.then(() => this.#heard())
  }

  #heard(): void {
    this.#heardAt = performance.now()
  }

  /** What a stream's end without its whole response means. */
  #broken({ id, rstCode }: ClientHttp2Stream, error: Error | undefined): TransportFailure {
    const taken = id !== undefined && id <= this.#lastStreamId && rstCode !== NGHTTP2_REFUSED_STREAM
    if (!taken) return new TransportFailure('the server has not taken the request', 'refused', error)
    if (this.#endedBecause !== undefined) return new TransportFailure(this.#endedBecause, 'sent', error)
    const message =
      error?.message ?? (rstCode === NGHTTP2_NO_ERROR ? 'the response broke off' : 'it was reset')
    return new TransportFailure(message, 'sent', error)
  }

  #end(message: string): void {
    this.#usable = false
    this.#endedBecause ??= message
    this.#watch?.stop()
    this.#session.destroy()
  }
}

interface ResponseEnd {
  readonly signal: AbortSignal
  readonly closed: Promise<void>
  broken(): TransportFailure
}

async function* bodyOf(
  stream: ClientHttp2Stream,
  { signal, closed, broken }: ResponseEnd,
): AsyncGenerator<Uint8Array> {
  let complete = false
  try {
    yield* stream
    complete = true
  } catch {
    signal.throwIfAborted()
    throw broken()
  } finally {
    if (!complete) stream.close(NGHTTP2_CANCEL)
  }
  // A stream that was reset may end like a complete one.
  await closed
  signal.throwIfAborted()
  if (stream.rstCode !== NGHTTP2_NO_ERROR) throw broken()
}
