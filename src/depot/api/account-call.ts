import { deadline } from '../../base/deadline.ts'
import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import { isTransient, retry } from '../../base/retry.ts'
import { DepotApiError } from './api-error.ts'
import { isId } from './id.ts'

/** How long a call to Depot may take, and who may end it. */
export interface CallOptions {
  /** Ends the call with CANCELLED. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until it ends with TIMEOUT, further tries included. 30,000 by default. */
  readonly timeoutMs?: number | undefined
}

export const callOptionNames: OptionNames<CallOptions> = { signal: true, timeoutMs: true }

/** A call that a signal ends. */
export type Call<T> = (options: { readonly signal: AbortSignal }) => Promise<T>

/** A call that may be made twice: tried again after what may pass, up to four times within the deadline. */
export function callIdempotent<T>(call: Call<T>, options?: CallOptions): Promise<T> {
  return within(({ signal }) => retry(() => call({ signal }), { signal }), options)
}

/**
 * A call that changes something: tried again only where Depot has surely not processed it, such as after a connection
 * that did not come about.
 */
export function callOnce<T>(call: Call<T>, options?: CallOptions): Promise<T> {
  return within(({ signal }) => retry(() => call({ signal }), { signal, mayRetry: isUnprocessed }), options)
}

function isUnprocessed(failure: unknown): boolean {
  return failure instanceof DepotApiError && !failure.mayBeProcessed && isTransient(failure)
}

async function within<T>(call: Call<T>, options: CallOptions = {}): Promise<T> {
  checkKnownOptions(options, callOptionNames)
  const { signal, timeoutMs = 30_000 } = options
  using limit = deadline(milliseconds(timeoutMs), signal)
  return await call({ signal: limit.signal })
}

/** The longest delay of a timer in Node. */
const maxTimerMs = 2 ** 31 - 1

/** A `timeoutMs` that a timer can have. Throws INVALID_OPTION for any other. */
export function milliseconds(timeoutMs: number): number {
  if (Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= maxTimerMs) return timeoutMs
  throw invalidOption('timeoutMs', {
    expected: 'a whole number of milliseconds, 1 or more',
    received: timeoutMs,
  })
}

/** An id of something at Depot. Throws INVALID_OPTION for what cannot be one. */
export function checkedId(value: string, option: string): string {
  if (isId(value)) return value
  throw invalidOption(option, { expected: 'an id that Depot has given', received: value })
}

/** Text that is not empty and not longer than a name has to be. Throws INVALID_OPTION for anything else. */
export function checkedText(value: string, option: string): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 1024) return value
  throw invalidOption(option, { expected: 'text of 1 to 1024 characters', received: value })
}
