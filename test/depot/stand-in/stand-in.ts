import { type Authority, createAuthority } from '../../support/certificates.ts'
import type { Build } from './build.ts'
import { Connections } from './connection.ts'
import { Faults } from './faults.ts'
import { finish } from './finish.ts'
import { Heartbeats } from './heartbeats.ts'
import { Journal } from './journal.ts'
import { Leases } from './leases.ts'
import { type Answer, listen } from './listener.ts'
import type { StartMachinePool } from './machine.ts'
import { NoMachines } from './no-machines.ts'
import type { Plane, Settings } from './plane.ts'
import { addProject, addProjectToken } from './project-service.ts'
import type { Authorize, StartSavedImages } from './saved-images.ts'
import { answerWith } from './server.ts'
import { newId, State } from './state.ts'
import type { JobIdentity } from './tokens.ts'

export interface StandInOptions {
  /** Where its machines come from; by default every request for one fails. */
  readonly machines?: StartMachinePool
  /** Where builds save images; nowhere by default. */
  readonly images?: StartSavedImages
  readonly settings?: Partial<Settings>
  /**
   * Serves https with a certificate for 127.0.0.1 and localhost, HTTP/2 or HTTP/1.1 as ALPN says; of this authority, or
   * of one of its own.
   */
  readonly tls?: boolean | Authority
  /** Any free one by default. */
  readonly port?: number
}

/** A local control plane that Depot's own clients accept. */
export interface StandIn extends AsyncDisposable {
  /** For `DEPOT_API_URL`. */
  readonly apiUrl: string
  /** The authority behind its https; undefined without TLS. */
  readonly ca: string | undefined
  readonly organizationId: string
  readonly organizationToken: string
  /** Host and port of the registry; undefined without one. */
  readonly registryHost: string | undefined
  readonly journal: Journal
  readonly faults: Faults
  /** May be changed at any time. */
  readonly settings: Settings
  /** Another tenant, which sees nothing of the first. */
  createOrganization(name?: string): { organizationId: string; token: string }
  /** A token that sees several organizations. */
  userToken(organizationIds: readonly string[]): string
  /** With a token that is good for this project only. */
  createProject(options?: { name?: string; organizationId?: string }): { projectId: string; token: string }
  /** What is known of a build: its outcome, its steps, when it ends. */
  build(buildId: string): Build
  /** From now on every heartbeat hears that the build is to stop then: now by default. */
  cancelBuild(buildId: string, at?: Date): void
  /** From now on the token, of whatever kind, is as good as none. */
  expireToken(token: string): void
  /** A token of a CI provider, good for the projects that have a trust policy for it. */
  jobToken(identity: JobIdentity): string
}

/** Starts one on 127.0.0.1. Nothing of it is left after its scope. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const settings: Settings = { ...defaults, ...options.settings }
  const state = new State()
  const journal = new Journal()
  const faults = new Faults()
  const parts: (AsyncDisposable | Disposable)[] = []
  const part = <T extends AsyncDisposable | Disposable>(started: T): T => {
    parts.unshift(started)
    return started
  }
  try {
    const pool = part((await options.machines?.(settings)) ?? new NoMachines())
    const images = options.images && part(await options.images(registryAccess(state)))
    const leases = new Leases(pool)
    const heartbeats: Heartbeats = part(new Heartbeats(settings, (buildId) => abandon(buildId)))
    const abandon = (buildId: string) => {
      const build = state.build(buildId)
      build.cancelsAt = new Date()
      finish({ leases, heartbeats }, build, { status: 'cancelled', by: 'stand-in' })
    }
    const connections = part(new Connections())
    const { tls } = options
    const authority = tls === true ? await createAuthority("The stand-in's authority") : tls || undefined
    const certificate = await authority?.issue({ names: ['localhost', '127.0.0.1'] })
    let answer: Answer = () => {}
    const listener = part(
      await listen((request, response) => answer(request, response), certificate, options.port),
    )
    const apiUrl = `http${authority === undefined ? '' : 's'}://127.0.0.1:${listener.port}`
    const plane: Plane = { state, faults, settings, heartbeats, leases, connections, images, apiUrl }
    answer = answerWith(plane, journal)
    const createOrganization = (name = 'An organization') => {
      const organizationId = newId()
      state.organizations.set(organizationId, { name, createdAt: new Date() })
      return { organizationId, token: state.tokens.issue({ kind: 'organization', organizationId }) }
    }
    const { organizationId, token: organizationToken } = createOrganization('The stand-in')
    let disposed: Promise<void> | undefined
    return {
      apiUrl,
      ca: authority?.ca,
      organizationId,
      organizationToken,
      registryHost: images?.host,
      journal,
      faults,
      settings,
      createOrganization,
      userToken: (organizationIds) => state.tokens.issue({ kind: 'user', organizationIds }),
      createProject({ name = 'A project', organizationId: owner = organizationId } = {}) {
        const { message } = addProject(state, { organizationId: owner, name, regionId: 'us-east-1' })
        const { projectId } = message
        return { projectId, token: addProjectToken(state, projectId, 'Made by the stand-in').secret }
      },
      build: (buildId) => state.build(buildId),
      cancelBuild(buildId, at = new Date()) {
        state.build(buildId).cancelsAt = at
      },
      expireToken: (token) => state.tokens.revoke(token),
      jobToken: (identity) => state.tokens.issue({ kind: 'job', identity }),
      [Symbol.asyncDispose]() {
        disposed ??= disposeAll(parts)
        return disposed
      },
    }
  } catch (error) {
    await disposeAll(parts)
    throw error
  }
}

const defaults: Settings = {
  lingerMs: 120_000,
  heartbeatTimeoutMs: 60_000,
  waitMs: 100,
  compressor: undefined,
}

/** What the tokens of the control plane are good for in its registry. */
function registryAccess(state: State): Authorize {
  return (password) => {
    const holder = state.tokens.holder(password)
    switch (holder?.kind) {
      case 'user':
      case 'organization':
        return { projectId: undefined, push: true }
      case 'project':
      case 'build':
        return { projectId: holder.projectId, push: true }
      case 'pull':
        return { projectId: holder.projectId, push: false }
      default:
        return undefined
    }
  }
}

/** One after the other, all of them even when one fails. */
async function disposeAll(parts: (AsyncDisposable | Disposable)[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts)
    try {
      await (Symbol.asyncDispose in part ? part[Symbol.asyncDispose]() : part[Symbol.dispose]())
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw new AggregateError(failures, 'the stand-in did not stop cleanly')
}
