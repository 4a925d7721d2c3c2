import { deferred } from './deferred.ts'
import { BuildkitError, type ErrorCode, messageOf } from './errors.ts'
import { unlessAborted } from './unless-aborted.ts'

/** How often, and with what pauses. */
export interface RetryOptions {
  /** Ends the tries and the pauses between them. */
  readonly signal: AbortSignal
  /** Tries in all. 4 by default; with a signal that has a deadline, `Infinity` will do. */
  readonly attempts?: number
  /** Which failures are tried again. Those that may pass by themselves by default, see {@link isTransient}. */
  readonly mayRetry?: (failure: unknown) => boolean
  /** Milliseconds of the first pause, doubled for each further one up to 5,000. 250 by default. */
  readonly pauseMs?: number
}

/**
 * Tries again what has failed in a way that may pass by itself; for calls that may be made twice, unless `mayRetry`
 * knows better. Waits as long as the failure's `retryAfterMs` says, and tries no more where that is above 10,000.
 * Throws the last failure, or TIMEOUT or CANCELLED when the signal ends a pause: then the last failure stands in the
 * message of TIMEOUT.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = 4, mayRetry = isTransient, pauseMs = 250 } = options
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (tried >= attempts || !mayRetry(error) || isEnd(error, signal)) throw error
      const wantedMs = (error as BuildkitError).retryAfterMs ?? 0
      if (wantedMs > maxRetryAfterMs) throw error
      const ownMs = jittered(Math.min(pauseMs * 2 ** (tried - 1), maxPauseMs))
      await pause(Math.max(ownMs, wantedMs), error, signal)
    }
  }
}

const maxPauseMs = 5_000
const maxRetryAfterMs = 10_000

/** Half of it is chance, so that many who have failed together do not come back together. */
function jittered(ms: number): number {
  return ms / 2 + (Math.random() * ms) / 2
}

/** The signal's own doing: the call says so better than the pause would. */
function isEnd(error: unknown, { aborted }: AbortSignal): boolean {
  return aborted && (error as BuildkitError).code === 'TIMEOUT'
}

async function pause(ms: number, failure: unknown, signal: AbortSignal): Promise<void> {
  const over = deferred()
  const timer = setTimeout(over.resolve, ms)
  try {
    await unlessAborted(over.promise, signal)
  } catch {
    throw gaveUp(signal.reason, failure)
  } finally {
    clearTimeout(timer)
  }
}

function gaveUp(reason: unknown, failure: unknown): BuildkitError {
  const subject = failure instanceof BuildkitError && failure.subject ? { subject: failure.subject } : {}
  if ((reason as { name?: unknown } | undefined)?.name !== 'TimeoutError')
    return new BuildkitError('CANCELLED', 'the call was cancelled', { ...subject, cause: reason })
  return new BuildkitError('TIMEOUT', 'no attempt succeeded in time', {
    ...subject,
    received: messageOf(failure),
    cause: failure,
  })
}

/** True for a failure that may pass by itself: of the service or of the way to it, not of what was asked. */
export function isTransient(error: unknown): boolean {
  return error instanceof BuildkitError && transient.has(error.code)
}

const transient: ReadonlySet<ErrorCode> = new Set([
  'RESOURCE_EXHAUSTED',
  'UNREACHABLE',
  'TIMEOUT',
  'API_FAILED',
] as const)
