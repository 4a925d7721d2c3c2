import { type Deferred, deferred } from '../../src/base/deferred.ts'
import type { MessageStream } from '../../src/base/message-stream.ts'

/** One end of a call in memory. What a test does beyond the interface is how calls end. */
export interface StreamEnd extends MessageStream {
  /** Half-closes: the other end's messages are over. */
  end(): void
  /** Breaks the call for both ends: their reading fails and their signals abort. */
  break(error: Error): void
}

/**
 * The two ends of one call in memory, with back-pressure: a sender is asked to wait while more than
 * `highWaterBytes` lie unread at the other end.
 */
export function messageStreamPair({ highWaterBytes = 64 << 10 } = {}): [StreamEnd, StreamEnd] {
  const abort = new AbortController()
  const there = new Direction(highWaterBytes)
  const back = new Direction(highWaterBytes)
  const breakBoth = (error: Error) => {
    there.fail(error)
    back.fail(error)
    abort.abort(error)
  }
  const end = (incoming: Direction, outgoing: Direction): StreamEnd => ({
    messages: incoming,
    signal: abort.signal,
    send: (...parts) => outgoing.send(Buffer.concat(parts)),
    end: () => outgoing.end(),
    break: breakBoth,
  })
  return [end(back, there), end(there, back)]
}

class Direction implements AsyncIterable<Buffer> {
  readonly #highWaterBytes: number
  #unread: Buffer[] = []
  #unreadBytes = 0
  #ended = false
  #failure: Error | undefined
  #arrival: Deferred | undefined
  #room: Deferred | undefined

  constructor(highWaterBytes: number) {
    this.#highWaterBytes = highWaterBytes
  }

  send(message: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#ended) return Promise.reject(new Error('sent after the end'))
    this.#unread.push(message)
    this.#unreadBytes += message.length
    this.#wake()
    if (this.#unreadBytes <= this.#highWaterBytes) return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
    this.#room?.reject(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    for (;;) {
      const message = this.#unread.shift()
      if (message !== undefined) {
        this.#unreadBytes -= message.length
        if (this.#unreadBytes <= this.#highWaterBytes) this.#makeRoom()
        yield message
      } else if (this.#failure !== undefined) {
        throw this.#failure
      } else if (this.#ended) {
        return
      } else {
        this.#arrival ??= deferred()
        await this.#arrival.promise
      }
    }
  }

  #wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }

  #makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}
