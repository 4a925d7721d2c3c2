import { onAbort } from './on-abort.ts'

/** A signal for one piece of work, until disposed of. */
export interface Deadline extends Disposable {
  /** Aborted with the reason of the first other signal that is, or when the time is up. */
  readonly signal: AbortSignal
  /** True when the time was up first. */
  readonly expired: boolean
}

export interface DeadlineOptions {
  /** Makes the reason when the time is up. A `TimeoutError` by default. */
  readonly timeoutReason?: () => unknown
}

/**
 * Gives a piece of work so many milliseconds, or `Infinity`, and some signals to end by. Disposing leaves no
 * timer and no listener behind, so that a signal may live much longer than the work.
 */
export function deadline(
  ms: number,
  parents?: AbortSignal | undefined | readonly (AbortSignal | undefined)[],
  { timeoutReason = () => new DOMException(`${ms} ms are over`, 'TimeoutError') }: DeadlineOptions = {},
): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  let expired = false
  const expire = () => {
    expired = !signal.aborted
    controller.abort(timeoutReason())
  }
  const timer = Number.isFinite(ms) ? setTimeout(expire, ms) : undefined
  const list = Array.isArray(parents) ? parents : [parents as AbortSignal | undefined]
  const links = list.map((parent) => onAbort(parent, (reason) => controller.abort(reason)))
  return {
    signal,
    get expired() {
      return expired
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      for (const link of links) link[Symbol.dispose]()
    },
  }
}
