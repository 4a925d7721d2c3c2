import { closeFile, list, names, openRoot, readBeginnings, readLink, readOn } from './disk.ts'
import type { SystemError } from './system-error.ts'

/** The calls of `disk.ts` that one thread can have another make. */
export const calls = { openRoot, list, names, readLink, readBeginnings, readOn, closeFile }
export type Calls = typeof calls

/** What goes to the other thread. */
export interface Request {
  readonly id: number
  readonly name: keyof Calls
  readonly args: readonly unknown[]
}

/** What comes back. */
export interface Reply {
  readonly id: number
  /** How long the call has taken. */
  readonly milliseconds: number
  readonly result?: unknown
  readonly error?: SystemError
}
