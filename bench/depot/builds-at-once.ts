import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { saying } from '../../scripts/parts/say.ts'
import { startMachinePool } from '../../test/depot/stand-in/machine-pool.ts'
import { type StandIn, startStandIn } from '../../test/depot/stand-in/stand-in.ts'
import { type Order, type Running, type Setting, startCli, startOurs } from './clients.ts'
import { startGate } from './gate.ts'
import { type Memory, memoryOf, peakMemory } from './memory.ts'

/** What clients need for so many builds at once. */
export interface BuildsAtOnce {
  /** Pairs of runs in which the daemon has the context of each build already. */
  readonly unchanged: readonly Needs[]
  /** Those in which each build sends it. */
  readonly changed: readonly Needs[]
}

export interface Needs {
  readonly ours: Need
  readonly cli: Need
}

export interface Need {
  /** From the start of the first process to the end of the last. */
  readonly peak: Memory
  /** While a step of every one of the builds runs. */
  readonly allRunning: Memory
}

export interface BuildsAtOnceOptions {
  readonly setting: Omit<Setting, 'apiUrl' | 'token'>
  readonly buildkitd: string
  /** So many at once. */
  readonly builds: number
  readonly pairs: number
}

/** Has each client make builds of as many projects at once, on one daemon; who begins alternates. */
export async function measureBuildsAtOnce(options: BuildsAtOnceOptions): Promise<BuildsAtOnce> {
  const { buildkitd, builds, pairs } = options
  await using standIn = await startStandIn({
    machines: (settings) => startMachinePool(settings, { buildkitd, shared: true }),
  })
  const setting = { ...options.setting, apiUrl: standIn.apiUrl, token: standIn.organizationToken }
  const projectIds = Array.from({ length: builds }, () => standIn.createProject().projectId)
  const ours = () => need(standIn, projectIds, 'ours', async (orders) => [startOurs(setting, orders)])
  const cli = () =>
    need(standIn, projectIds, "Depot's CLI", (orders) =>
      Promise.all(orders.map((order) => startCli(setting, order))),
    )
  const measured = async (prepare: () => Promise<void>) => {
    const run = async (client: () => Promise<Need>) => {
      await prepare()
      return client()
    }
    const results: Needs[] = []
    for (let i = 0; i < pairs; i++) {
      const first = i % 2 === 0 ? await run(ours) : undefined
      const theirs = await run(cli)
      results.push({ ours: first ?? (await run(ours)), cli: theirs })
    }
    return results
  }
  // So that the daemon has the context of each.
  await ours()
  await cli()
  return {
    unchanged: await measured(async () => {}),
    changed: await measured(() => touch(join(setting.context, 'busybox'))),
  }
}

/** Gives a file another time, so that it counts as changed. */
async function touch(file: string): Promise<void> {
  const now = new Date()
  await utimes(file, now, now)
}

/** Of a build that goes on when all others have come as far. */
export const waitingDockerfile = `FROM scratch
COPY busybox /bin/busybox
ARG GATE
RUN ["/bin/busybox", "sh", "-c", "exec /bin/busybox wget -q -O /dev/null $GATE"]
`

async function need(
  standIn: StandIn,
  projectIds: readonly string[],
  name: string,
  start: (orders: readonly Order[]) => Promise<Running[]>,
): Promise<Need> {
  await using gate = await startGate(projectIds.length)
  // Another address for each: the daemon does what it has done before, or is doing, only once.
  const orders = projectIds.map((projectId) => ({
    projectId,
    buildArgs: { GATE: `${gate.url}${projectId}` },
  }))
  return await saying(`${orders.length} builds at once: ${name}`, async () => {
    const running = await start(orders)
    const pids = running.map(({ pid }) => pid)
    const ended = Promise.all(running.map((client) => client.ended))
    const peak = peakMemory(pids, ended)
    await Promise.race([gate.full, peak])
    const allRunning = await memoryOf(pids)
    gate.open()
    const need = { peak: await peak, allRunning }
    checkOutcomes(standIn)
    return need
  })
}

function checkOutcomes({ journal, build }: StandIn): void {
  for (const { buildId } of journal.named('CreateBuild')) {
    const { outcome } = build(buildId!)
    if (outcome?.status !== 'success') throw new Error(`a build has ended as ${outcome?.status}`)
  }
}
