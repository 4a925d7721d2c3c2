import { deferred } from './deferred.ts'

/**
 * Waits for work that may not heed the signal. Throws the signal's reason as soon as it aborts; the work goes on, and
 * what becomes of it then is nobody's rejection. No listener stays behind.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = deferred<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([aborted.promise, work])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
