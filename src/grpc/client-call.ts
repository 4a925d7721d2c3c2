import * as http2 from 'node:http2'
import { deferred } from '../base/deferred.ts'
import type { MessageStream } from '../base/message-stream.ts'
import { onAbort } from '../base/on-abort.ts'
import { version } from '../base/version.ts'
import { resetError, responseError, statusError } from './call-status.ts'
import { encodeTimeout, metadataOf } from './headers.ts'
import { maxMessageBytes, outsideOfReading } from './http2-options.ts'
import { type MessagePiece, MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'
import type { Metadata } from './metadata.ts'
import { Code, RpcError } from './status.ts'

export interface ClientOptions {
  /** `:authority` of every request. */
  readonly authority: string
  /** `https` on TLS, else `http`. */
  readonly scheme: 'http' | 'https'
}

export interface CallOptions {
  /** Cancels the call; what was running at the other end stops. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the call is given up with DeadlineExceeded. No limit by default. */
  readonly timeoutMs?: number
  /** Request headers; a list is sent as one header line per entry. */
  readonly metadata?: Readonly<Record<string, string | readonly string[]>>
}

/** One call that we make. */
export interface ClientCall extends MessageStream {
  /** The response headers, once they are there. */
  readonly headers: Promise<Metadata>
  /** Instead of `messages`: the same in the pieces that arrive, which saves a copy of large ones. */
  pieces(): AsyncIterable<readonly MessagePiece[]>
  /** No more messages from us. */
  halfClose(): void
  /** Ends the call at once; iterating its messages then fails with the reason. */
  cancel(reason: Error): void
}

const userAgent = `buildkit-client/${version}`

/** Made once: the stack of an error is the costly part, and every call of a build comes to its end. */
const endedWithoutHeaders = new RpcError(Code.Internal, 'the call ended without headers')
const callOver = new RpcError(Code.Canceled, 'the call is over')

/** A call as one HTTP/2 stream. */
export class Http2Call implements ClientCall {
  readonly messages: MessageReader
  readonly #session: http2.ClientHttp2Session
  readonly #stream: http2.ClientHttp2Stream
  readonly #writer: MessageWriter
  readonly #headers = deferred<Metadata>()
  readonly #over = new AbortController()
  #trailers: Metadata | undefined
  #cancelled: Error | undefined

  constructor(
    session: http2.ClientHttp2Session,
    method: string,
    { authority, scheme }: ClientOptions,
    { signal, timeoutMs, metadata }: CallOptions,
    lost: () => Promise<Error>,
  ) {
    this.#session = session
    this.#stream = session.request({
      ':method': 'POST',
      ':scheme': scheme,
      ':authority': authority,
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': userAgent,
      ...(timeoutMs !== undefined &&
        Number.isFinite(timeoutMs) && { 'grpc-timeout': encodeTimeout(timeoutMs) }),
      ...(metadata as http2.OutgoingHttpHeaders | undefined),
    })
    this.messages = new MessageReader(this.#stream, maxMessageBytes, () => {
      this.#reset(http2.constants.NGHTTP2_CANCEL)
    })
    this.#writer = new MessageWriter(this.#stream)
    const unlink = this.#cancelOn(signal, timeoutMs)
    this.#listen(lost, unlink)
  }

  get headers(): Promise<Metadata> {
    return this.#headers.promise
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  pieces(): AsyncIterable<readonly MessagePiece[]> {
    return this.messages.pieces()
  }

  send(...parts: Uint8Array[]): Promise<void> | undefined {
    return this.#writer.send(...parts)
  }

  halfClose(): void {
    this.#writer.flush()
    this.#stream.end()
  }

  cancel(reason: Error): void {
    if (this.#cancelled !== undefined || this.#stream.closed) return
    this.#cancelled = reason
    this.messages.fail(reason)
    this.#reset(http2.constants.NGHTTP2_CANCEL)
  }

  #reset(code: number): void {
    outsideOfReading(() => this.#stream.close(code))
  }

  #cancelOn(signal: AbortSignal | undefined, timeoutMs: number | undefined): () => void {
    const link = onAbort(signal, (reason) =>
      this.cancel(new RpcError(Code.Canceled, 'cancelled', { cause: reason })),
    )
    const expire = () => this.cancel(new RpcError(Code.DeadlineExceeded, `no answer within ${timeoutMs} ms`))
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs)
    return () => {
      link[Symbol.dispose]()
      clearTimeout(timer)
    }
  }

  #listen(lost: () => Promise<Error>, unlink: () => void): void {
    const stream = this.#stream
    stream.on('response', (headers: http2.IncomingHttpHeaders, flags: number, raw?: string[]) => {
      const metadata = raw === undefined ? fromObject(headers) : metadataOf(raw)
      if (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) this.#trailers = metadata
      const error = responseError(Number(headers[':status']), metadata)
      if (error !== undefined) this.cancel(error)
      this.#headers.resolve(metadata)
    })
    stream.on('trailers', (headers: http2.IncomingHttpHeaders) => {
      this.#trailers = fromObject(headers)
    })
    let failure: Error | undefined
    stream.on('error', (error) => {
      failure = error
    })
    // The other side's end is the end of a call, also of one on which we could still send.
    stream.once('end', () => this.#reset(http2.constants.NGHTTP2_NO_ERROR))
    // The reader sees the end of the stream before its close, where the trailers are judged: hold it back.
    this.messages.holdEnd()
    stream.once('close', () => {
      unlink()
      // A call that dies with its connection says what the connection died of, which is known a little later.
      if (this.#diedWithConnection || this.#wasRefusedAtItsEnd)
        void lost().then((error) => this.#settle(error))
      else this.#settle(this.#cancelled ?? this.#verdict(failure))
    })
  }

  get #diedWithConnection(): boolean {
    return this.#session.destroyed && this.#cancelled === undefined && !this.#trailers?.has('grpc-status')
  }

  /** By a daemon that has told which calls it still takes (GOAWAY), while we were making this one. */
  get #wasRefusedAtItsEnd(): boolean {
    const { rstCode } = this.#stream
    return this.#session.closed && rstCode === http2.constants.NGHTTP2_REFUSED_STREAM
  }

  #settle(error: Error | undefined): void {
    if (error === undefined) this.messages.finish()
    else this.messages.fail(error)
    this.#headers.reject(error ?? endedWithoutHeaders)
    this.#over.abort(error ?? callOver)
  }

  /** What the end of the stream means: nothing for OK, else the error. */
  #verdict(failure: Error | undefined): Error | undefined {
    if (this.#trailers?.has('grpc-status')) return statusError(this.#trailers)
    const reset = this.#stream.rstCode ?? http2.constants.NGHTTP2_NO_ERROR
    if (reset !== http2.constants.NGHTTP2_NO_ERROR) return resetError(reset, failure)
    return new RpcError(Code.Internal, 'the daemon ended the call without a status', {
      isReset: true,
      cause: failure,
    })
  }
}

function fromObject(headers: http2.IncomingHttpHeaders): Metadata {
  const metadata = new Map<string, string[]>()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(':'))
      metadata.set(name, Array.isArray(value) ? value : [value])
  }
  return metadata
}
