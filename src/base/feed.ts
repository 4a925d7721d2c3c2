import { type Deferred, deferred } from './deferred.ts'

/** A failure that ends a feed. */
export interface FeedFailure {
  /** What each reader throws. */
  readonly error: unknown
  /** Called when the readers that were there at the end have all left without the error. */
  readonly onUnseen: () => void
}

/**
 * What happens in a run, for any number of readers at any time: each gets everything from the beginning, in order, and
 * then the failure of the run, if there is one. Leaving the loop changes nothing for the run.
 */
export abstract class Feed<T, Reader> implements AsyncIterable<T> {
  protected readonly readers = new Set<Reader>()
  #end: { readonly failure: FeedFailure | undefined } | undefined
  #isUnseen = false
  #arrival: Deferred | undefined

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    const reader = this.enter()
    this.readers.add(reader)
    try {
      for (;;) {
        const item = this.take(reader)
        if (item !== undefined) yield item
        else if (this.#end === undefined || this.hasMore(reader)) await this.#next()
        else if (this.#end.failure === undefined) return
        else {
          this.#isUnseen = false
          throw this.#end.failure.error
        }
      }
    } finally {
      this.readers.delete(reader)
      this.leave(reader)
      if (this.#isUnseen && this.readers.size === 0) {
        this.#isUnseen = false
        this.#end?.failure?.onUnseen()
      }
    }
  }

  /** Nothing more is added. Returns whether a reader is there to see the failure. */
  end(failure?: FeedFailure): boolean {
    this.#end = { failure }
    this.#isUnseen = failure !== undefined && this.readers.size > 0
    this.wake()
    return this.#isUnseen
  }

  /** Makes a reader that begins with the first item. */
  protected abstract enter(): Reader
  /** Gives a reader its next item, if there is one yet. */
  protected abstract take(reader: Reader): T | undefined
  /** A reader has left. */
  protected leave(_reader: Reader): void {}
  /** Whether items may still come for a reader once the feed has ended. */
  protected hasMore(_reader: Reader): boolean {
    return false
  }

  /** Whether a reader waits for the next item. */
  protected get isAwaited(): boolean {
    return this.#arrival !== undefined
  }

  /** Has readers that wait look again. */
  protected wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }

  #next(): Promise<void> {
    this.#arrival ??= deferred()
    return this.#arrival.promise
  }
}
