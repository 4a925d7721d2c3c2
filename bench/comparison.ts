import { rm } from 'node:fs/promises'
import { run } from '../scripts/parts/command.ts'
import { say } from '../scripts/parts/say.ts'
import { checkArchive } from './archive.ts'
import type { Client } from './clients.ts'
import { type Measurement, measure } from './measure.ts'
import type { Scenario } from './scenarios.ts'
import { transferredBytes } from './transferred.ts'

export interface Comparison {
  readonly clients: { readonly ours: Client; readonly buildctl: Client }
  readonly pairs: number
  /** Makes the daemon forget everything. */
  readonly emptyCache: () => Promise<void>
}

export interface Measured {
  readonly scenario: Scenario
  readonly pairs: readonly Pair[]
}

/** Two runs close in time, so that whatever else the machine does strikes both. */
export interface Pair {
  readonly ours: Measurement
  readonly buildctl: Measurement
}

/**
 * Runs a scenario with both clients in turn, and who begins alternates too: A B, B A, A B. A run of each goes
 * before that is not measured; it warms up, and shows that both do what the scenario says.
 */
export async function compare(scenario: Scenario, comparison: Comparison): Promise<Pair[]> {
  const { clients, pairs, emptyCache } = comparison
  const prepare = async () => {
    if (scenario.cold) await emptyCache()
    if (scenario.task.oci !== undefined) await rm(scenario.task.oci, { force: true })
  }
  const measured = async (client: Client) => {
    await prepare()
    return measure(client(scenario.task))
  }
  for (const client of [clients.buildctl, clients.ours]) {
    await prepare()
    await rehearse(scenario, client)
  }
  const results: Pair[] = []
  for (let i = 0; i < pairs; i++) {
    const first = i % 2 === 0 ? await measured(clients.ours) : undefined
    const buildctl = await measured(clients.buildctl)
    const ours = first ?? (await measured(clients.ours))
    say(`${scenario.name} ${i + 1}/${pairs}: ours ${ours.wallSeconds} s, buildctl ${buildctl.wallSeconds} s`)
    results.push({ ours, buildctl })
  }
  return results
}

/** Throws unless the client does what the scenario is about. */
async function rehearse(
  { name, task, expectTransfer, archiveBytes }: Scenario,
  client: Client,
): Promise<void> {
  const [command, ...args] = client(task, { status: true })
  const bytes = transferredBytes(await run(command!, args))
  if (expectTransfer !== undefined && !expectTransfer(bytes))
    throw new Error(`${name}: the daemon received ${bytes} bytes, and that is not this scenario`)
  if (archiveBytes !== undefined) await checkArchive(task.oci!, archiveBytes)
}
