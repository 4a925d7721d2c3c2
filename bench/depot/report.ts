import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../../scripts/parts/cache.ts'
import { run } from '../../scripts/parts/command.ts'
import { machineLine } from '../machine.ts'
import { median, spread } from '../statistics.ts'
import { markdownTable, targetCells } from '../table.ts'
import type { AddedTime, AddedTimes, Contestant } from './added-time.ts'
import type { BuildsAtOnce, Need, Needs } from './builds-at-once.ts'

export interface Results {
  readonly addedTimes: readonly AddedTimes[]
  /** The same over links with that round trip. */
  readonly distantTimes: readonly AddedTimes[]
  readonly roundTripMs: number
  readonly buildsAtOnce: BuildsAtOnce
  /** How many builds that was. */
  readonly builds: number
}

export interface Circumstances {
  /** The programs. */
  readonly cli: string
  readonly buildkitd: string
  readonly inMemory: boolean
  /** How many processes of others wanted to run in the minute before. */
  readonly loadBefore: number
}

/** The whole of `bench/RESULTS-depot.md`. */
export async function report(results: Results, circumstances: Circumstances): Promise<string> {
  const { inMemory, loadBefore } = circumstances
  const place = inMemory ? 'in memory (tmpfs)' : 'on disk'
  return `# Compared with Depot's CLI

Written by \`npm run bench:depot\`; do not edit.

- Date: ${new Date().toISOString().slice(0, 10)}
- Versions: ${await versions(circumstances)}
- Machine: ${await machineLine()}
- Load average before: ${loadBefore.toFixed(1)}
- The daemons' state: ${place}

${resultTables(results)}
A ratio is ours to the CLI's, below 1 is less; it is the median over pairs of runs. The other figures are medians with
the least and the most.

## What is measured

Both clients build at the stand-in for Depot's control plane (\`test/depot/stand-in\`), on a real buildkitd that demands a
client certificate. They take turns, and who begins alternates; runs that warm up come first and do not count. Every build
has to end as a success.

**Time around a solve**: from the arrival of CreateBuild at the stand-in to the start of the first vertex, and from the end
of the last vertex to the arrival of FinishBuild. When vertices start and end is what the daemon says in its OpenTelemetry
trace, not what a client shows; all clocks are those of one computer. The build is a small Dockerfile whose result is
cached, on a machine that is running, without provenance and without a record in the daemon's history. When a client was
told to wait before it asks for its machine again, that time does not count: the control plane has added it (a median of
${waited(results.addedTimes)}). What the stand-in and the daemon need to answer does count, for both. The time until
a process calls CreateBuild does not.

- **a process for each build**: Node starts, builds once, and ends; as the CLI does.
- **one process for all builds**: a service that has built before.
- **no client, the bare calls**: \`bench/depot/bare.mjs\` makes the calls of a build with Node's HTTP/2 and TLS and nothing else, and
  solves one cached step without a session. No client on Node that makes these calls in this order can be faster: its row
  is the bound for the others.
- **${results.roundTripMs} ms away**: both reach the control plane and the machine through relays, processes of their own, which hold back
  every byte for half of it in either direction, and a connection for a whole one before it carries anything.

**Memory**: ${results.builds} builds of as many projects, ours in one process, the CLI's in a process each. A step of every build
waits until all have come as far, so that they do run at once. Their context is one file of 2 MB, which the daemon has from
the run before or which each build sends anew. The figure is the most that the clients' processes had
resident at any moment. Of our one process it is the resident set (RSS), so that it gains nothing from other Node processes
on the computer. The CLI's processes share the pages of their program: **once** counts each page once, as the sum of
their proportional sets (PSS); **for each** counts it in every process, as their resident sets do, and as it is where they
do not share a computer. \`/proc\` is read every 200 ms.
`
}

/** The figures, as tables in Markdown. */
export function resultTables(results: Results): string {
  const { addedTimes, distantTimes, roundTripMs, buildsAtOnce, builds } = results
  const away = `, ${roundTripMs} ms away`
  const times = [
    timeRow('one process for all builds', addedTimes, 'service'),
    timeRow(`one process for all builds${away}`, distantTimes, 'service'),
    timeRow('a process for each build', addedTimes, 'process'),
    timeRow(`a process for each build${away}`, distantTimes, 'process'),
    timeRow('no client, the bare calls', addedTimes, 'bare'),
    timeRow(`no client, the bare calls${away}`, distantTimes, 'bare'),
  ]
  const memory = [
    memoryRow('the daemon has it', 'once', buildsAtOnce.unchanged),
    memoryRow('the daemon has it', 'for each', buildsAtOnce.unchanged),
    memoryRow('each build sends it', 'once', buildsAtOnce.changed),
    memoryRow('each build sends it', 'for each', buildsAtOnce.changed),
  ]
  return `## Time around a solve

${markdownTable(timeHeader, times)}
## Memory for ${builds} builds at once

${markdownTable(memoryHeader, memory)}`
}

const timeTarget = 0.5
const memoryTarget = 0.1

const timeHeader = [
  'Ours',
  'Ratio',
  'Target',
  'Met',
  'Ours (ms)',
  'CLI (ms)',
  'To the first vertex, ours (ms)',
  'To the first vertex, CLI (ms)',
  'From the last vertex, ours (ms)',
  'From the last vertex, CLI (ms)',
]

function timeRow(title: string, rounds: readonly AddedTimes[], contestant: Contestant): string[] {
  const total = ({ before, after }: AddedTime) => before + after
  const sides = (figure: (of: AddedTime) => number) => [
    spread(
      rounds.map((round) => figure(round[contestant])),
      0,
    ),
    spread(
      rounds.map(({ cli }) => figure(cli)),
      0,
    ),
  ]
  return [
    title,
    ...targetCells(median(rounds.map((round) => total(round[contestant]) / total(round.cli))), timeTarget),
    ...sides(total),
    ...sides(({ before }) => before),
    ...sides(({ after }) => after),
  ]
}

const memoryHeader = [
  'Context',
  "The CLI's shared pages",
  'Ratio',
  'Target',
  'Met',
  'Ours (MiB)',
  'CLI (MiB)',
  'While all builds run, ours (MiB)',
  'While all builds run, CLI (MiB)',
]

/** How pages are counted that processes share. */
const counted = { once: 'proportional', 'for each': 'resident' } as const

function memoryRow(title: string, counting: keyof typeof counted, pairs: readonly Needs[]): string[] {
  const theirs = counted[counting]
  const sides = (figure: keyof Need) => [
    spread(
      pairs.map(({ ours }) => ours[figure].resident),
      0,
    ),
    spread(
      pairs.map(({ cli }) => cli[figure][theirs]),
      0,
    ),
  ]
  const ratio = median(pairs.map(({ ours, cli }) => ours.peak.resident / cli.peak[theirs]))
  return [title, counting, ...targetCells(ratio, memoryTarget), ...sides('peak'), ...sides('allRunning')]
}

function waited(rounds: readonly AddedTimes[]): string {
  const ms = (contestant: Contestant) => median(rounds.map((round) => round[contestant].ordered))
  return `${ms('process')} ms and ${ms('service')} ms for ours, ${ms('cli')} ms for the CLI`
}

async function versions({ cli, buildkitd }: Circumstances): Promise<string> {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'))
  const [theirs, daemon] = await Promise.all(
    [
      [cli, 'version'],
      [buildkitd, '--version'],
    ].map(async ([program, word]) => (await run(program!, [word!])).match(/v?\d+\.\d\S*/)?.[0]),
  )
  return `buildkit-client ${version} on Node ${process.versions.node}; Depot's CLI ${theirs}; buildkitd ${daemon}`
}
