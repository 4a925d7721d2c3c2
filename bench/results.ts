import type { Measured } from './comparison.ts'
import type { Measurement } from './measure.ts'

/** The results as a table in Markdown. */
export function resultTable(results: readonly Measured[]): string {
  const rows = [header, header.map(() => '---'), ...results.map(row)]
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
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
    `**${wall.toFixed(2)}**`,
    `<= ${scenario.target}`,
    wall <= scenario.target ? 'yes' : '**no**',
    ...sides(({ wallSeconds }) => wallSeconds, 2),
    cpu.toFixed(2),
    ...sides(({ cpuSeconds }) => cpuSeconds, 2),
    ...sides(({ peakMebibytes }) => peakMebibytes, 0),
  ]
}

function spread(values: readonly number[], digits: number): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)]
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}-${most.toFixed(digits)})`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const last = sorted.length - 1
  return (sorted[Math.floor(last / 2)]! + sorted[Math.ceil(last / 2)]!) / 2
}
