import { deferred } from '../../../base/deferred.ts'

/** Silence after which a connection with open requests is asked for a sign of life; doubled up to the maximum. */
const minSilenceMs = 2_500
const maxSilenceMs = 20_000
/** For the answer to that. */
const pingTimeoutMs = 3_000

export interface LivenessOptions {
  /** How much has been received so far, of whatever kind, as far as that is known. */
  bytesRead(): number
  /** Asks for a sign of life; rejects when there can be none. Undefined where it cannot be asked for. */
  ping(): Promise<void> | undefined
  /** Called once, when the other side has not answered. */
  onDead(silentMs: number): void
}

/**
 * Notices that the other side of a connection is dead, while requests are open on it: no byte in 2.5 s, and none in
 * 3 s after a PING. Each answered PING doubles the silence until the next, so that a slow call costs few of them.
 */
export class LivenessWatch {
  readonly #options: LivenessOptions
  #waiting = 0
  #timer: NodeJS.Timeout | undefined
  #verifying: Promise<void> | undefined
  #stopped = false

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  /** A request was sent. */
  waiting(): void {
    if (this.#waiting++ === 0 && !this.#stopped) this.#listen(minSilenceMs)
  }

  /** Its response is complete, or not waited for any more. */
  answered(): void {
    if (--this.#waiting === 0) clearTimeout(this.#timer)
  }

  /** Asks for a sign of life now; settles when there is one, or after {@link LivenessOptions.onDead}. */
  verify(): Promise<void> {
    this.#verifying ??= this.#ask(0).finally(() => {
      this.#verifying = undefined
    })
    return this.#verifying
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #listen(silenceMs: number): void {
    const before = this.#options.bytesRead()
    this.#timer = setTimeout(async () => {
      const silent = this.#options.bytesRead() === before
      if (silent) await this.#ask(silenceMs)
      if (this.#waiting === 0 || this.#stopped) return
      clearTimeout(this.#timer)
      this.#listen(silent ? Math.min(silenceMs * 2, maxSilenceMs) : minSilenceMs)
    }, silenceMs)
  }

  async #ask(silentMs: number): Promise<void> {
    const { bytesRead, ping, onDead } = this.#options
    const before = bytesRead()
    const pong = ping()
    if (pong === undefined) return
    const answer = deferred<boolean>()
    const timer = setTimeout(() => {
      // After what has arrived meanwhile: our own process may have been blocked.
      setImmediate(() => answer.resolve(bytesRead() !== before))
    }, pingTimeoutMs).unref()
    pong.then(
      () => answer.resolve(true),
      () => answer.resolve(false),
    )
    const alive = await answer.promise
    clearTimeout(timer)
    if (alive || this.#stopped) return
    this.stop()
    onDead(silentMs + pingTimeoutMs)
  }
}
