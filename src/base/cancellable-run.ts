import { Cancellation } from './cancellation.ts'
import { BuildkitError } from './errors.ts'

/** Where a run tells what happens in it; readers end with the run. */
interface Feed {
  end(failure?: unknown): void
}

/** What the runs of all kinds of builds have in common: a result, a feed that ends with it, and ways to end early. */
export abstract class CancellableRun<Result> implements AsyncDisposable {
  abstract readonly result: Promise<Result>
  protected readonly cancellation = new Cancellation()

  cancel(reason?: unknown): void {
    this.cancellation.cancel(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel(new BuildkitError('CLOSED', 'the run was disposed of'))
    await this.result.catch(() => {})
  }

  /**
   * Does the work and ends the feed with it, with the failure that is made of an error. The rejection never counts as
   * unhandled: a caller may read only the feed, or nothing.
   */
  protected begin(
    feed: Feed,
    work: () => Promise<Result>,
    failureOf: (error: unknown) => unknown,
  ): Promise<Result> {
    const running = (async () => {
      try {
        const result = await work()
        feed.end()
        return result
      } catch (error) {
        const failure = await failureOf(error)
        feed.end(failure)
        throw failure
      }
    })()
    running.catch(() => {})
    return running
  }
}
