import { Buffer } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import { ControlFilter } from './control-sequences.ts'

/** As many lines as a failed step is reported with. */
const mostLines = 10
/** Of a longer line the end is not kept. */
const longestLine = 2_000

/** A line, or the part of it that is there. */
export interface LogLine {
  /** When it began, in seconds since the start of the step. */
  readonly seconds: number
  readonly text: string
}

/** What has come of a log: a part of one line. */
export interface LogPiece extends LogLine {
  /**
   * Whether a line begins here; `again` when a carriage return has put it in the place of the line under way.
   */
  readonly begins: boolean | 'again'
  /** Whether the line ends here. */
  readonly ends: boolean
}

/** A line with its time before it: milliseconds below ten seconds, fewer digits later on. */
export function timed({ seconds, text }: LogLine): string {
  return `${seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1)} ${text}`
}

/**
 * The output of a step as a terminal would show it: both streams in the order in which they came, as text
 * without control sequences. Keeps its last lines.
 */
export class StepLog {
  readonly #streams = new Map<number, TextStream>()
  readonly #lines: LogLine[] = []
  #lineOpen = false
  #returned = false
  #count = 0

  /** Takes a chunk, which can begin and end anywhere, and hands on its pieces. */
  write(stream: number, base64: string, seconds: number, piece: (piece: LogPiece) => void): void {
    const text = this.#stream(stream).write(Buffer.from(base64, 'base64'))
    for (const [, run = '', end] of text.matchAll(/([^\n\r]*)(\n|\r|$)/g)) {
      if (run !== '' || end === '\n')
        this.#add({ seconds, text: run, begins: this.#begins(run), ends: end === '\n' }, piece)
      this.#returned = end === '\r' || (end === '' && run === '' && this.#returned)
    }
  }

  /** The last lines, at most ten; the last one may be unfinished. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** How many lines have begun. */
  get count(): number {
    return this.#count
  }

  #stream(number: number): TextStream {
    let stream = this.#streams.get(number)
    if (stream === undefined) {
      // There are two; one more takes the place of the others rather than room of its own.
      if (this.#streams.size >= 2) this.#streams.clear()
      stream = new TextStream()
      this.#streams.set(number, stream)
    }
    return stream
  }

  /**
   * A carriage return alone changes nothing: with a line feed it is a line's end, with text it begins the
   * line again.
   */
  #begins(run: string): LogPiece['begins'] {
    if (!this.#lineOpen) return true
    return this.#returned && run !== '' ? 'again' : false
  }

  #add(piece: LogPiece, hand: (piece: LogPiece) => void): void {
    this.#keep(piece)
    this.#lineOpen = !piece.ends
    hand(piece)
  }

  #keep({ begins, seconds, text }: LogPiece): void {
    const before = begins === true ? undefined : this.#lines.pop()
    if (begins === true) this.#count++
    const line = begins === false && before !== undefined ? before : { seconds, text: '' }
    this.#lines.push({ seconds: line.seconds, text: (line.text + text).slice(0, longestLine) })
    if (this.#lines.length > mostLines) this.#lines.shift()
  }
}

/** One stream of bytes; a character or an escape sequence may be split over chunks. */
class TextStream {
  readonly #decoder = new StringDecoder('utf8')
  readonly #filter = new ControlFilter()

  write(bytes: Buffer): string {
    return this.#filter.write(this.#decoder.write(bytes))
  }
}
