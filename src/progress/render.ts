import { invalidOption } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { SolveStatus } from '../solve/status/status.ts'
import { plainView } from './plain.ts'
import { quietView } from './quiet.ts'
import { rawJsonView } from './rawjson.ts'
import { ttyView } from './tty.ts'
import type { View } from './view.ts'

/**
 * How a build is shown: `tty` redraws a live view in place, `plain` prints lines, `auto` is the former on a
 * terminal and the latter elsewhere, `rawjson` prints every message as a line of JSON, `quiet` prints
 * nothing.
 */
export type ProgressMode = 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet'

/** Where progress goes: a stream such as `process.stderr`, or any other Writable. */
export interface ProgressOutput {
  /** Calls back when there is room for more, or with the reason why there never will be. */
  write(text: string, done: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

export interface RenderOptions {
  /** Default: `auto`. */
  readonly mode?: ProgressMode | undefined
  readonly output: ProgressOutput
  /**
   * Where `NO_COLOR` (not empty: no colours) and `TERM` (`dumb`: no terminal for `auto`) are looked up, such
   * as `process.env`. Default: nothing is set.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Ends the rendering early, not the build. */
  readonly signal?: AbortSignal | undefined
  /** A clock that counts milliseconds. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

const renderOptionNames: OptionNames<RenderOptions> = {
  mode: true,
  output: true,
  env: true,
  signal: true,
  now: true,
}

/**
 * After so many milliseconds without a message, and again and again, what is due by then is printed (moby/buildkit
 * `progressui/display.go`). A step's last items follow its end at once, so that they come before anything is printed.
 */
const refreshInterval = 150

/**
 * Shows a build's status messages until they end. When they end in an error (a failed build), what is known
 * is shown to its end, with the last output of each step that failed, and that error is thrown again: saying
 * it is left to the caller. Messages are taken no faster than the output takes text. Control sequences in
 * what the build prints are removed, except in `rawjson`.
 *
 * @throws The error of the messages; the signal's reason; the output's own error when it cannot be written
 * to; INVALID_OPTION for an unknown option or mode, or for `tty` without a terminal.
 */
export async function render(statuses: AsyncIterable<SolveStatus>, options: RenderOptions): Promise<void> {
  checkKnownOptions(options, renderOptionNames)
  const { output, signal, now = () => performance.now() } = options
  const view = viewOf(options)
  const writer = new Writer(output)
  const write = (text: string) => unlessAborted(writer.write(text), signal)
  let refreshing: NodeJS.Timeout | undefined
  const refreshLater = () => {
    clearTimeout(refreshing)
    refreshing = setTimeout(() => {
      // What fails here fails again at the next write.
      if (!writer.busy) writer.write(view.refresh(now())).catch(() => {})
      refreshLater()
    }, refreshInterval).unref()
  }
  refreshLater()
  let failure: { error: unknown } | undefined
  try {
    for await (const status of interruptible(statuses, signal)) {
      await write(view.update(status, now()))
      refreshLater()
    }
  } catch (error) {
    failure = { error }
  }
  clearTimeout(refreshing)
  try {
    await write(view.end(now()))
  } catch (error) {
    failure ??= { error }
  }
  writer.release()
  if (failure !== undefined) throw failure.error
}

function viewOf({ mode = 'auto', output, env = {} }: RenderOptions): View {
  const color = (env.NO_COLOR ?? '') === ''
  const size = () => ({ columns: output.columns || 80, rows: output.rows || 24 })
  switch (mode) {
    case 'auto':
      return output.isTTY && env.TERM !== 'dumb' ? ttyView({ size, color }) : plainView()
    case 'tty':
      if (output.isTTY) return ttyView({ size, color })
      throw invalidOption('output', {
        expected: 'a terminal, since the mode is tty',
        received: output,
        advice: 'The mode auto takes what the output can show',
      })
    case 'plain':
      return plainView()
    case 'rawjson':
      return rawJsonView()
    case 'quiet':
      return quietView()
    default:
      throw invalidOption('mode', { expected: 'auto, plain, tty, rawjson or quiet', received: mode })
  }
}

/** Writes to the output, which must not bring the process down with an error that nobody listens for. */
class Writer {
  readonly #output: ProgressOutput
  #pending = 0
  #failed = false
  readonly #fail = () => {
    this.#failed = true
  }

  constructor(output: ProgressOutput) {
    this.#output = output
    output.on('error', this.#fail)
  }

  /** Whether an earlier text has not got through yet. */
  get busy(): boolean {
    return this.#pending > 0
  }

  /** Resolves when the text has got through. */
  write(text: string): Promise<void> {
    if (text === '') return Promise.resolve()
    this.#pending++
    return new Promise((resolve, reject) => {
      this.#output.write(text, (error) => {
        this.#pending--
        if (!error) return resolve()
        this.#fail()
        reject(error)
      })
    })
  }

  /**
   * Lets go of the output. One that has failed may emit its error only later, so the listener stays there.
   */
  release(): void {
    if (!this.#failed) this.#output.off('error', this.#fail)
  }
}

/** The values, until the signal: then its reason. */
async function* interruptible<T>(
  values: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  const iterator = values[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Not awaited: a generator that waits for its next value returns only after it.
    iterator.return?.().catch(() => {})
  }
}
