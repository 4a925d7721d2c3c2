import type { SolveStatus } from '../solve/status/status.ts'
import { failureBlocks } from './failure-blocks.ts'
import { Graph, type Step } from './graph.ts'
import { PlainSection, type PrintedItems } from './plain-section.ts'
import { printInterval, type View } from './view.ts'
import { warningList } from './warning-list.ts'

/** The step being printed keeps its turn for at least so many milliseconds; the longer, the busier it is. */
const shortestTurn = 5_000
/** A step that has waited for so many milliseconds gets the next turn. */
const longestWait = 10_000
/** With so many characters of log waiting, roughly, everything is printed, whose turn it may be. */
const mostWaiting = 4 << 20

/**
 * Lines for a log file or a dumb terminal, like BuildKit's own plain output (moby/buildkit
 * `util/progress/progressui/printer.go`). Each line carries the number of its step. One step is printed at a
 * time; when another one takes over, a blank line and its name come first.
 */
export function plainView(): View {
  return new PlainView()
}

class PlainView implements View {
  readonly #graph = new Graph({
    step: (step) => this.#note(step),
    item: (step, item) => this.#note(step).addItem(item),
    warning: (step, text) => this.#note(step).addWarning(text),
    log: (step, piece) => {
      const section = this.#note(step)
      this.#waiting -= section.waiting
      section.addLog(piece)
      this.#waiting += section.waiting
      if (this.#waiting > mostWaiting) this.#printAll()
    },
  })
  readonly #sections = new Map<Step, PlainSection>()
  readonly #printedItems: PrintedItems = new Map()
  /** Sections that have something to print. */
  readonly #news = new Set<PlainSection>()
  /** The section printed last, unless its step is over. */
  #current: PlainSection | undefined
  #waiting = 0
  #numbers = 0
  #now = 0
  #printedAt = Number.NEGATIVE_INFINITY
  #text = ''

  update(status: SolveStatus, now: number): string {
    this.#now = now
    this.#graph.apply(status)
    if (now - this.#printedAt < printInterval) return this.#take()
    this.#printedAt = now
    return this.refresh(now)
  }

  refresh(now: number): string {
    this.#now = now
    this.#print()
    return this.#take()
  }

  end(now: number): string {
    this.#now = now
    this.#printAll()
    const current = this.#current
    if (current !== undefined)
      this.#text += current.step.state === 'running' ? current.closeLine() : current.outcome()
    this.#text += failureBlocks(this.#graph) + warningList(this.#graph)
    return this.#take()
  }

  #take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  #note(step: Step): PlainSection {
    const section = this.#sections.get(step) ?? new PlainSection(step, this.#printedItems)
    this.#sections.set(step, section)
    section.count(this.#now)
    this.#news.add(section)
    return section
  }

  /** What is over comes first, then the step whose turn it is. */
  #print(): void {
    const { over, running } = this.#due()
    const current = this.#current?.step.state === 'running' ? this.#current : undefined
    for (const section of over) this.#show(section)
    if (current !== undefined && running.includes(current)) this.#show(current)
    const next = running.length > 0 ? this.#next(current, running) : this.#silent(current)
    if (next !== undefined) this.#show(next)
  }

  #printAll(): void {
    const { over, running } = this.#due()
    for (const section of [...over, ...running]) this.#show(section)
  }

  #due(): { over: PlainSection[]; running: PlainSection[] } {
    const due = [...this.#news].filter(({ step }) => step.begun)
    const stop = (section: PlainSection) =>
      section === this.#current ? 0 : (section.step.intervals.latestStop ?? 0)
    return {
      over: due.filter(({ step }) => step.state !== 'running').sort((a, b) => stop(a) - stop(b)),
      running: due.filter(({ step }) => step.state === 'running'),
    }
  }

  /** The step to turn to: at once where no step has its turn, else when the turn has lasted long enough. */
  #next(current: PlainSection | undefined, running: readonly PlainSection[]): PlainSection | undefined {
    const rate = (section: PlainSection) => section.rate(this.#now)
    const others = running.filter((section) => section !== current)
    const overdue = others.find((section) => section.age(this.#now) > longestWait)
    const busiest = others.reduce<PlainSection | undefined>(
      (most, section) => (most === undefined || rate(section) > rate(most) ? section : most),
      undefined,
    )
    if (current === undefined || overdue !== undefined) return overdue ?? busiest
    const othersRate = others.reduce((sum, section) => sum + rate(section), 0)
    const turn = (shortestTurn * (othersRate + rate(current))) / othersRate
    return current.age(this.#now) > turn ? busiest : undefined
  }

  /** While nothing else goes on, a step that says nothing is shown at least by its name. */
  #silent(current: PlainSection | undefined): PlainSection | undefined {
    if (current !== undefined) return undefined
    const step = this.#graph.steps.find(({ state }) => state === 'running')
    return step && this.#sections.get(step)
  }

  #show(section: PlainSection): void {
    if (section !== this.#current) {
      if (this.#current !== undefined) this.#text += this.#current.leave()
      if (this.#numbers > 0) this.#text += '\n'
      this.#text += section.header(this.#now, () => ++this.#numbers)
    }
    this.#waiting -= section.waiting
    this.#text += section.news()
    this.#current = section.isOver ? undefined : section
    if (section.isOver) this.#text += section.outcome()
    this.#news.delete(section)
  }
}
