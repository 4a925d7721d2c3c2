import { messageOf } from '../../src/base/errors.ts'

const interruption = new AbortController()

/**
 * Aborted on Ctrl-C and its like in a script that runs under {@link runScript}, never otherwise. The
 * reason is an error with the name of the signal as its cause.
 */
export const interrupted: AbortSignal = interruption.signal

/**
 * Runs the main function of a script, and sets the exit code: the one it returns, or 1 with the message of
 * what it throws. The first SIGINT, SIGTERM or SIGHUP aborts {@link interrupted}, so that the script
 * unwinds and stops what it started. A second one ends it at once; its servers then die with it.
 */
export async function runScript(main: () => Promise<number>): Promise<void> {
  for (const [signal, exitCode] of signals) process.on(signal, () => interrupt(signal, exitCode))
  try {
    const exitCode = await main()
    process.exitCode ??= exitCode
  } catch (error) {
    process.exitCode ??= 1
    process.stderr.write(`${messageOf(interrupted.aborted ? interrupted.reason : error)}\n`)
  }
}

/** With the exit codes that shells give to them: 128 and the signal's number. */
const signals = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

function interrupt(signal: string, exitCode: number): void {
  if (interrupted.aborted) process.exit(exitCode)
  process.exitCode = exitCode
  interruption.abort(new Error(`interrupted by ${signal}`, { cause: signal }))
}
