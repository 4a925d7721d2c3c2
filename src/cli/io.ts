import type { Readable, Writable } from 'node:stream'

/** What the command line touches of the process around it; `bin.ts` fills it in, tests make their own. */
export interface Io {
  readonly stdin: Readable
  /** Results only: digests, tables, archives. */
  readonly stdout: OutputStream
  /** All that is said to people: progress, notes, warnings, errors. */
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute; relative paths on the command line start here. */
  readonly cwd: string
  /** Calls the listener at every SIGINT, SIGTERM and SIGHUP until the function it returns is called. */
  onInterrupt(listener: (signal: InterruptSignal) => void): () => void
  /** Ends the process at once, whatever is under way. */
  exit(code: number): void
}

/** A stream that may be a terminal. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export type InterruptSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'
