import { deferred } from './deferred.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Lets tasks run one after the other, in the order they came. */
export class Mutex {
  #last: Promise<void> = Promise.resolve()

  /**
   * Runs a task when it is its turn. Throws the signal's reason as soon as the signal aborts, and lets the
   * next one in, even if the task does not heed the signal.
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const previous = this.#last
    const done = deferred()
    this.#last = previous.then(() => done.promise)
    try {
      await unlessAborted(previous, signal)
      return await unlessAborted(task(), signal)
    } finally {
      done.resolve()
    }
  }
}

/** A {@link Mutex} for each key that is in use. */
export class KeyedMutex {
  readonly #held = new Map<string, { readonly mutex: Mutex; users: number }>()

  /** As {@link Mutex.run}, among the tasks of the same key. */
  async run<T>(key: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const held = this.#held.get(key) ?? { mutex: new Mutex(), users: 0 }
    this.#held.set(key, held)
    held.users++
    try {
      return await held.mutex.run(task, signal)
    } finally {
      if (--held.users === 0) this.#held.delete(key)
    }
  }
}
