import { onAbort } from './on-abort.ts'

/** Whether a run is to end before it is done: because of its caller's signal or a call of `cancel`; the first counts. */
export class Cancellation {
  readonly #stop = new AbortController()
  #cancelled: { readonly reason: unknown } | undefined

  /** Aborted when the run is to end, be it cancelled or {@link stop}ped. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Once it is cancelled; the reason may be missing. */
  get cancelled(): { readonly reason: unknown } | undefined {
    return this.#cancelled
  }

  /** Idempotent. */
  cancel(reason?: unknown): void {
    if (this.#cancelled !== undefined) return
    this.#cancelled = { reason }
    this.#stop.abort(reason)
  }

  /** Ends a run that cannot go on; it does not count as cancelled. */
  stop(error: unknown): void {
    this.#stop.abort(error)
  }

  /** Cancels as soon as the signal aborts, until this is disposed of. */
  follow(signal: AbortSignal | undefined): Disposable {
    return onAbort(signal, (reason) => this.cancel(reason))
  }
}
