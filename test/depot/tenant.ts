import { Depot } from '../../src/depot/depot.ts'
import type { DepotOptions } from '../../src/depot/depot-options.ts'
import type { FakeBehaviour } from '../support/fake-buildkitd.ts'
import { FakeMachines } from './stand-in/fake-machines.ts'
import type { JournalEvent } from './stand-in/journal.ts'
import type { Settings } from './stand-in/plane.ts'
import { type StandIn, startStandIn } from './stand-in/stand-in.ts'

/** The least that a fake machine builds. */
export const anySolve = { frontend: 'gateway.v0', frontendAttrs: { source: 'frontend.test/any' } } as const

/** A project at a stand-in of its own, with fake machines, and a client for it. */
export interface Tenant extends AsyncDisposable {
  readonly standIn: StandIn
  readonly machines: FakeMachines
  readonly depot: Depot
  readonly projectId: string
  /** The codes of the warnings so far. */
  readonly warnings: readonly string[]
  /** The methods that were called for a build, in order of arrival, without its heartbeats. */
  methods(buildId: string): string[]
  heartbeats(buildId: string): JournalEvent[]
}

export interface TenantOptions {
  readonly behaviour?: FakeBehaviour
  readonly settings?: Partial<Settings>
  readonly depot?: DepotOptions
}

export async function startTenant({
  behaviour,
  settings,
  depot: options,
}: TenantOptions = {}): Promise<Tenant> {
  const machines = new FakeMachines(behaviour)
  const standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5, ...settings } })
  const { projectId, token } = standIn.createProject()
  const warnings: string[] = []
  const onWarning = ({ code }: { code: string }) => warnings.push(code)
  const depot = new Depot({ apiUrl: standIn.apiUrl, token, env: {}, onWarning, ...options })
  const isHeartbeat = ({ method }: JournalEvent) =>
    method === 'ReportBuildHealth' || method === 'ReportHealth'
  return {
    standIn,
    machines,
    depot,
    projectId,
    warnings,
    methods: (buildId) =>
      standIn.journal
        .of(buildId)
        .filter((event) => !isHeartbeat(event))
        .map(({ method }) => method),
    heartbeats: (buildId) => standIn.journal.of(buildId).filter(isHeartbeat),
    async [Symbol.asyncDispose]() {
      await depot.close()
      await standIn[Symbol.asyncDispose]()
    },
  }
}
