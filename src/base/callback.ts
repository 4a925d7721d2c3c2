import { invalidOption, messageOf } from './errors.ts'

/**
 * Calls a function that the user gave to be informed, such as `onState`. What it throws, or rejects with, becomes a
 * warning of the process with the code CALLBACK_FAILED: it must not change what happens to a build. `name` is the
 * option's, for the message.
 */
export function notify<Args extends unknown[]>(
  name: string,
  callback: ((...args: Args) => unknown) | undefined,
  ...args: Args
): void {
  if (callback === undefined) return
  try {
    const returned = callback(...args)
    if (isThenable(returned)) returned.then(undefined, (error) => warn(name, error))
  } catch (error) {
    warn(name, error)
  }
}

/** Throws INVALID_OPTION for what is no function; undefined is none. */
export function checkCallback(name: string, callback: unknown): void {
  if (callback === undefined || typeof callback === 'function') return
  throw invalidOption(name, { expected: 'a function', received: callback })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** By Node's own way, not the user's: that one may be what has failed. */
function warn(name: string, error: unknown): void {
  process.emitWarning(`the function given as ${name} failed: ${messageOf(error)}`, {
    type: 'BuildkitWarning',
    code: 'CALLBACK_FAILED',
  })
}
