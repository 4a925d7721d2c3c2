/** Something that does not stop the work, and that the user should know. */
export interface Warning {
  /** `docs/errors.md` lists the codes beside those of errors. */
  readonly code: WarningCode
  readonly message: string
}

export type WarningCode = 'PLAINTEXT_TCP' | 'SKIPPED_ENTRY' | 'NOT_REPORTED' | 'CALLBACK_FAILED'

/** Where warnings go. */
export type OnWarning = (warning: Warning) => void

/** Node's own way to warn, for callers who have given no hook. */
export const emitWarning: OnWarning = ({ code, message }) => {
  process.emitWarning(message, { type: 'BuildkitWarning', code })
}
