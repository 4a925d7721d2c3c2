/** A signal for one piece of work, until disposed of. */
export interface Deadline extends Disposable {
  /** Aborted with the reason of the first other signal that is, or with a `TimeoutError` when the time is up. */
  readonly signal: AbortSignal
  /** True when the time was up first. */
  readonly expired: boolean
}

/**
 * Gives a piece of work so many milliseconds, or `Infinity`, and some signals to end by. Disposing leaves no
 * timer and no listener behind, so that a signal may live much longer than the work.
 */
export function deadline(ms: number, ...parents: readonly (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  let expired = false
  const expire = () => {
    expired = !signal.aborted
    controller.abort(new DOMException(`${ms} ms are over`, 'TimeoutError'))
  }
  const timer = Number.isFinite(ms) ? setTimeout(expire, ms) : undefined
  const unlinks = parents.filter((parent) => parent !== undefined).map((parent) => follow(parent, controller))
  return {
    signal,
    get expired() {
      return expired
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      for (const unlink of unlinks) unlink()
    },
  }
}

function follow(parent: AbortSignal, controller: AbortController): () => void {
  const onAbort = () => controller.abort(parent.reason)
  if (parent.aborted) onAbort()
  else parent.addEventListener('abort', onAbort, { once: true })
  return () => parent.removeEventListener('abort', onAbort)
}
