import { say } from '../../scripts/parts/say.ts'
import type { JournalEvent } from '../../test/depot/stand-in/journal.ts'
import { startMachinePool } from '../../test/depot/stand-in/machine-pool.ts'
import { type StandIn, startStandIn } from '../../test/depot/stand-in/stand-in.ts'
import { noOpDefinition } from '../definition.ts'
import { startDelayProxy } from '../distance.ts'
import { type Setting, startBareService, startCli, startOurService, startOurs } from './clients.ts'
import { distantPool } from './distant.ts'
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

/**
 * Depot's CLI, ours in a process for each build as that is, ours in one process for all, and in one process too the
 * calls of a build without any client.
 */
export type Contestant = 'cli' | 'process' | 'service' | 'bare'

/** Of builds close in time, so that whatever else the computer does strikes all. */
export type AddedTimes = Readonly<Record<Contestant, AddedTime>>

export interface AddedTimeOptions {
  readonly setting: Omit<Setting, 'apiUrl' | 'token'>
  readonly buildkitd: string
  readonly rounds: number
  /** Of the links between the clients and everything else; without it there are none. */
  readonly roundTripMs?: number
}

/**
 * Has all build the same over and over, on one machine that is warm by then: its cache has everything. Who begins a
 * round alternates.
 */
export async function measureAddedTime(options: AddedTimeOptions): Promise<AddedTimes[]> {
  await using receiver = await startTraceReceiver()
  const rounds = await play(options)
  // The daemon has stopped by now, and has told the last of what it has traced.
  const vertices = receiver.vertices()
  return rounds.map(({ cli, process, service, bare }) => ({
    cli: addedTime(cli, vertices),
    process: addedTime(process, vertices),
    service: addedTime(service, vertices),
    bare: addedTime(bare, vertices),
  }))
}

/** What the stand-in was asked in one build. */
type Calls = readonly JournalEvent[]

type Round = Readonly<Record<Contestant, Calls>>

/** What the stand-in orders a client to wait until it asks for its machine again. */
const waitMs = 100

/** A service has built before: the machine code of its first builds is not that of its later ones. */
const serviceWarmUp = 20

async function play(options: AddedTimeOptions): Promise<Round[]> {
  const { buildkitd, rounds, roundTripMs } = options
  await using standIn = await startStandIn({
    machines: async (settings) => {
      const pool = await startMachinePool(settings, { buildkitd })
      return roundTripMs === undefined ? pool : distantPool(pool, roundTripMs)
    },
    settings: { waitMs },
  })
  await using link =
    roundTripMs === undefined ? undefined : await startDelayProxy(standIn.apiUrl, roundTripMs)
  const apiUrl = link?.ready ?? standIn.apiUrl
  const setting = { ...options.setting, apiUrl, token: standIn.organizationToken }
  const order = standIn.createProject()
  const bareOrder = { ...order, definition: Buffer.from(noOpDefinition()).toString('base64') }
  await using ours = startOurService(setting)
  await using bare = startBareService(setting)
  const contestants: readonly (readonly [Contestant, () => Promise<void>])[] = [
    ['process', () => startOurs(setting, [order]).ended],
    ['cli', async () => (await startCli(setting, order)).ended],
    ['service', () => ours.build([order])],
    ['bare', () => bare.build([bareOrder])],
  ]
  const round = async (first: number): Promise<Round> => {
    const calls: { [C in Contestant]?: Calls } = {}
    for (const [name, build] of [...contestants.slice(first), ...contestants.slice(0, first)])
      calls[name] = await callsOf(standIn, build)
    return calls as Round
  }
  for (let i = 0; i < serviceWarmUp; i++) {
    await ours.build([order])
    await bare.build([bareOrder])
  }
  await round(0)
  const played: Round[] = []
  for (let i = 0; i < rounds; i++) {
    const distance = roundTripMs === undefined ? '' : ` at ${roundTripMs} ms`
    say(`time around a solve${distance}: round ${i + 1} of ${rounds}`)
    played.push(await round(i % contestants.length))
  }
  return played
}

async function callsOf(standIn: StandIn, build: () => Promise<void>): Promise<Calls> {
  const { journal } = standIn
  const before = journal.named('CreateBuild').length
  await build()
  const [created, ...others] = journal.named('CreateBuild').slice(before)
  if (created?.buildId === undefined || others.length > 0) throw new Error('this was not one build')
  const { outcome } = standIn.build(created.buildId)
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
