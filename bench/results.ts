import type { Measured } from './comparison.ts'
import type { Measurement } from './measure.ts'
import { median, spread } from './statistics.ts'
import { markdownTable, targetCells } from './table.ts'

/** The results as a table in Markdown. */
export function resultTable(results: readonly Measured[]): string {
  return markdownTable(header, results.map(row))
}

const header = [
  'Scenario',
  'Wall, ratio',
  'Target',
  'Met',
  'Wall, ours (s)',
  'Wall, buildctl (s)',
  'CPU, ratio',
  'CPU, ours (s)',
  'CPU, buildctl (s)',
  'Peak memory, ours (MiB)',
  'Peak memory, buildctl (MiB)',
]

function row({ scenario, pairs }: Measured): string[] {
  const wall = median(pairs.map(({ ours, buildctl }) => ours.wallSeconds / buildctl.wallSeconds))
  const cpu = median(pairs.map(({ ours, buildctl }) => ours.cpuSeconds / buildctl.cpuSeconds))
  const sides = (figure: (of: Measurement) => number, digits: number) => [
    spread(
      pairs.map(({ ours }) => figure(ours)),
      digits,
    ),
    spread(
      pairs.map(({ buildctl }) => figure(buildctl)),
      digits,
    ),
  ]
  return [
    scenario.title,
    ...targetCells(wall, scenario.target),
    ...sides(({ wallSeconds }) => wallSeconds, 2),
    cpu.toFixed(2),
    ...sides(({ cpuSeconds }) => cpuSeconds, 2),
    ...sides(({ peakMebibytes }) => peakMebibytes, 0),
  ]
}
