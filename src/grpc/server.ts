import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { messageOf } from '../base/errors.ts'
import type { MessageStream } from '../base/message-stream.ts'
import { maxFrameBytes } from './frame-filter.ts'
import { encodeMessage, metadataOf } from './headers.ts'
import {
  closeAtEnd,
  endConnection,
  maxMessageBytes,
  outsideOfReading,
  sessionMemoryMegabytes,
} from './http2-options.ts'
import { type MessagePiece, MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'
import type { Metadata } from './metadata.ts'
import { sessionWindow, shareWindows } from './session-windows.ts'
import { Code, RpcError } from './status.ts'

/** One call of the other side to a method that we serve. */
export interface ServedCall extends MessageStream {
  /** `/package.Service/Method` */
  readonly method: string
  readonly metadata: Metadata
  /** Instead of `messages`: the same in the pieces that arrive, which saves a copy of large ones. */
  pieces(): AsyncIterable<readonly MessagePiece[]>
}

/**
 * Answers one call: reads `call.messages`, replies with `call.send`. Returning ends the call with OK;
 * throwing an `RpcError` ends it with that status, throwing anything else with Unknown and its message.
 */
export type Handler = (call: ServedCall) => Promise<void>

export interface ServerOptions {
  /** What answers a method, by its path; undefined is Unimplemented. */
  readonly handlerOf: (method: string) => Handler | undefined
  /** Told of every call that a handler of ours made fail. */
  readonly onHandlerError: (method: string, error: unknown) => void
}

/** A gRPC server on one ready byte stream. */
export interface Server {
  /** Settles when the connection is over, with what broke it, if anything did. */
  readonly closed: Promise<Error | undefined>
  /**
   * Cuts the open calls and ends the connection; settles when their handlers have cleaned up behind them, or
   * after five seconds. Idempotent.
   */
  close(): Promise<void>
}

/** A handler that does not heed its signal is not waited for longer than this. */
const handlerGraceMs = 5_000

/** A build may send one header line per ignore pattern. The list's bytes are the limit: 16 MiB, 32 for each line. */
const maxHeaderListBytes = 16 << 20
const maxHeaderPairs = maxHeaderListBytes / 32

/**
 * The event by which a duplex tells of an RST_STREAM frame that it has kept back, with the stream and the error code,
 * see `FrameFilter`.
 */
export const streamReset = Symbol('streamReset')

/** Of an error's message, in characters: the daemon's HTTP/2 ends a session for much longer headers. */
const maxStatusMessage = 4_000

/** Serves gRPC over a duplex on which the other side is the HTTP/2 client. */
export function serve(duplex: Duplex, options: ServerOptions): Server {
  const open = new Set<Promise<void>>()
  const streams = new Map<number, ServerStream>()
  const session = http2.performServerHandshake(duplex, {
    settings: {
      initialWindowSize: sessionWindow(),
      maxHeaderListSize: maxHeaderListBytes,
      maxFrameSize: maxFrameBytes,
    },
    maxHeaderListPairs: maxHeaderPairs,
    maxSessionMemory: sessionMemoryMegabytes,
  })
  session.setLocalWindowSize(sessionWindow())
  shareWindows(session)
  session.on('stream', (stream: ServerStream, headers: Headers, _flags: number, rawHeaders: string[]) => {
    const id = stream.id!
    streams.set(id, stream)
    stream.once('close', () => streams.delete(id))
    const answering = answer(stream, String(headers[':path']), rawHeaders, options)
    open.add(answering)
    answering.finally(() => open.delete(answering))
  })
  // By the next turn, what came before the reset has been read: the stream is there, and has its bytes.
  duplex.on(streamReset, (id: number, code: number) => outsideOfReading(() => streams.get(id)?.close(code)))
  const closed = new Promise<Error | undefined>((resolve) => {
    let failure: Error | undefined
    session.once('error', (error) => {
      failure = error
    })
    duplex.once('error', (error) => {
      failure ??= error
    })
    session.once('close', () => resolve(failure))
  })
  closeAtEnd(duplex, session, closed)
  return {
    closed,
    async close() {
      endConnection(duplex, session, closed)
      await closed
      await withinGrace(Promise.all(open))
    },
  }
}

async function withinGrace(handlers: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, handlerGraceMs)
  })
  await Promise.race([handlers, grace])
  clearTimeout(timer)
}

type ServerStream = http2.ServerHttp2Stream
type Headers = http2.IncomingHttpHeaders

async function answer(
  stream: ServerStream,
  method: string,
  rawHeaders: readonly string[],
  options: ServerOptions,
): Promise<void> {
  const call = new ServedHttp2Call(stream, method, metadataOf(rawHeaders))
  const handler = options.handlerOf(method)
  try {
    if (handler === undefined) throw new RpcError(Code.Unimplemented, `unknown method ${method}`)
    await handler(call)
    call.end(Code.OK, '')
  } catch (error) {
    if (handler !== undefined && !call.signal.aborted) options.onHandlerError(method, error)
    if (error instanceof RpcError) call.end(error.grpcCode, error.message, error.details)
    else call.end(Code.Unknown, messageOf(error))
  }
}

/** Made once: the stack of an error is the costly part. */
const endedByDaemon = new RpcError(Code.Canceled, 'the daemon has ended the call')

class ServedHttp2Call implements ServedCall {
  readonly method: string
  readonly metadata: Metadata
  readonly messages: MessageReader
  readonly #stream: ServerStream
  readonly #writer: MessageWriter
  readonly #abort = new AbortController()

  constructor(stream: ServerStream, method: string, metadata: Metadata) {
    this.method = method
    this.metadata = metadata
    this.#stream = stream
    this.messages = new MessageReader(stream, maxMessageBytes)
    this.#writer = new MessageWriter(stream)
    stream.on('error', () => {}) // its close, which always follows, is what counts
    stream.once('close', () => {
      this.messages.fail(endedByDaemon)
      this.#abort.abort(endedByDaemon)
    })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  pieces(): AsyncIterable<readonly MessagePiece[]> {
    return this.messages.pieces()
  }

  send(...parts: Uint8Array[]): Promise<void> | undefined {
    this.#begin()
    return this.#writer.send(...parts)
  }

  sendFrames(frames: Uint8Array, onSent?: () => void): Promise<void> | undefined {
    this.#begin()
    return this.#writer.sendFrames(frames, onSent)
  }

  end(code: number, message: string, details?: Buffer): void {
    const stream = this.#stream
    if (stream.destroyed || stream.closed) return
    const trailers = {
      'grpc-status': String(code),
      'grpc-message': encodeMessage(message.slice(0, maxStatusMessage)),
      ...(details === undefined ? {} : { 'grpc-status-details-bin': details.toString('base64') }),
    }
    if (!stream.headersSent) {
      stream.respond({ ...responseHeaders, ...trailers }, { endStream: true })
    } else {
      stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      this.#writer.flush()
      stream.end()
    }
    // Half-closed by us is the end of a call; whatever the daemon still sends is not for anyone.
    stream.resume()
  }

  #begin(): void {
    if (this.#stream.headersSent || this.#stream.destroyed) return
    this.#stream.respond(responseHeaders, { waitForTrailers: true })
  }
}

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' }
