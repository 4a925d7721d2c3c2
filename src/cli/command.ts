import type { Flags, Parsed } from './flags.ts'
import type { Io } from './io.ts'

/** A command: its flags as data, and a function that only translates them and calls the library. */
export interface Command<F extends Flags = Flags> {
  /** Lines for its help. */
  readonly description: readonly string[]
  /** Names of the arguments it takes, all of them optional. */
  readonly positionals: readonly string[]
  readonly flags: F
  /** Does it, until it is done or the signal, Ctrl-C, aborts. What it throws decides on the exit code. */
  run(parsed: Parsed<F>, io: Io, signal: AbortSignal): Promise<void>
}
