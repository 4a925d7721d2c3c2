import { notify } from './callback.ts'

/** Something that does not stop the work, and that the user should know. */
export interface Warning {
  /** `docs/errors.md` lists the codes beside those of errors. */
  readonly code: WarningCode
  readonly message: string
}

export type WarningCode =
  | 'PLAINTEXT_TCP'
  | 'SKIPPED_ENTRY'
  | 'NOT_REPORTED'
  | 'HEARTBEAT_FAILING'
  | 'UNFINISHED_BUILD'
  | 'CALLBACK_FAILED'

/** Where warnings go. */
export type OnWarning = (warning: Warning) => void

/** Node's own way to warn, for callers who have given no hook. */
export const emitWarning: OnWarning = ({ code, message }) => {
  process.emitWarning(message, { type: 'BuildkitWarning', code })
}

const guards = new WeakMap<OnWarning, OnWarning>()

/** The same hook for the same hook, with a failure of its own that is only a warning. */
export function guardedWarning(onWarning: OnWarning | undefined): OnWarning | undefined {
  if (onWarning === undefined || onWarning === emitWarning) return onWarning
  const guard = guards.get(onWarning) ?? ((warning) => notify('onWarning', onWarning, warning))
  guards.set(onWarning, guard)
  return guard
}
