import { Buffer } from 'node:buffer'
import { setBounded } from '../base/bounded-map.ts'
import type { SolveStatus, Vertex, VertexLog, VertexStatus, VertexWarning } from '../solve/status/status.ts'
import { ControlFilter, oneLine } from './control-sequences.ts'
import { Intervals } from './intervals.ts'
import { type LogPiece, StepLog } from './step-log.ts'
import { milliseconds } from './timestamp.ts'

/**
 * What the daemon names is no limit: so many characters of names, errors and warnings are kept, each counted
 * with the size of what it belongs to. That is room for 100,000 steps; what comes later is not shown.
 */
const mostKept = 64 << 20
const entrySize = 640
/** Logs whose last lines are kept: those written to last. */
const mostLogs = 1_000

/** Told of each change of a {@link Graph} while it happens. */
export interface Changes {
  /** A step has started, ended or got another outcome. */
  step(step: Step): void
  item(step: Step, item: Item): void
  /** A warning, in one line. */
  warning(step: Step, text: string): void
  log(step: Step, piece: LogPiece): void
}

/**
 * The state of a build, from its status messages: steps by digest, with the vertexes of a progress group
 * merged into one step. Its texts are safe to print. Times are milliseconds since 1970 by the daemon's clock.
 */
export class Graph {
  /** The steps to show, in the order in which they have begun. */
  readonly steps: Step[] = []
  /** When the first of them started. */
  startedAt: number | undefined
  /** The latest time in any message: it is at least that late at the daemon's. */
  latest = 0
  /** How many steps are known, those included that have not begun. */
  known = 0
  readonly #changes: Partial<Changes>
  readonly #byDigest = new Map<string, Step>()
  readonly #groups = new Map<string, Step>()
  readonly #logs = new Map<Step, StepLog>()
  #kept = 0

  constructor(changes: Partial<Changes> = {}) {
    this.#changes = changes
  }

  apply({ vertexes = [], statuses = [], logs = [], warnings = [] }: SolveStatus): void {
    for (const vertex of vertexes) this.#vertex(vertex)
    for (const status of statuses) this.#item(status)
    for (const warning of warnings) this.#warning(warning)
    for (const log of logs) this.#log(log)
  }

  /** The log of a step that runs or has failed, unless a great many other steps have written since. */
  log(step: Step): StepLog | undefined {
    return this.#logs.get(step)
  }

  #vertex(vertex: Vertex): void {
    const { error = '' } = vertex
    const step = this.#stepOf(vertex)
    if (step === undefined || (error !== '' && !this.#hasRoom(error)) || !step.update(vertex)) return
    this.startedAt ??= step.intervals.latestStart
    this.#see(step.intervals.latestStart)
    this.#see(step.intervals.latestStop)
    if (vertex.progressGroup?.weak !== true || step.error !== undefined) this.#begin(step)
    if (step.state === 'done' || step.state === 'cached') this.#logs.delete(step)
    this.#changes.step?.(step)
  }

  #stepOf({ digest = '', name, progressGroup: group }: Vertex): Step | undefined {
    if (group === undefined) return this.#known(this.#byDigest, digest, name ?? digest)
    if (!this.#byDigest.has(digest) && !this.#hasRoom(digest)) return undefined
    const step = this.#known(this.#groups, group.id ?? '', group.name ?? digest, true)
    if (step !== undefined) this.#byDigest.set(digest, step)
    return step
  }

  #known(map: Map<string, Step>, key: string, name: string, isGroup = false): Step | undefined {
    const known = map.get(key)
    if (known !== undefined || !this.#hasRoom(key, name)) return known
    const step = new Step(oneLine(name), isGroup)
    if (!isGroup) this.known++
    map.set(key, step)
    return step
  }

  /** A step that does something is shown; of a group that alone which its weak members do is not. */
  #begin(step: Step): void {
    if (step.begun) return
    step.begun = true
    if (step.isGroup) this.known++
    this.steps.push(step)
  }

  #item(status: VertexStatus): void {
    const { vertex = '', id = '' } = status
    const step = this.#byDigest.get(vertex)
    if (step === undefined || (!step.items.has(id) && !this.#hasRoom(id))) return
    const item = step.items.get(id) ?? new Item(id)
    step.items.set(id, item)
    item.update(status)
    this.#see(item.timestamp)
    if (item.started === undefined) return
    if (!step.isGroup) this.#begin(step)
    this.#changes.item?.(step, item)
  }

  /** A message that the daemon had to split repeats its warnings. */
  #warning(warning: VertexWarning): void {
    const step = this.#byDigest.get(warning.vertex ?? '')
    const { short = '', url, range } = warning
    const key = JSON.stringify([short, url, range])
    if (step === undefined || step.warnings.has(key) || !this.#hasRoom(key)) return
    const text = oneLine(Buffer.from(short, 'base64').toString())
    step.warnings.set(key, text)
    if (!step.isGroup) this.#begin(step)
    this.#changes.warning?.(step, text)
  }

  #log({ vertex = '', stream = 0, data, timestamp }: VertexLog): void {
    const step = this.#byDigest.get(vertex)
    if (step === undefined) return
    if (!step.isGroup) this.#begin(step)
    const log = this.#logs.get(step) ?? new StepLog()
    setBounded(this.#logs, step, log, mostLogs)
    const start = step.intervals.latestStart
    const time = milliseconds(timestamp) ?? start
    this.#see(time)
    const seconds = time === undefined || start === undefined ? 0 : (time - start) / 1000
    log.write(stream, data ?? '', seconds, (piece) => this.#changes.log?.(step, piece))
  }

  #see(time: number | undefined): void {
    this.latest = Math.max(this.latest, time ?? 0)
  }

  #hasRoom(...texts: string[]): boolean {
    const size = texts.reduce((sum, { length }) => sum + length, entrySize)
    if (this.#kept + size > mostKept) return false
    this.#kept += size
    return true
  }
}

/** One line of a progress view: a vertex, or the vertexes of a progress group. */
export class Step {
  /** As it was when the step was first heard of. */
  readonly name: string
  readonly isGroup: boolean
  /** Whether it is among the steps to show. */
  begun = false
  readonly intervals = new Intervals()
  /** By id, in the order in which they came. Only those that have started are to be shown. */
  readonly items = new Map<string, Item>()
  /** Each in one line, by what makes them differ. */
  readonly warnings = new Map<string, string>()
  /** What was last heard of each vertex. */
  readonly #heard = new Map<string, string>()
  readonly #uncached = new Set<string>()
  readonly #errors = new Map<string, string>()

  constructor(name: string, isGroup: boolean) {
    this.name = name
    this.isGroup = isGroup
  }

  /** Takes a snapshot; false when nothing has changed. An announcement changes nothing. */
  update(vertex: Vertex): boolean {
    const { digest = '', started, completed, cached, error = '' } = vertex
    const start = milliseconds(started)
    const news = JSON.stringify([started, completed, cached, error])
    const before = this.#heard.get(digest)
    if (before === news || (start === undefined && before !== undefined)) return false
    this.#heard.set(digest, news)
    this.#mark(digest, cached === true, error)
    if (start === undefined) return false
    this.intervals.add(digest, start, milliseconds(completed))
    return true
  }

  /** Why it failed or was cancelled; of a group the first reason. Can have several lines. */
  get error(): string | undefined {
    return this.#errors.values().next().value
  }

  get state(): 'running' | 'done' | 'cached' | 'canceled' | 'failed' {
    if (this.intervals.running || this.intervals.latestStart === undefined) return 'running'
    // The daemon's words for a step that was stopped, whatever stopped it.
    if (this.error !== undefined) return this.error.endsWith('context canceled') ? 'canceled' : 'failed'
    return this.#uncached.size === 0 ? 'cached' : 'done'
  }

  #mark(digest: string, cached: boolean, error: string): void {
    if (cached) this.#uncached.delete(digest)
    else this.#uncached.add(digest)
    if (error === '') this.#errors.delete(digest)
    else if (!this.#errors.has(digest))
      this.#errors.set(digest, new ControlFilter().write(error).replace(/\r\n?/g, '\n'))
  }
}

/** Something under way inside a step, such as the transfer of one layer. */
export class Item {
  /** What it is called; safe to print. */
  readonly name: string
  /** Bytes or a count; a total of 0 is unknown. */
  current = 0
  total = 0
  /** When this was so. */
  timestamp = 0
  started: number | undefined
  completed: number | undefined

  constructor(id: string) {
    this.name = oneLine(id)
  }

  update({ current = 0, total = 0, timestamp, started, completed }: VertexStatus): void {
    this.current = current
    this.total = total
    this.timestamp = milliseconds(timestamp) ?? this.timestamp
    this.started = milliseconds(started) ?? this.started
    this.completed = milliseconds(completed)
  }
}
