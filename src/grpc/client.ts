import * as http2 from 'node:http2'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Deferred, deferred } from '../base/deferred.ts'
import { BuildkitError, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { sanitize } from '../base/redact.ts'
import { type CallOptions, type ClientCall, type ClientOptions, Http2Call } from './client-call.ts'
import {
  closeAtEnd,
  endConnection,
  maxMessageBytes,
  sessionMemoryMegabytes,
  widenConnection,
  windowBytes,
} from './http2-options.ts'
import { Code, RpcError } from './status.ts'

export type { CallOptions, ClientCall, ClientOptions }

/**
 * The header list we accept. BuildKit puts whole source files and stack traces into an error's trailers, and
 * Node's HTTP/2 hangs the connection on a field of more than 64 KiB. A daemon that knows this bound resets
 * only that one call; what failed is then known from the status stream.
 */
const maxHeaderListBytes = 65_535
const maxHeaderPairs = 2_048
/** RFC 9113, sections 4.1 and 6.7. */
const pingFrameBytes = 9 + 8

/** A gRPC client on one ready byte stream. */
export class RpcClient {
  readonly #duplex: Duplex
  readonly #session: http2.ClientHttp2Session
  readonly #options: ClientOptions
  readonly #draining = deferred()
  readonly #arrived: () => number
  #pings = 0
  #closing = false
  #isReady = false
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
      maxHeaderListPairs: maxHeaderPairs,
    })
    this.#arrived = arrivalsOf(duplex)
    const ready = deferred()
    this.ready = ready.promise
    this.closed = this.#watch(duplex, ready)
  }

  /**
   * Settles when the other side has said that it takes no new calls (GOAWAY without an error), which a daemon does
   * that is being stopped; those under way go on. Stays pending on any other connection.
   */
  get draining(): Promise<void> {
    return this.#draining.promise
  }

  /** How much has come from the other side so far, without PING frames: a proxy sends those for a daemon that is gone. */
  get bytesReceived(): number {
    return this.#arrived() - this.#pings * pingFrameBytes
  }

  /** Starts a call. Throws CONNECTION_LOST when the connection is already over, or takes no new calls. */
  open(method: string, options: CallOptions = {}): ClientCall {
    const session = this.#session
    if (this.#closing || session.destroyed || session.closed) throw this.#lost()
    const lost = async () => {
      if (session.destroyed) await this.closed
      return this.#lost()
    }
    return new Http2Call(session, method, this.#options, options, lost)
  }

  /** One request, one reply. Throws an {@link RpcError} for a status, a BuildkitError for a lost connection. */
  async unary(method: string, request: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    return await replyOf(this.serverStream(method, request, options))
  }

  /** One request, many replies. Throws TOO_LARGE for a request that no daemon takes, before any of it is sent. */
  serverStream(method: string, request: Uint8Array, options: CallOptions = {}): ClientCall {
    if (request.length > maxMessageBytes) throw tooLarge(method, request.length)
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

  /** The same for a connection that is broken: its calls and {@link closed} get the error. */
  fail(error: BuildkitError): void {
    this.#failure ??= error
    endConnection(this.#duplex, this.#session, this.closed, 0)
  }

  #watch(duplex: Duplex, ready: Deferred): Promise<BuildkitError | undefined> {
    const session = this.#session
    const closed = new Promise<BuildkitError | undefined>((resolve) => {
      session.once('close', () => {
        ready.reject(this.#lost())
        resolve(this.#failure === undefined && this.#goaway === undefined ? undefined : this.#lost())
      })
    })
    closeAtEnd(duplex, session, closed)
    session.once('remoteSettings', () => {
      widenConnection(session)
      this.#isReady = true
      ready.resolve()
    })
    session.on('ping', () => {
      this.#pings++
    })
    session.on('goaway', (code: number, _lastStreamId: number, data?: Uint8Array) => {
      const debug =
        data === undefined ? '' : ` (${sanitize(Buffer.from(data).toString(), { maxLength: 200 })})`
      const isGraceful = code === http2.constants.NGHTTP2_NO_ERROR
      // The last one of a graceful end repeats the first without its words.
      if (!isGraceful || this.#goaway === undefined) this.#goaway = `GOAWAY with code ${code}${debug}`
      if (isGraceful) this.#draining.resolve()
    })
    session.on('error', (error) => {
      this.#failure ??= error
    })
    duplex.once('error', (error) => {
      this.#failure ??= error
    })
    return closed
  }

  #lost(): BuildkitError {
    if (isBuildkitError(this.#failure)) return this.#failure
    if (!this.#closing && !this.#session.destroyed && this.#goaway !== undefined) return drains(this.#goaway)
    if (this.#isReady && systemCode(this.#failure) === 'ERR_HTTP2_ERROR') return unreadable(this.#failure)
    const why = this.#goaway ?? (this.#failure === undefined ? 'it was closed' : messageOf(this.#failure))
    return new BuildkitError('CONNECTION_LOST', 'the connection to the daemon is gone', {
      received: why,
      cause: this.#failure,
      advice: 'See whether the daemon is still running and what it logged, then start the build again',
    })
  }
}

/** The one reply of a unary call. Throws for a second one, and for a reply that no status follows. */
export async function replyOf(call: ClientCall): Promise<Buffer> {
  let reply: Buffer | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    for await (const message of call.messages) {
      if (reply !== undefined) throw secondReply(call)
      reply = message
      timer = setTimeout(() => call.cancel(withoutStatus()), statusMs)
    }
  } finally {
    clearTimeout(timer)
  }
  if (reply === undefined) throw new RpcError(Code.Internal, 'the daemon answered OK without a reply')
  return reply
}

/** Until the status of a call whose only reply has come; a server sends them together. */
const statusMs = 30_000

function withoutStatus(): RpcError {
  const text = `the daemon has replied and has not ended the call within ${statusMs / 1000} s`
  return new RpcError(Code.DeadlineExceeded, text)
}

/** The call is over: there may be no end to what comes. */
function secondReply(call: ClientCall): RpcError {
  const error = new RpcError(Code.Internal, 'the daemon replied more than once')
  call.cancel(error)
  return error
}

function tooLarge(method: string, bytes: number): BuildkitError {
  return new BuildkitError('TOO_LARGE', `the request ${method} is larger than a daemon takes`, {
    subject: method,
    expected: `${maxMessageBytes} bytes at most`,
    received: `${bytes}`,
    advice: 'Make its options smaller, such as a Dockerfile or a definition given inline',
  })
}

/** Something has come that Node's HTTP/2 cannot read: it ends the connection, or on Node 20 reads nothing more from it. */
export function unreadable(cause?: Error): BuildkitError {
  return new BuildkitError('CONNECTION_LOST', 'the connection to the daemon is gone', {
    received: 'more than Node’s HTTP/2 can read',
    advice:
      'The error of a build on it was probably too large, such as that of a large Dockerfile: connect again',
    cause,
  })
}

function drains(goaway: string): BuildkitError {
  return new BuildkitError('CONNECTION_LOST', 'the daemon takes no new calls on this connection', {
    received: goaway,
    advice: 'It is being stopped or restarted: connect again once it is back',
  })
}

/**
 * Counts what comes out of a stream that HTTP/2 reads. Of a socket it reads the handle, so that no event tells: Node
 * itself counts there. Of any other stream it takes the events, and has paused it, which our listener must not undo.
 */
function arrivalsOf(duplex: Duplex): () => number {
  if (duplex instanceof Socket) return () => duplex.bytesRead
  let bytes = 0
  duplex.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  return () => bytes
}
