import { deferred } from './deferred.ts'
import { onAbort } from './on-abort.ts'

/**
 * Waits for work that may not heed the signal. Throws the signal's reason as soon as it aborts; the work goes on,
 * and its later rejection is swallowed. No listener stays behind.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = deferred<never>()
  using _ = onAbort(signal, aborted.reject)
  return await Promise.race([aborted.promise, work])
}
