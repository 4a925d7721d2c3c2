import { invalidOption } from './errors.ts'

/** Throws INVALID_OPTION for what is no AbortSignal; undefined is none. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw invalidOption('signal', { expected: 'an AbortSignal', received: signal })
}
