import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../scripts/parts/cache.ts'
import { run } from '../scripts/parts/command.ts'
import type { Measured } from './comparison.ts'
import type { HealthFigures } from './health.ts'
import type { LivenessFigures } from './liveness.ts'
import { machineLine } from './machine.ts'
import { resultTable } from './results.ts'
import type { UnreadFigures } from './unread-runs.ts'

export interface Circumstances {
  /** The program. */
  readonly buildctl: string
  readonly inMemory: boolean
  /** How many processes of others wanted to run in the minute before. */
  readonly loadBefore: number
}

/** What is measured beside the comparison. */
export interface OtherFigures {
  readonly health: HealthFigures
  readonly liveness: LivenessFigures
  readonly unread: UnreadFigures
}

/** The whole of `bench/RESULTS.md`. */
export async function report(
  results: readonly Measured[],
  { health, liveness, unread }: OtherFigures,
  { buildctl, inMemory, loadBefore }: Circumstances,
): Promise<string> {
  const place = inMemory ? 'in memory (tmpfs)' : 'on disk'
  return `# Compared with buildctl

Written by \`npm run bench\`; do not edit.

- Date: ${new Date().toISOString().slice(0, 10)}
- Versions: ${await versions(buildctl)}
- Machine: ${await machineLine()}
- Load average before: ${loadBefore.toFixed(1)}; what else runs blurs wall times more than CPU times
- Inputs, outputs and the daemon's state: ${place}

${resultTable(results)}
Wall is the figure the targets are about; ratios are ours to buildctl's, below 1 is less than buildctl. A ratio is the
median over pairs of runs, the other figures are medians with the least and the most.

## Health checks meanwhile

While a session walked and sent the directory of many files, it answered ${health.checks} health checks, one after the other:
in ${health.medianMs.toFixed(1)} ms by the median, ${health.p99Ms.toFixed(1)} ms at the 99th percentile, ${health.longestMs.toFixed(1)} ms at the longest. The target is less
than 100 ms at the 99th percentile.

## A daemon that is stopped

It is noticed after ${liveness.noticedSeconds.toFixed(1)} s on a connection with nothing to do; the target is 25 s. To watch for it costs an idle
connection ${(liveness.watchedMs - liveness.unwatchedMs).toFixed(0)} ms of CPU in ${liveness.idleSeconds} s: its process took ${liveness.watchedMs.toFixed(0)} ms, and ${liveness.unwatchedMs.toFixed(0)} ms without a limit to the daemon's silence.

## Status that nobody reads

${unread.runs} runs that were each sent ${unread.sentMebibytes.toFixed(0)} MiB of status, none of it read, hold ${unread.usedMebibytes.toFixed(0)} MiB together once they are over; the bound is 8 MiB for
each. The process has ${unread.residentMebibytes.toFixed(0)} MiB more from the system than before.

## What is measured

Every run is a whole process, from start to exit, measured by GNU time: ours is Node running the built package, one is
buildctl, quiet. Both talk to the same private daemon over its Unix socket, with the same definition, the same
directory and the same outputs. They run in turn, and who begins alternates. Before the measured runs each
does one that is checked: by the number of bytes the daemon says it received, and by the digests in the archive.

- **cold**: the daemon's cache is emptied before each run. The definition holds only the local directory, so that the
  transfer is measured, not what a build does with it. All content is random.
- **unchanged**: the daemon has the directory already, and asks for none of its contents.
- **\`oci\` export**: an image with one uncompressed layer that is ready in the daemon's cache, written to a file.
- **round trip**: the same through a relay, in a process of its own, which holds back every byte for half of it in either
  direction and does not limit the rate.
- **no-op solves**: a definition whose result is cached. Ours does them one after the other in one process over one
  connection; buildctl needs a process for each. The time to start the processes counts for both.
`
}

async function versions(buildctl: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'))
  const theirs = (await run(buildctl, ['--version'])).match(/v\d\S*/)?.[0]
  return `buildkit-client ${version} on Node ${process.versions.node}; buildctl and buildkitd ${theirs}`
}
