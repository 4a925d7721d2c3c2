import { setTimeout as sleep } from 'node:timers/promises'
import { BuildkitError, type ErrorCode } from '../../base/errors.ts'
import type { BuildCancellation } from './machine-api.ts'

/** After each reply (Depot's own clients). */
const intervalMs = 5_000

/** After a failure, doubled for each further one up to the interval: Depot cancels a build that is silent. */
const firstPauseMs = 1_000

/** What makes every further heartbeat fail too: the build is over, or not ours. */
const fatal: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'REFUSED',
] as const)

/** So many failures in a row are reported: one may pass unnoticed. */
const reportedFailures = 2

/** The longest delay of a timer in Node. */
const maxDelayMs = 2 ** 31 - 1

export interface HeartbeatEvents {
  /** The moment has come at which Depot cancels the build. */
  onCancel(at: Date): void
  /** Heartbeats have begun to fail; they go on. Called again only after one has succeeded in between. */
  onFailing(error: unknown): void
  /** Depot does not know the build any more, or not us: the heartbeat has ended. */
  onRefused(error: BuildkitError): void
}

/**
 * Keeps one machine of one build alive, from now until {@link stop}: at once, then 5 s after each reply. It
 * survives every failure that may pass, and depends on no signal of the caller's: a cancelled build still has
 * to end in order. Its pauses do not keep the process alive.
 */
export class Heartbeat {
  readonly #beat: (signal: AbortSignal) => Promise<BuildCancellation | undefined>
  readonly #events: HeartbeatEvents
  readonly #end = new AbortController()
  readonly #beating: Promise<void>
  #cancel: NodeJS.Timeout | undefined

  constructor(
    beat: (signal: AbortSignal) => Promise<BuildCancellation | undefined>,
    events: HeartbeatEvents,
  ) {
    this.#beat = beat
    this.#events = events
    this.#beating = this.#run()
  }

  /** Ends it; settles when no heartbeat is under way and none will follow. Idempotent. */
  async stop(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#cancel)
    await this.#beating
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.#cancelAt(await this.#beat(signal))
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof BuildkitError && fatal.has(error.code)) return this.#refused(error)
        if (++failures === reportedFailures) this.#events.onFailing(error)
      }
      const pauseMs = failures === 0 ? intervalMs : Math.min(firstPauseMs * 2 ** (failures - 1), intervalMs)
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Each reply replaces the last: the moment may be moved, or withdrawn. */
  #cancelAt(cancellation: BuildCancellation | undefined): void {
    clearTimeout(this.#cancel)
    if (cancellation === undefined || this.#end.signal.aborted) return
    const { at, inMs } = cancellation
    const delayMs = Math.min(Math.max(inMs, 0), maxDelayMs)
    this.#cancel = setTimeout(() => this.#events.onCancel(at), delayMs).unref()
  }

  #refused(error: BuildkitError): void {
    this.#end.abort()
    clearTimeout(this.#cancel)
    this.#events.onRefused(error)
  }
}
