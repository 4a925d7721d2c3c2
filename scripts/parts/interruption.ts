const interruption = new AbortController()

/** Aborted on Ctrl-C and its like in a script that called {@link endOnSignals}; never otherwise. */
export const interrupted: AbortSignal = interruption.signal

/**
 * Makes the first SIGINT, SIGTERM or SIGHUP abort {@link interrupted}, so that the script unwinds and
 * stops what it had started, and sets the exit code. A second one ends the process at once; what it
 * started then dies with it (see `server.ts`).
 */
export function endOnSignals(): void {
  for (const [signal, exitCode] of signals) {
    process.on(signal, () => {
      if (interrupted.aborted) process.exit(exitCode)
      process.exitCode = exitCode
      interruption.abort(new Error(`interrupted by ${signal}`))
    })
  }
}

/** With the exit codes that shells give to them: 128 and the signal's number. */
const signals = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const
