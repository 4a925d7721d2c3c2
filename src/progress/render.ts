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
 * Shows a build's status messages until they end, on one output or on several, such as a terminal and a log file. When they
 * end in an error (a failed build), what is known is shown to its end, with the last output of each step that failed, and
 * that error is thrown again: saying it is left to the caller. Messages are taken no faster than the output takes text.
 * Control sequences in what the build prints are removed, except in `rawjson`. Of several outputs each reads the
 * messages by itself, as `run.status` can be read, so that one that fails does not end the others.
 *
 * @throws The error of the messages; the signal's reason; the output's own error when it cannot be written
 * to; INVALID_OPTION for an unknown option or mode, for `tty` without a terminal, and for messages that are none, or that
 * can be read only once and are to be shown on several outputs.
 */
export async function render(
  statuses: AsyncIterable<SolveStatus>,
  options: RenderOptions | readonly RenderOptions[],
): Promise<void> {
  const all = Array.isArray(options) ? (options as readonly RenderOptions[]) : [options as RenderOptions]
  const sources = sourcesOf(statuses, all.length)
  const renderings = all.map((one) => {
    checkKnownOptions(one, renderOptionNames)
    return { options: one, view: viewOf(one) }
  })
  const ends = await Promise.all(
    renderings.map(({ options, view }, index) => show(sources[index]!, view, options)),
  )
  const ended = ends.find(({ failure }) => failure !== undefined)?.failure
  const failure = ended ?? ends.find(({ broken }) => broken !== undefined)?.broken
  if (failure !== undefined) throw failure.error
}

/** What has ended a rendering: the messages, or its output and its signal. */
interface RenderingEnd {
  readonly failure?: { readonly error: unknown } | undefined
  readonly broken?: { readonly error: unknown } | undefined
}

function sourcesOf(statuses: AsyncIterable<SolveStatus>, count: number): AsyncIterator<SolveStatus>[] {
  if (typeof statuses?.[Symbol.asyncIterator] !== 'function')
    throw invalidOption('statuses', { expected: 'the status of a run, run.status', received: statuses })
  const sources = Array.from({ length: count }, () => statuses[Symbol.asyncIterator]())
  if (new Set(sources).size === count) return sources
  throw invalidOption('statuses', {
    expected: 'messages that every output can read, such as run.status',
    received: statuses,
    advice: 'A generator can be read once',
  })
}

async function show(
  statuses: AsyncIterator<SolveStatus>,
  view: View,
  { output, signal, now = () => performance.now() }: RenderOptions,
): Promise<RenderingEnd> {
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
  let broken: { error: unknown } | undefined
  try {
    for (;;) {
      const coming = statuses.next().catch((error: unknown) => {
        failure = { error }
      })
      const next = await unlessAborted(coming, signal)
      if (next === undefined || next.done === true) break
      await write(view.update(next.value, now()))
      refreshLater()
    }
  } catch (error) {
    broken = { error }
    // Not awaited: a generator that waits for its next value returns only after it.
    statuses.return?.().catch(() => {})
  }
  clearTimeout(refreshing)
  try {
    await write(view.end(now()))
  } catch (error) {
    broken ??= { error }
  }
  writer.release()
  return { failure, broken }
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
