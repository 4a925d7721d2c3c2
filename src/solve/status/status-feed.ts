import { type Deferred, deferred } from '../../base/deferred.ts'
import { Feed } from '../../base/feed.ts'
import { decodeStatus } from './decode-status.ts'
import { keptBytes, keptSize } from './kept-bytes.ts'
import type { SolveStatus } from './status.ts'
import { StatusFold } from './status-fold.ts'

/** How much memory the messages of a build may take; older ones are folded into one. */
const maxKeptBytes = 8 << 20

/**
 * The status messages of a build. They are kept encoded. When they exceed a bound, the oldest become one message, a
 * {@link StatusFold}, which a later reader gets first; a reader that has not got to them yet holds this up, and
 * {@link push} asks to wait for it.
 */
export class StatusFeed extends Feed<SolveStatus, Reader> {
  /** By number, which counts all messages. */
  readonly #kept = new Map<number, Kept>()
  #keptBytes = 0
  /** How many messages are in the fold: the number of the first kept one. */
  #folded = 0
  #fold: StatusFold | undefined
  #waitsForReaders = true
  #room: Deferred | undefined

  /**
   * Adds an encoded message, which must decode; `status` is the same decoded. Returns nothing while there is room, else
   * a promise to await before adding more.
   */
  push(message: Uint8Array, status?: SolveStatus): Promise<void> | undefined {
    const bytes = keptBytes(message)
    // For readers that wait for it, who get it at once: decoding it again would be for nothing.
    const kept = { bytes, status: this.isAwaited ? status : undefined }
    this.#kept.set(this.#folded + this.#kept.size, kept)
    this.#keptBytes += keptSize(bytes)
    this.wake()
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

  protected enter(): Reader {
    return { position: this.#folded, missed: this.#fold }
  }

  protected override leave(): void {
    this.#makeRoom()
  }

  protected take(reader: Reader): SolveStatus | undefined {
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
    while (this.#isFull && !(this.#waitsForReaders && this.#isOldestAwaited)) this.#foldOldest()
    if (this.#isFull) return
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Whether a reader has still to get to the oldest message. */
  get #isOldestAwaited(): boolean {
    for (const { position } of this.readers) if (position === this.#folded) return true
    return false
  }

  #foldOldest(): void {
    const { bytes } = this.#kept.get(this.#folded)!
    this.#kept.delete(this.#folded)
    this.#keptBytes -= keptSize(bytes)
    this.#fold ??= new StatusFold()
    this.#fold.add(bytes)
    for (const reader of this.readers) {
      if (reader.position !== this.#folded) continue
      reader.position++
      reader.missed ??= new StatusFold()
      reader.missed.add(bytes)
    }
    this.#folded++
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
