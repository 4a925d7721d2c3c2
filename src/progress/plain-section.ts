import { setBounded } from '../base/bounded-map.ts'
import { amount } from './amount.ts'
import type { Item, Step } from './graph.ts'
import { type LogPiece, timed } from './step-log.ts'

/** An item is printed again when it has got on by this part of its total, or after so many milliseconds. */
const worthwhileShare = 0.05
const worthwhileTime = 5_000
/** Of a piece of log, beside its text. */
const pieceSize = 64

/**
 * How each item was last printed, by its name: what another step has just printed under the same name is not worth
 * repeating before it is done (moby/buildkit `progressui/printer.go` goes by the name too).
 */
export type PrintedItems = Map<string, { item: Item; current: number; timestamp: number; done: boolean }>

const maxPrinted = 10_000

/** One step in plain output: what is not printed yet, and how. Every line starts with the step's number. */
export class PlainSection {
  readonly step: Step
  /** How much log waits to be printed: its characters, and the size of what holds them. */
  waiting = 0
  #prefix = ''
  readonly #items = new Set<Item>()
  readonly #printed: PrintedItems
  #warnings: string[] = []
  #pieces: LogPiece[] = []
  #lineOpen = false
  #itemOpen = false
  #events = 0
  #since: number | undefined

  constructor(step: Step, printed: PrintedItems) {
    this.step = step
    this.#printed = printed
  }

  addItem(item: Item): void {
    this.#items.add(item)
  }

  addWarning(text: string): void {
    this.#warnings.push(text)
  }

  addLog(piece: LogPiece): void {
    if (piece.begins === 'again') this.#dropLine()
    this.#pieces.push(piece)
    this.waiting += piece.text.length + pieceSize
  }

  /** Counts an event, for {@link rate}. */
  count(now: number): void {
    this.#since ??= now
    this.#events++
  }

  /** How long its turn lasts, or how long it has waited for one since there was something to print. */
  age(now: number): number {
    return now - (this.#since ?? now)
  }

  /** Events per millisecond in that time. */
  rate(now: number): number {
    return this.#events / Math.max(1, this.age(now))
  }

  /** Whether the outcome is next: it waits for an item that this print has shown unfinished. */
  get isOver(): boolean {
    return this.step.state !== 'running' && !this.#itemOpen
  }

  /** Its turn begins. */
  header(now: number, nextNumber: () => number): string {
    this.#events = 0
    this.#since = now
    if (this.#prefix === '') this.#prefix = `#${nextNumber()} `
    return this.#line(this.step.name)
  }

  /** Everything that is not printed yet, but for the outcome. The last line can stay open. */
  news(): string {
    this.#itemOpen = false
    const items = [...this.#items].map((item) => this.#item(item)).join('')
    const warnings = this.#warnings.map((text) => this.#line(`WARN: ${text}`)).join('')
    const lines = items + warnings
    const text =
      (lines === '' ? '' : this.closeLine()) +
      lines +
      this.#pieces.map((piece) => this.#piece(piece)).join('')
    this.#items.clear()
    this.#warnings = []
    this.#pieces = []
    this.waiting = 0
    return text
  }

  /** Ends a line that is under way. */
  closeLine(): string {
    const text = this.#lineOpen ? '\n' : ''
    this.#lineOpen = false
    return text
  }

  /** The step goes on, but another one is printed now. */
  leave(): string {
    this.#endTurn()
    return this.closeLine() + this.#line('...')
  }

  outcome(): string {
    this.#endTurn()
    return this.closeLine() + this.#line(this.#outcome())
  }

  #endTurn(): void {
    this.#events = 0
    this.#since = undefined
  }

  #outcome(): string {
    const { state, error = '', intervals } = this.step
    switch (state) {
      case 'canceled':
        return 'CANCELED'
      case 'failed':
        return `ERROR: ${error}`
      case 'cached':
        return 'CACHED'
      case 'done':
      case 'running':
        return `DONE ${(intervals.total(0) / 1000).toFixed(1)}s`
    }
  }

  /** Each line of a text gets the number, so that none passes for another step's. */
  #line(text: string): string {
    return text
      .split('\n')
      .map((line) => `${this.#prefix}${line}\n`)
      .join('')
  }

  #item(item: Item): string {
    if (!this.#isWorthwhile(item)) return ''
    const { name, current, timestamp, started, completed } = item
    const done = completed !== undefined
    setBounded(this.#printed, name, { item, current, timestamp, done }, maxPrinted)
    if (!done) this.#itemOpen = true
    const seconds = ((completed ?? timestamp) - (started ?? timestamp)) / 1000
    const parts = [name, amount(item), seconds > 0.01 ? `${seconds.toFixed(1)}s` : '', done ? 'done' : '']
    return this.#line(parts.filter((part) => part !== '').join(' '))
  }

  #isWorthwhile(item: Item): boolean {
    if (saysNothing(item)) return false
    const printed = this.#printed.get(item.name)
    if (printed === undefined) return true
    if (item.completed !== undefined) return printed.item !== item || !printed.done
    const progress = item.total > 0 ? (item.current - printed.current) / item.total : 0
    return progress >= worthwhileShare || item.timestamp - printed.timestamp >= worthwhileTime
  }

  #piece(piece: LogPiece): string {
    const continued = piece.begins === false
    // The end of a line that was closed when another step took over.
    if (continued && !this.#lineOpen && piece.text === '') return ''
    const text = continued && this.#lineOpen ? piece.text : this.closeLine() + this.#prefix + timed(piece)
    this.#lineOpen = !piece.ends
    return piece.ends ? `${text}\n` : text
  }

  #dropLine(): void {
    for (let last = this.#pieces.at(-1); last !== undefined && !last.ends; last = this.#pieces.at(-1)) {
      this.#pieces.pop()
      if (last.begins !== false) return
    }
  }
}

/** `transferring context:` announces a figure; one that has just begun has none. */
function saysNothing({ name, current, total, timestamp, started, completed }: Item): boolean {
  const isEmpty = name.endsWith(':') && current === 0 && total === 0
  return isEmpty && completed === undefined && timestamp - (started ?? timestamp) < worthwhileTime
}
