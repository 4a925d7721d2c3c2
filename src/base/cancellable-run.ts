import { Cancellation } from './cancellation.ts'
import { deferred } from './deferred.ts'
import { BuildkitError } from './errors.ts'
import type { FeedFailure } from './feed.ts'

/** Where a run tells what happens in it; readers end with the run. */
interface RunFeed {
  /** Returns whether a reader is there to see the failure. */
  end(failure?: FeedFailure): boolean
}

/** How a run has ended. */
export type RunEnd = { readonly failed: false } | { readonly failed: true; readonly error: unknown }

/** What can be awaited, as a promise can. */
export type Awaitable<Result> = Pick<Promise<Result>, 'then' | 'catch' | 'finally'>

/**
 * What the runs of all kinds of builds have in common: a result, a feed that ends with it, and ways to end early.
 *
 * The failure of a run is an unhandled rejection, as that of any promise, unless the run is awaited, a reader of its feed
 * sees the failure, or the run was cancelled.
 */
export abstract class CancellableRun<Result> implements Awaitable<Result>, AsyncDisposable {
  protected readonly cancellation = new Cancellation()
  readonly #over = deferred<RunEnd>()
  #running: Promise<Result> | undefined
  #isTaken = false

  get result(): Promise<Result> {
    this.#isTaken = true
    return this.#running!
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited like a promise
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((error: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.result.then(onFulfilled, onRejected)
  }

  catch<Rejected = never>(
    onRejected?: ((error: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Result | Rejected> {
    return this.result.catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.result.finally(onFinally)
  }

  /** @internal Settles when the run is over. Whether its failure is handled does not depend on this. */
  get over(): Promise<RunEnd> {
    return this.#over.promise
  }

  cancel(reason?: unknown): void {
    this.cancellation.cancel(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel(new BuildkitError('CLOSED', 'the run was disposed of'))
    await this.over
  }

  /** Does the work and ends the feed with it, with the failure that is made of an error. To be called once. */
  protected begin(feed: RunFeed, work: () => Promise<Result>, failureOf: (error: unknown) => unknown): void {
    this.#running = (async () => {
      try {
        const result = await work()
        feed.end()
        this.#over.resolve({ failed: false })
        return result
      } catch (error) {
        const failure = await failureOf(error)
        const onUnseen = () => {
          if (!this.#isTaken) void Promise.reject(failure)
        }
        const isSeen = feed.end({ error: failure, onUnseen })
        if (isSeen || this.cancellation.cancelled !== undefined) this.#running?.catch(() => {})
        this.#over.resolve({ failed: true, error: failure })
        throw failure
      }
    })()
  }
}
