import { type Deferred, deferred } from '../../base/deferred.ts'

/** Where the parts of one transfer wait for each other. What breaks one part ends every wait. */
export class Monitor {
  #failure: { readonly error: unknown } | undefined
  #change: Deferred | undefined

  /** True once something has failed: nothing new should be begun. */
  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Waits until the condition holds, asking after every change. Throws what the transfer has failed of. */
  async until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (condition()) return
      this.#change ??= deferred()
      await this.#change.promise
    }
  }

  /** Says that conditions may have changed. */
  changed(): void {
    this.#change?.resolve()
    this.#change = undefined
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.changed()
  }
}
