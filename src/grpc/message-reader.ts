import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Deferred, deferred } from '../base/deferred.ts'
import { ByteQueue } from './byte-queue.ts'
import { Code, RpcError } from './status.ts'

/** Flag byte and big-endian length in front of each message (grpc/grpc `doc/PROTOCOL-HTTP2.md`). */
const headerLength = 5

/** A reader stops taking bytes off the wire while this much lies unread, unless a message needs more. */
const highWaterBytes = 1 << 20
const highWaterChunks = 1024

/** In one batch: its taker waits only between two of them, and a tiny piece costs a hundred times its bytes. */
const mostPieces = 1024

/** Taken without a turn of the event loop, which a flood of tiny messages would hold up for seconds. */
const mostMessagesInTurn = 1024
const mostBatchesInTurn = 16

/** A part of a message as it has arrived; those of one message follow each other. */
export interface MessagePiece {
  readonly bytes: Buffer
  /** How long the message is that begins here; undefined in its other pieces. */
  readonly begins: number | undefined
}

/** Made once: the stack of an error is the costly part, and every reading comes to its end. */
const readingEnded = new RpcError(Code.Canceled, 'these messages are no longer read')

/**
 * The messages of one direction of a call, cut from its byte stream when they are asked for: whole, or in
 * the pieces that they came in, which saves the copy. The length of a message is checked before it is
 * buffered, and a compressed message is refused: nobody here ever negotiates one.
 */
export class MessageReader implements AsyncIterable<Buffer> {
  readonly #source: Readable
  readonly #maxMessageBytes: number
  readonly #onViolation: () => void
  readonly #arrived = new ByteQueue()
  /** Of the message that has been begun: its bytes that are still to be taken. */
  #rest: number | undefined
  #allArrived = false
  #ended = false
  #heldEnd = false
  #failure: Error | undefined
  #waiting: Deferred | undefined

  /** `onViolation` is told when what comes is no gRPC that we take: the rest of it is thrown away. */
  constructor(source: Readable, maxMessageBytes: number, onViolation: () => void = () => {}) {
    this.#source = source
    this.#onViolation = onViolation
    this.#maxMessageBytes = maxMessageBytes
    source.on('data', (chunk: Buffer) => this.#push(chunk))
    source.on('end', () => {
      this.#allArrived = true
      if (!this.#heldEnd) this.finish()
    })
  }

  /** Ends the iteration with an error, after what has already arrived; the first one counts. */
  fail(error: Error): void {
    if (this.#ended || this.#failure !== undefined) return
    this.#failure = error
    this.#wake()
  }

  /** Leaves the end of the iteration to {@link finish} or {@link fail}: the bytes' end does not decide it. */
  holdEnd(): void {
    this.#heldEnd = true
  }

  /** Ends the iteration as if the other side had half-closed. */
  finish(): void {
    if (this.#failure !== undefined) return
    this.#ended = true
    this.#wake()
  }

  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return this.#reading(() => this.#message(), mostMessagesInTurn)
  }

  /**
   * Instead of the messages: the same in pieces, all that a turn of the event loop brings in one batch unless they are
   * very many. A promise for each piece would cost more than its bytes. An empty message is one empty piece.
   */
  pieces(): AsyncGenerator<readonly MessagePiece[], void> {
    const turn = async () => {
      await this.#arrival()
      await nextTurn()
    }
    return this.#reading(() => this.#pieces(), mostBatchesInTurn, turn)
  }

  async *#reading<T>(
    take: () => T | undefined,
    mostInTurn: number,
    arrival: () => Promise<void> = () => this.#arrival(),
  ): AsyncGenerator<T, void> {
    try {
      for (let count = 1; ; count++) {
        const taken = take()
        if (taken !== undefined) {
          yield taken
          if (count % mostInTurn === 0) await nextTurn()
        } else if (this.#isCutOff()) throw new RpcError(Code.Internal, 'the stream ended inside a message')
        else if (this.#failure !== undefined) throw this.#failure
        else if (this.#ended) return
        else await arrival()
      }
    } finally {
      // Whoever stops reading must not leave the stream paused: its end would never be seen.
      this.#discard()
    }
  }

  #message(): Buffer | undefined {
    if (this.#rest === undefined && !this.#begin()) return undefined
    if (this.#arrived.length < this.#rest!) return undefined
    const message = this.#arrived.take(this.#rest!)
    this.#rest = undefined
    return message
  }

  #pieces(): readonly MessagePiece[] | undefined {
    const pieces: MessagePiece[] = []
    while (pieces.length < mostPieces) {
      const piece = this.#piece()
      if (piece === undefined) break
      pieces.push(piece)
    }
    return pieces.length === 0 ? undefined : pieces
  }

  #piece(): MessagePiece | undefined {
    const isFirst = this.#rest === undefined
    if (isFirst && !this.#begin()) return undefined
    const rest = this.#rest!
    if (!isFirst && this.#arrived.length === 0) return undefined
    const bytes = this.#arrived.takeSome(rest)
    this.#rest = rest === bytes.length ? undefined : rest - bytes.length
    return { bytes, begins: isFirst ? rest : undefined }
  }

  /** Takes the next message's header, if it is there. */
  #begin(): boolean {
    if (this.#arrived.length < headerLength) return false
    const header = this.#arrived.take(headerLength)
    const length = header.readUInt32BE(1)
    if (header[0] !== 0) {
      const text = 'received a compressed message, although none was negotiated'
      return this.#refuse(new RpcError(Code.Internal, text))
    }
    if (length > this.#maxMessageBytes) {
      const text = `received message larger than max (${length} vs. ${this.#maxMessageBytes})`
      return this.#refuse(new RpcError(Code.ResourceExhausted, text))
    }
    this.#rest = length
    return true
  }

  #refuse(error: RpcError): false {
    this.#failure = error
    this.#arrived.clear()
    this.#onViolation()
    return false
  }

  /** Asked when no whole message is there. */
  #isCutOff(): boolean {
    return this.#allArrived && (this.#rest !== undefined || this.#arrived.length > 0)
  }

  #arrival(): Promise<void> {
    if (this.#source.isPaused()) this.#source.resume()
    this.#waiting ??= deferred()
    return this.#waiting.promise
  }

  #wake(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  #push(chunk: Buffer): void {
    if (this.#failure !== undefined) return
    this.#arrived.push(chunk)
    if (this.#waiting !== undefined) this.#wake()
    else if (this.#arrived.length > highWaterBytes || this.#arrived.chunks > highWaterChunks)
      this.#source.pause()
  }

  #discard(): void {
    this.fail(readingEnded)
    this.#arrived.clear()
    this.#source.resume()
  }
}
