import { type Deferred, deferred } from '../../base/deferred.ts'
import { decodeStatus } from './decode-status.ts'
import { keptBytes, keptSize } from './kept-bytes.ts'
import type { SolveStatus } from './status.ts'
import { StatusFold } from './status-fold.ts'

/** How much memory the messages of a build may take; older ones are folded into one. */
const maxKeptBytes = 8 << 20

/**
 * The status messages of a build, for any number of readers at any time: each gets all of them, in order. They are kept
 * encoded. When they exceed a bound, the oldest become one message, a {@link StatusFold}, which a later reader gets
 * first; a reader that has not got to them yet holds this up, and {@link push} asks to wait for it.
 */
export class StatusFeed implements AsyncIterable<SolveStatus> {
  /** By number, which counts all messages. */
  readonly #kept = new Map<number, Kept>()
  #keptBytes = 0
  /** How many messages are in the fold: the number of the first kept one. */
  #folded = 0
  #fold: StatusFold | undefined
  readonly #readers = new Set<Reader>()
  #waitsForReaders = true
  #ended = false
  #failure: unknown
  #arrival: Deferred | undefined
  #room: Deferred | undefined

  /**
   * Adds an encoded message, which must decode; `status` is the same decoded. Returns nothing while there is room, else
   * a promise to await before adding more.
   */
  push(message: Uint8Array, status?: SolveStatus): Promise<void> | undefined {
    const bytes = keptBytes(message)
    // For readers that wait for it, who get it at once: decoding it again would be for nothing.
    const kept = { bytes, status: this.#arrival === undefined ? undefined : status }
    this.#kept.set(this.#folded + this.#kept.size, kept)
    this.#keptBytes += keptSize(bytes)
    this.#wake()
    this.#makeRoom()
    if (!this.#isFull) return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** From now on slow readers are not waited for: what they have not got to is folded. */
  release(): void {
    this.#waitsForReaders = false
    this.#makeRoom()
  }

  /** No more messages; readers end, or fail with the error given here. */
  end(failure?: unknown): void {
    this.#ended = true
    this.#failure = failure
    this.#wake()
  }

  /** From the first message on. Leaving the loop changes nothing for the build. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SolveStatus, void> {
    const reader: Reader = { position: this.#folded, missed: this.#fold }
    this.#readers.add(reader)
    try {
      for (;;) {
        const status = this.#take(reader)
        if (status !== undefined) yield status
        else if (!this.#ended) await this.#next()
        else if (this.#failure !== undefined) throw this.#failure
        else return
      }
    } finally {
      this.#readers.delete(reader)
      this.#makeRoom()
    }
  }

  #take(reader: Reader): SolveStatus | undefined {
    const { missed } = reader
    if (missed !== undefined) {
      reader.missed = undefined
      return decodeStatus(missed.message())
    }
    const kept = this.#kept.get(reader.position)
    if (kept === undefined) return undefined
    reader.position++
    const status = kept.status ?? decodeStatus(kept.bytes)
    kept.status = undefined
    this.#makeRoom()
    return status
  }

  get #isFull(): boolean {
    return this.#keptBytes > maxKeptBytes && this.#kept.size > 1
  }

  #makeRoom(): void {
    while (this.#isFull && !(this.#waitsForReaders && this.#isAwaited)) this.#foldOldest()
    if (this.#isFull) return
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Whether a reader has still to get to the oldest message. */
  get #isAwaited(): boolean {
    for (const { position } of this.#readers) if (position === this.#folded) return true
    return false
  }

  #foldOldest(): void {
    const { bytes } = this.#kept.get(this.#folded)!
    this.#kept.delete(this.#folded)
    this.#keptBytes -= keptSize(bytes)
    this.#fold ??= new StatusFold()
    this.#fold.add(bytes)
    for (const reader of this.#readers) {
      if (reader.position !== this.#folded) continue
      reader.position++
      reader.missed ??= new StatusFold()
      reader.missed.add(bytes)
    }
    this.#folded++
  }

  #next(): Promise<void> {
    this.#arrival ??= deferred()
    return this.#arrival.promise
  }

  #wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }
}

interface Kept {
  readonly bytes: Buffer
  status: SolveStatus | undefined
}

interface Reader {
  /** The number of the message it gets next. */
  position: number
  /** What was folded before it got there. */
  missed: StatusFold | undefined
}
