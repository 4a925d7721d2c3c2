import { say } from '../../scripts/parts/say.ts'
import type { JournalEvent } from '../../test/depot/stand-in/journal.ts'
import { startMachinePool } from '../../test/depot/stand-in/machine-pool.ts'
import { type StandIn, startStandIn } from '../../test/depot/stand-in/stand-in.ts'
import { type Setting, startCli, startOurService, startOurs } from './clients.ts'
import { startTraceReceiver, type VertexSpan } from './trace-receiver.ts'

/** What a client adds around a solve; milliseconds. */
export interface AddedTime {
  /** From the arrival of CreateBuild to the start of the first vertex, but for {@link ordered}. */
  readonly before: number
  /** From the end of the last vertex to the arrival of FinishBuild. */
  readonly after: number
  /** How long the client was told to wait before it asks for its machine again. */
  readonly ordered: number
}

/** Builds close in time, one with each client. */
export interface AddedTimes {
  readonly process: AddedTime
  readonly service: AddedTime
  readonly cli: AddedTime
}

type Contestant = keyof AddedTimes

export interface AddedTimeOptions {
  readonly setting: Omit<Setting, 'apiUrl' | 'token'>
  readonly buildkitd: string
  readonly rounds: number
}

/**
 * Has each client build the same over and over, on one machine that is warm by then: its cache has everything. Who
 * begins a round alternates.
 */
export async function measureAddedTime(options: AddedTimeOptions): Promise<AddedTimes[]> {
  await using receiver = await startTraceReceiver()
  const rounds = await build(options)
  // The daemon has stopped, and told the last of what it has traced.
  return rounds.map(({ process, service, cli }) => ({
    process: addedTime(process, receiver.vertices),
    service: addedTime(service, receiver.vertices),
    cli: addedTime(cli, receiver.vertices),
  }))
}

/** The calls of the one build. */
type Calls = readonly JournalEvent[]

async function build({
  buildkitd,
  rounds,
  ...options
}: AddedTimeOptions): Promise<Record<Contestant, Calls>[]> {
  await using standIn = await startStandIn({
    machines: (settings) => startMachinePool(settings, { buildkitd }),
    settings: { waitMs },
  })
  const { apiUrl, organizationToken: token } = standIn
  const setting = { ...options.setting, apiUrl, token }
  const order = standIn.createProject()
  await using ours = startOurService(setting)
  const contestants: [Contestant, () => Promise<void>][] = [
    ['process', () => startOurs(setting, [order]).ended],
    ['cli', async () => (await startCli(setting, order)).ended],
    ['service', () => ours.build([order])],
  ]
  const round = async (first: number) => {
    const turns = [...contestants.slice(first), ...contestants.slice(0, first)]
    const calls: Partial<Record<Contestant, Calls>> = {}
    for (const [name, run] of turns) calls[name] = await callsOf(standIn, run)
    return calls as Record<Contestant, Calls>
  }
  // So that the machine is there, its cache is full, and the service has built before.
  await round(0)
  await round(0)
  const measured: Record<Contestant, Calls>[] = []
  for (let i = 0; i < rounds; i++) {
    say(`time around a solve: round ${i + 1} of ${rounds}`)
    measured.push(await round(i % contestants.length))
  }
  return measured
}

/** What the stand-in orders every client to wait until it asks again. */
const waitMs = 100

async function callsOf({ journal, build }: StandIn, run: () => Promise<void>): Promise<Calls> {
  const before = journal.named('CreateBuild').length
  await run()
  const [created, ...others] = journal.named('CreateBuild').slice(before)
  if (created?.buildId === undefined || others.length > 0) throw new Error('a client was to make one build')
  const { outcome } = build(created.buildId)
  if (outcome?.status !== 'success') throw new Error(`a build has ended as ${outcome?.status}`)
  return journal.of(created.buildId)
}

function addedTime(calls: Calls, all: readonly VertexSpan[]): AddedTime {
  const called = (method: string) => calls.filter((call) => call.method === method)
  const created = called('CreateBuild')[0]!.at.getTime()
  const finished = called('FinishBuild')[0]!.at.getTime()
  const vertices = all.filter(({ startedAt, endedAt }) => startedAt >= created && endedAt <= finished)
  if (vertices.length === 0) throw new Error('the daemon has not told when it has built')
  // The last of these calls has got the machine; each one before was told to come again.
  const ordered = (called('GetBuildKitConnection').length - 1) * waitMs
  return {
    before: Math.min(...vertices.map(({ startedAt }) => startedAt)) - created - ordered,
    after: finished - Math.max(...vertices.map(({ endedAt }) => endedAt)),
    ordered,
  }
}
