import type { Readable } from 'node:stream'
import { type Deferred, deferred } from '../base/deferred.ts'
import { Code, RpcError } from './status.ts'

/** Flag byte and big-endian length in front of each message (grpc/grpc `doc/PROTOCOL-HTTP2.md`). */
const headerLength = 5

/** A reader stops taking bytes off the wire while this much lies unread. */
const highWaterBytes = 1 << 20
const highWaterMessages = 1024

/**
 * The messages of one direction of a call, cut from its byte stream. The length of a message is checked
 * before any of it is buffered, and a compressed message is refused: nobody here ever negotiates one.
 */
export class MessageReader implements AsyncIterable<Buffer> {
  readonly #source: Readable
  readonly #maxMessageBytes: number
  readonly #onViolation: () => void
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #ready: Buffer[] = []
  #next = 0
  #readyBytes = 0
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
    source.on('end', () => this.#end())
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
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        const message = this.#take()
        if (message !== undefined) yield message
        else if (this.#failure !== undefined) throw this.#failure
        else if (this.#ended) return
        else await this.#arrival()
      }
    } finally {
      // Whoever stops reading must not leave the stream paused: its end would never be seen.
      this.#discard()
    }
  }

  #take(): Buffer | undefined {
    const message = this.#ready[this.#next]
    if (message === undefined) return undefined
    this.#next++
    this.#readyBytes -= message.length
    if (this.#next === this.#ready.length) {
      this.#ready = []
      this.#next = 0
      if (this.#source.isPaused()) this.#source.resume()
    }
    return message
  }

  #arrival(): Promise<void> {
    this.#waiting ??= deferred()
    return this.#waiting.promise
  }

  #wake(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  #push(chunk: Buffer): void {
    if (this.#failure !== undefined) return
    this.#pieces.push(chunk)
    this.#pieceBytes += chunk.length
    while (this.#cut());
    if (this.#readyBytes > highWaterBytes || this.#ready.length - this.#next > highWaterMessages) {
      this.#source.pause()
    }
    if (this.#ready.length > this.#next || this.#failure !== undefined) this.#wake()
  }

  /** Cuts one message off the pieces, if it is whole. */
  #cut(): boolean {
    if (this.#pieceBytes < headerLength) return false
    const first = this.#joined(headerLength)
    const length = first.readUInt32BE(1)
    if (first[0] !== 0) {
      const text = 'received a compressed message, although none was negotiated'
      return this.#refuse(new RpcError(Code.Internal, text))
    }
    if (length > this.#maxMessageBytes) {
      const text = `received message larger than max (${length} vs. ${this.#maxMessageBytes})`
      return this.#refuse(new RpcError(Code.ResourceExhausted, text))
    }
    const whole = headerLength + length
    if (this.#pieceBytes < whole) return false
    const piece = this.#joined(whole)
    this.#ready.push(piece.subarray(headerLength, whole))
    this.#readyBytes += length
    this.#pieceBytes -= whole
    if (piece.length === whole) this.#pieces.shift()
    else this.#pieces[0] = piece.subarray(whole)
    return true
  }

  /** The first piece, made at least `length` bytes long. */
  #joined(length: number): Buffer {
    const first = this.#pieces[0]!
    if (first.length >= length) return first
    const joined = Buffer.concat(this.#pieces)
    this.#pieces = [joined]
    return joined
  }

  #refuse(error: RpcError): false {
    this.fail(error)
    this.#drop()
    this.#onViolation()
    return false
  }

  #drop(): void {
    this.#pieces = []
    this.#pieceBytes = 0
  }

  #end(): void {
    if (this.#pieceBytes > 0) this.fail(new RpcError(Code.Internal, 'the stream ended inside a message'))
    if (!this.#heldEnd) this.finish()
  }

  #discard(): void {
    this.#ready = []
    this.#next = 0
    this.#readyBytes = 0
    this.fail(new RpcError(Code.Canceled, 'nobody reads these messages any more'))
    this.#drop()
    this.#source.resume()
  }
}
