import type { SolveStatus } from '../solve/status/status.ts'
import { cut } from './columns.ts'
import { failureBlocks } from './failure-blocks.ts'
import { Graph } from './graph.ts'
import { everyRow, fittingRows, type Row } from './tty-layout.ts'
import { paint, seconds } from './tty-row.ts'
import { printInterval, type View } from './view.ts'
import { warningList } from './warning-list.ts'

/** The terminal to draw on. */
export interface Terminal {
  /** Read before each frame, so that a new size counts from the next one on. */
  size(): { readonly columns: number; readonly rows: number }
  readonly color: boolean
}

/**
 * A live view that is drawn again in place, after BuildKit's own (moby/buildkit
 * `util/progress/progressui/display.go`): a line about the build, then the steps with their items, times and,
 * while they run, last lines of output. The last frame has every step, however many there are, and is
 * followed by the output of those that failed.
 */
export function ttyView(terminal: Terminal): View {
  return new TtyView(terminal)
}

class TtyView implements View {
  readonly #terminal: Terminal
  readonly #graph = new Graph()
  /** How far the daemon's clock is ahead of `now`, as far as its messages show. */
  #ahead = Number.NEGATIVE_INFINITY
  /** Lines of the frame that stands above the cursor. */
  #height = 0
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  update(status: SolveStatus, now: number): string {
    this.#graph.apply(status)
    this.#ahead = Math.max(this.#ahead, this.#graph.latest - now)
    if (now - this.#drawnAt < printInterval) return ''
    this.#drawnAt = now
    return this.refresh(now)
  }

  refresh(now: number): string {
    // One line for the header, one for the cursor.
    const room = Math.max(0, this.#terminal.size().rows - 2)
    return this.#frame(this.#header(now), fittingRows(this.#graph, room, now + this.#ahead))
  }

  end(now: number): string {
    if (this.#height === 0 && this.#graph.known === 0) return ''
    const { known } = this.#graph
    const finished = known > 0 && this.#over() === known ? ' FINISHED' : ''
    const frame = this.#frame(this.#header(now) + finished, everyRow(this.#graph, now + this.#ahead))
    return frame + failureBlocks(this.#graph) + warningList(this.#graph)
  }

  #header(now: number): string {
    const { startedAt, known } = this.#graph
    const time = startedAt === undefined ? 0 : now + this.#ahead - startedAt
    return `[+] Building ${seconds(time)}s (${this.#over()}/${known})`
  }

  #over(): number {
    return this.#graph.steps.filter(({ state }) => state !== 'running').length
  }

  /**
   * Draws over the frame before. Between frames the cursor is visible and long lines wrap again, so that a
   * process which is killed leaves a usable terminal. The last column stays free: in it terminals differ.
   */
  #frame(header: string, rows: readonly Row[]): string {
    const columns = this.#terminal.size().columns - 1
    const lines = [cut(header, columns), ...rows.map((row) => paint(row, columns, this.#terminal.color))]
    const up = this.#height > 0 ? `\x1b[${this.#height}A` : ''
    this.#height = lines.length
    const drawn = lines.map((line) => `${line}${eraseLine}\n`).join('')
    return `${hideCursor}${cutLines}${up}\r${drawn}${eraseBelow}${wrapLines}${showCursor}`
  }
}

// ECMA-48, and DEC private modes 7 and 25, which every terminal with cursor movement knows.
const eraseLine = '\x1b[K'
const eraseBelow = '\x1b[J'
const cutLines = '\x1b[?7l'
const wrapLines = '\x1b[?7h'
const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
