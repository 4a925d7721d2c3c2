import type { Graph } from './graph.ts'
import { timed } from './step-log.ts'

/** For each step that failed by itself, its name and the last lines of its output; empty when none did. */
export function failureBlocks(graph: Graph): string {
  const failed = graph.steps.filter((step) => step.state === 'failed')
  const lines = failed.flatMap((step) => [
    '------',
    ` > ${step.name}:`,
    ...(graph.log(step)?.lines ?? []).map(timed),
    '------',
  ])
  return lines.map((line) => `${line}\n`).join('')
}
