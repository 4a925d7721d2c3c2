import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { type Deferred, deferred } from '../base/deferred.ts'
import { BuildkitError, messageOf } from '../base/errors.ts'
import type { MessageStream } from '../base/message-stream.ts'
import { decodeMessage, metadataOf } from './headers.ts'
import {
  closeAtEnd,
  endConnection,
  maxMessageBytes,
  outsideOfReading,
  sessionMemoryMegabytes,
  widenConnection,
  windowBytes,
} from './http2-options.ts'
import { type MessagePiece, MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'
import type { Metadata } from './metadata.ts'
import { Code, RpcError } from './status.ts'

/**
 * The header list we accept. BuildKit puts whole source files and stack traces into an error's trailers, and
 * Node's HTTP/2 hangs the connection on a field of more than 64 KiB. A daemon that knows this bound resets
 * only that one call; what failed is then known from the status stream.
 */
const maxHeaderListBytes = 65_535

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

/** A gRPC client on one ready byte stream. */
export class RpcClient {
  readonly #duplex: Duplex
  readonly #session: http2.ClientHttp2Session
  readonly #options: ClientOptions
  #closing = false
  #goaway: string | undefined
  #failure: Error | undefined
  /** Settles when the connection is over, with what broke it, if anything did. */
  readonly closed: Promise<BuildkitError | undefined>
  /** Settles once the other side has shown that it speaks HTTP/2; rejects if the connection ends first. */
  readonly ready: Promise<void>

  constructor(duplex: Duplex, options: ClientOptions) {
    this.#options = options
    this.#duplex = duplex
    this.#session = http2.connect(`${options.scheme}://${options.authority}`, {
      createConnection: () => duplex,
      settings: { initialWindowSize: windowBytes, maxHeaderListSize: maxHeaderListBytes, enablePush: false },
      maxSessionMemory: sessionMemoryMegabytes,
    })
    const ready = deferred()
    this.ready = ready.promise
    this.closed = this.#watch(duplex, ready)
  }

  /** Starts a call. Throws CONNECTION_LOST when the connection is already over. */
  open(method: string, options: CallOptions = {}): ClientCall {
    if (this.#closing || this.#session.destroyed || this.#session.closed) throw this.#lost()
    return new Http2Call(this.#session, method, this.#options, options, () => this.#lost())
  }

  /** One request, one reply. Throws an {@link RpcError} for a status, a BuildkitError for a lost connection. */
  async unary(method: string, request: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    const call = this.open(method, options)
    call.send(request)?.catch(() => {})
    call.halfClose()
    let reply: Buffer | undefined
    for await (const message of call.messages) reply ??= message
    if (reply === undefined) throw new RpcError(Code.Internal, 'the daemon answered OK without a reply')
    return reply
  }

  /** One request, many replies. */
  serverStream(method: string, request: Uint8Array, options: CallOptions = {}): ClientCall {
    const call = this.open(method, options)
    call.send(request)?.catch(() => {})
    call.halfClose()
    return call
  }

  /** Ends the connection and every call on it. Idempotent. */
  close(): void {
    this.#closing = true
    endConnection(this.#duplex, this.#session, this.closed)
  }

  #watch(duplex: Duplex, ready: Deferred): Promise<BuildkitError | undefined> {
    const session = this.#session
    closeAtEnd(duplex, session)
    session.once('remoteSettings', () => {
      widenConnection(session)
      ready.resolve()
    })
    session.on('goaway', (code: number, _lastStreamId: number, data?: Uint8Array) => {
      const debug = data === undefined ? '' : ` (${Buffer.from(data).toString('latin1').slice(0, 200)})`
      this.#goaway = `GOAWAY with code ${code}${debug}`
    })
    session.on('error', (error) => {
      this.#failure ??= error
    })
    duplex.once('error', (error) => {
      this.#failure ??= error
    })
    return new Promise((resolve) => {
      session.once('close', () => {
        ready.reject(this.#lost())
        resolve(this.#failure === undefined && this.#goaway === undefined ? undefined : this.#lost())
      })
    })
  }

  #lost(): BuildkitError {
    const why = this.#goaway ?? (this.#failure === undefined ? 'it was closed' : messageOf(this.#failure))
    return new BuildkitError('CONNECTION_LOST', 'the connection to the daemon is gone', {
      received: why,
      cause: this.#failure,
      advice: 'See whether the daemon is still running and what it logged, then start the build again',
    })
  }
}

/** Made once: the stack of an error is the costly part, and every call of a build comes to its end. */
const endedWithoutHeaders = new RpcError(Code.Internal, 'the call ended without headers')
const callOver = new RpcError(Code.Canceled, 'the call is over')

class Http2Call implements ClientCall {
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
    lost: () => Error,
  ) {
    this.#session = session
    this.#stream = session.request({
      ':method': 'POST',
      ':scheme': scheme,
      ':authority': authority,
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'buildkit-client-node',
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
    const onAbort = () => this.cancel(new RpcError(Code.Canceled, 'cancelled', { cause: signal?.reason }))
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.cancel(new RpcError(Code.DeadlineExceeded, `no answer within ${timeoutMs} ms`))
          }, timeoutMs)
    return () => {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    }
  }

  #listen(lost: () => Error, unlink: () => void): void {
    const stream = this.#stream
    stream.on('response', (headers: http2.IncomingHttpHeaders, flags: number, raw?: string[]) => {
      const metadata = raw === undefined ? fromObject(headers) : metadataOf(raw)
      if (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) this.#trailers = metadata
      const status = Number(headers[':status'])
      if (status !== 200) this.cancel(new RpcError(Code.Unavailable, `the daemon answered HTTP ${status}`))
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
      const error = this.#cancelled ?? this.#verdict(failure, lost)
      if (error === undefined) this.messages.finish()
      else this.messages.fail(error)
      this.#headers.reject(error ?? endedWithoutHeaders)
      this.#over.abort(error ?? callOver)
    })
  }

  /** What the end of the stream means: nothing for OK, else the error. */
  #verdict(failure: Error | undefined, lost: () => Error): Error | undefined {
    const status = this.#trailers?.get('grpc-status')?.[0]
    if (status !== undefined) return statusError(status, this.#trailers!)
    const reset = this.#stream.rstCode ?? http2.constants.NGHTTP2_NO_ERROR
    if (this.#session.destroyed) return lost()
    if (reset !== http2.constants.NGHTTP2_NO_ERROR) return resetError(reset, failure)
    return new RpcError(Code.Internal, 'the daemon ended the call without a status', { cause: failure })
  }
}

function statusError(status: string, trailers: Metadata): RpcError | undefined {
  if (status === '0') return undefined
  const code = /^\d{1,2}$/.test(status) ? Number(status) : Code.Unknown
  const details = trailers.get('grpc-status-details-bin')?.[0]
  return new RpcError(code, decodeMessage(trailers.get('grpc-message')?.[0] ?? ''), {
    ...(details === undefined ? {} : { details: Buffer.from(details, 'base64') }),
  })
}

/** Reset codes as gRPC codes (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "HTTP2 Transport Mapping"). */
function resetError(reset: number, cause: Error | undefined): RpcError {
  const { constants } = http2
  if (reset === constants.NGHTTP2_CANCEL)
    return new RpcError(Code.Canceled, 'the daemon reset the call', { cause })
  if (reset === constants.NGHTTP2_REFUSED_STREAM) {
    return new RpcError(Code.Unavailable, 'the daemon refused the call', { cause })
  }
  if (reset === constants.NGHTTP2_ENHANCE_YOUR_CALM) {
    return new RpcError(Code.ResourceExhausted, 'the daemon found the call excessive', { cause })
  }
  return new RpcError(Code.Internal, `the daemon reset the call with HTTP/2 code ${reset}`, { cause })
}

function fromObject(headers: http2.IncomingHttpHeaders): Metadata {
  const metadata = new Map<string, string[]>()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(':'))
      metadata.set(name, Array.isArray(value) ? value : [value])
  }
  return metadata
}
