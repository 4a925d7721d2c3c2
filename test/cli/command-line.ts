import { Readable, Writable } from 'node:stream'
import type { InterruptSignal } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

/** One run of the command line in this process, with streams and signals in memory. */
export interface CommandLine {
  readonly exitCode: Promise<number>
  /** What it has written so far. */
  readonly stdout: string
  readonly stderr: string
  /** The exit codes it has ended the process with at once. */
  readonly exits: readonly number[]
  /** How many listeners for signals it has. */
  readonly listeners: number
  interrupt(signal?: InterruptSignal): void
  /** Settles once standard error holds the text. */
  untilSaid(text: string): Promise<void>
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Readable | string
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal?: boolean
  /** Whether standard error is a terminal, of 80 columns and 24 rows. */
  readonly stderrIsTerminal?: boolean
}

/** Starts `buildkit-client ARGV`. */
export function commandLine(argv: readonly string[], surroundings: Surroundings = {}): CommandLine {
  const { cwd = '/', env = {}, stdin = '' } = surroundings
  const { stdoutIsTerminal = false, stderrIsTerminal = false } = surroundings
  const stdout = new Collected()
  const stderr = new Collected()
  const listeners = new Set<(signal: InterruptSignal) => void>()
  const exits: number[] = []
  const exitCode = main(argv, {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: Object.assign(stdout, { isTTY: stdoutIsTerminal }),
    stderr: Object.assign(stderr, { isTTY: stderrIsTerminal, columns: 80, rows: 24 }),
    env,
    cwd,
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    exit: (code) => exits.push(code),
  })
  return {
    exitCode,
    exits,
    get stdout() {
      return stdout.text
    },
    get stderr() {
      return stderr.text
    },
    get listeners() {
      return listeners.size
    },
    interrupt(signal = 'SIGINT') {
      for (const listener of [...listeners]) listener(signal)
    },
    untilSaid: (text) => stderr.until(text),
  }
}

class Collected extends Writable {
  text = ''
  readonly #waiting = new Set<() => void>()

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    for (const look of this.#waiting) look()
    done()
  }

  until(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.text.includes(text)) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}
