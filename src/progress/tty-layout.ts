import { amount } from './amount.ts'
import type { Graph, Item, Step } from './graph.ts'
import type { LogLine } from './step-log.ts'

/** What a line of the live view is about; decides its colour. */
export type Mood = 'running' | 'done' | 'canceled' | 'failed' | 'warning' | 'output'

/** A line of the live view, before it is fitted to the terminal. */
export interface Row {
  readonly text: string
  readonly mood: Mood
  /** How far it is; stands behind the text. */
  readonly amount?: string
  /** How long it took or takes, in milliseconds; stands at the right edge. */
  readonly time?: number
}

/** As many lines of output as a running step shows at most. */
const mostOutput = 6

/** Every step with its items and warnings. `now` is the time by the daemon's clock. */
export function everyRow(graph: Graph, now: number): Row[] {
  return graph.steps.flatMap((step) => rowsOf(step, now))
}

/**
 * As many rows as fit, in the order of the steps. What is under way has precedence; then the output of
 * running steps, those first that have written most; then what has finished last.
 */
export function fittingRows(graph: Graph, height: number, now: number): Row[] {
  // Each has a row at least, so of more steps the first ones have no room.
  const running = height === 0 ? [] : graph.steps.filter(({ state }) => state === 'running').slice(-height)
  const openRows = running.flatMap((step) => rowsOf(step, now)).filter(isOpen).length
  const outputs = fittingOutputs(graph, running, height - openRows)
  let openRoom = Math.min(openRows, height)
  let room = height - openRoom - [...outputs.values()].flat().length
  const upwards: Row[] = []
  for (let at = graph.steps.length - 1; at >= 0 && openRoom + room > 0; at--) {
    const step = graph.steps[at]!
    upwards.push(...(outputs.get(step) ?? []).toReversed())
    for (const row of rowsOf(step, now).reverse()) {
      const open = isOpen(row)
      if (open ? openRoom === 0 : room === 0) continue
      upwards.push(row)
      if (open) openRoom--
      else room--
    }
  }
  return upwards.reverse()
}

function isOpen({ mood }: Row): boolean {
  return mood === 'running'
}

function rowsOf(step: Step, now: number): Row[] {
  const items = [...step.items.values()].filter(({ started }) => started !== undefined)
  const warnings = [...step.warnings.values()]
  return [
    stepRow(step, now),
    ...items.map((item) => itemRow(item, step, now)),
    ...warnings.map((text): Row => ({ text: `WARN: ${text}`, mood: 'warning' })),
  ]
}

function stepRow({ name, state, intervals }: Step, now: number): Row {
  const time = intervals.total(now)
  switch (state) {
    case 'cached':
      return { text: `CACHED ${name}`, mood: 'done', time }
    case 'canceled':
      return { text: `CANCELED ${name}`, mood: state, time }
    case 'failed':
      return { text: `ERROR ${name}`, mood: state, time }
    case 'done':
    case 'running':
      return { text: name, mood: state, time }
  }
}

/** An item that its step has left unfinished counts as over with it. */
function itemRow(item: Item, step: Step, now: number): Row {
  const end = item.completed ?? (step.state === 'running' ? undefined : step.intervals.latestStop)
  return {
    text: `=> ${item.name}`,
    mood: end === undefined ? 'running' : 'done',
    amount: amount(item),
    time: Math.max(0, (end ?? now) - (item.started ?? now)),
  }
}

/** The last lines of output, of each step all of them or none. */
function fittingOutputs(graph: Graph, running: readonly Step[], room: number): Map<Step, Row[]> {
  const outputs = new Map<Step, Row[]>()
  const lines = (step: Step) => graph.log(step)?.count ?? 0
  let left = room
  for (const step of running.filter(lines).sort((a, b) => lines(b) - lines(a))) {
    const rows = (graph.log(step)?.lines ?? []).slice(-mostOutput).map(outputRow)
    if (rows.length > left) continue
    outputs.set(step, rows)
    left -= rows.length
  }
  return outputs
}

function outputRow({ text }: LogLine): Row {
  return { text: `=> # ${text.replaceAll('\t', '    ')}`, mood: 'output' }
}
