import { checkCallback } from '../base/callback.ts'
import { BuildkitError, invalidOption, messageOf } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import { version } from '../base/version.ts'
import { emitWarning, type OnWarning } from '../base/warning.ts'
import { Images } from './account/images.ts'
import { Organizations } from './account/organizations.ts'
import { PastBuilds } from './account/past-builds.ts'
import { Projects } from './account/projects.ts'
import { Usage } from './account/usage.ts'
import { callIdempotent, callOnce, checkedId } from './api/account-call.ts'
import { type ApiChannel, DepotApi, defaultApiUrl, openApi } from './api/api.ts'
import type { TokenSource } from './api/token-source.ts'
import { fixedToken } from './api/token-source.ts'
import { DepotBuild, type DepotBuildOptions, depotBuildOptionNames } from './builds/build.ts'
import { type BuildPlan, buildPlanNames, checkBuildPlan } from './builds/build-plan.ts'
import { onExitSignalDuring } from './builds/exit-signals.ts'
import { reportOutcome } from './builds/finish.ts'
import type { Outcome } from './builds/outcome.ts'
import { adopt, type Registration, register } from './builds/registration.ts'
import { type DepotOptions, depotOptionNames } from './depot-options.ts'
import { resolveProjectId } from './identity/project-id.ts'
import { callerToken, resolveToken } from './identity/token.ts'
import type { MachineApi } from './machine/machine-api.ts'
import { cliMachineApi } from './machine/machine-api-cli.ts'
import { publicMachineApi } from './machine/machine-api-public.ts'
import type { MachinePlatform } from './machine/machine-platform.ts'
import { allowedOnRunner } from './machine/runner-allow-list.ts'
import type { BuildRegistrar } from './run/begin-build.ts'
import { type DepotRun, startDepotRun } from './run/depot-run.ts'
import type { DepotSolveOptions } from './run/depot-solve-options.ts'

export interface CreateBuildOptions extends BuildPlan, DepotBuildOptions {
  /** By default `DEPOT_PROJECT_ID`, or what `depot.json` says in this folder or above. */
  readonly projectId?: string | undefined
}

const createBuildOptionNames: OptionNames<CreateBuildOptions> = {
  ...buildPlanNames,
  ...depotBuildOptionNames,
  projectId: true,
}

export interface AdoptBuildOptions extends DepotBuildOptions {
  readonly buildId: string
  /** The build's own, as whoever has registered it got it. */
  readonly token: string
  /** Where Depot does not say. */
  readonly projectId?: string | undefined
  /** Names the saved image is to have beside the id of the build, as whoever has registered it has asked for. */
  readonly saveTags?: readonly string[] | undefined
}

const adoptBuildOptionNames: OptionNames<AdoptBuildOptions> = {
  ...depotBuildOptionNames,
  buildId: true,
  token: true,
  projectId: true,
  saveTags: true,
}

/** One of the two on the wire. */
type ApiOfMachines = (api: DepotApi, buildId: string, platform: MachinePlatform) => MachineApi

const defaultUserAgent = `buildkit-client-node/${version}`
const defaultRequestTimeoutMs = 30_000

/** Depot, as one caller may use it: a few connections for all its builds, each with its own token and machines. */
export class Depot implements AsyncDisposable {
  /** Those that the token sees. */
  readonly organizations: Organizations
  readonly projects: Projects
  /** What builds have saved. */
  readonly images: Images
  /** The builds that Depot knows of, whoever has made them. */
  readonly builds: PastBuilds
  /** What the organization and its projects use. */
  readonly usage: Usage
  readonly #env: NodeJS.ProcessEnv
  readonly #channel: ApiChannel
  readonly #api: DepotApi
  readonly #userAgent: string
  readonly #machineApi: ApiOfMachines
  readonly #requestTimeoutMs: number
  readonly #onWarning: OnWarning
  readonly #token: TokenSource
  /** Builds of another process that have been taken over by the environment's word. */
  readonly #adopted = new Set<string>()
  readonly #builds = new Set<DepotBuild>()
  /** Calls that will have added to the other two when they settle. */
  readonly #opening = new Set<Promise<DepotBuild>>()
  /** Builds whose caller did not wait for them to be registered. */
  readonly #abandoned = new Set<Promise<void>>()
  #closed = false

  /** Throws INVALID_OPTION for an option that there is not, and for an `apiUrl` that is none. Nothing is sent yet. */
  constructor(options: DepotOptions = {}) {
    checkKnownOptions(options, depotOptionNames)
    checkCallback('onWarning', options.onWarning)
    const { env = process.env, userAgent = defaultUserAgent, onWarning = emitWarning } = options
    this.#env = env
    this.#userAgent = userAgent
    this.#onWarning = onWarning
    this.#requestTimeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs
    this.#machineApi = machineApiOf(options.machineApi)
    this.#channel = openApi(options.apiUrl ?? (env.DEPOT_API_URL || defaultApiUrl), { env, onWarning })
    const token = callerToken({ token: options.token, env })
    this.#token = token
    this.#api = new DepotApi(this.#channel, token, userAgent)
    // Registering a build names its project, which says of which organization it is.
    const account = new DepotApi(this.#channel, token, userAgent, orgIdOf(options.orgId, env))
    this.organizations = new Organizations(account)
    this.projects = new Projects(account)
    this.images = new Images(account)
    this.builds = new PastBuilds(account)
    this.usage = new Usage(account)
  }

  /**
   * Registers a build. It is to be ended, by `await using` or `finish()`.
   *
   * Throws INVALID_OPTION, also where no project is named; UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND,
   * RESOURCE_EXHAUSTED or REFUSED by Depot; UNREACHABLE, TIMEOUT, API_FAILED; CANCELLED.
   */
  createBuild(options: CreateBuildOptions = {}): Promise<DepotBuild> {
    return this.#tracked(this.#createBuild(options), options)
  }

  /**
   * Takes over a build that somebody else has registered: `DEPOT_BUILD_ID` and its token. It is ended here,
   * by the same rules. Throws as {@link createBuild} does.
   */
  adoptBuild(options: AdoptBuildOptions): Promise<DepotBuild> {
    return this.#tracked(this.#adoptBuild(options), options)
  }

  /**
   * Starts a whole build: registers it, gets its machines, builds, and finishes it. Several platforms become one image.
   * Where `DEPOT_BUILD_ID` names a build, that one is taken over instead, with the caller's token, which is the build's.
   * What goes wrong is the rejection of its `result`.
   */
  build(options: DepotSolveOptions): DepotRun {
    const registrar: BuildRegistrar = {
      createBuild: (plan) => this.createBuild(plan),
      adoptBuild: (build) => this.#adoptOwn(build),
    }
    return startDepotRun(
      registrar,
      { ...options, onWarning: options?.onWarning ?? this.#onWarning },
      this.#env,
    )
  }

  /**
   * Ends the builds that are still open or being registered, with the outcomes they have, and the connection.
   * Idempotent.
   */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#abandoned, ...[...this.#builds].map((build) => build[Symbol.asyncDispose]())])
    this.#channel.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #createBuild(options: CreateBuildOptions): Promise<DepotBuild> {
    checkKnownOptions(options, createBuildOptionNames)
    this.#checkOpen(options.signal)
    checkBuildPlan(options)
    const projectId = await resolveProjectId({ projectId: options.projectId, env: this.#env })
    const registering = callOnce(({ signal }) => register(this.#api, projectId, options, signal), {
      timeoutMs: this.#requestTimeoutMs,
    })
    return this.#opened(await this.#unlessAborted(registering, options), options)
  }

  async #adoptBuild(options: AdoptBuildOptions): Promise<DepotBuild> {
    checkKnownOptions(options, adoptBuildOptionNames)
    const { projectId, signal } = options
    this.#checkOpen(signal)
    const buildId = checkedId(options.buildId, 'buildId')
    // Only what is given: another token than the build's is of no use.
    const { token } = await resolveToken({ token: options.token ?? '', env: {} })
    const api = this.#apiOf(token)
    const timeoutMs = this.#requestTimeoutMs
    const registration = await callIdempotent(
      (call) => adopt(api, { buildId, token, projectId }, call.signal),
      {
        signal,
        timeoutMs,
      },
    )
    return this.#opened(registration, options)
  }

  /** A build ends once: the second one that is to take over the same one is refused, instead of building in vain. */
  async #adoptOwn(options: Omit<AdoptBuildOptions, 'token'>): Promise<DepotBuild> {
    const { buildId, signal = new AbortController().signal } = options
    if (this.#adopted.has(buildId)) throw adoptedBefore(buildId)
    this.#adopted.add(buildId)
    try {
      return await this.adoptBuild({ ...options, token: await this.#token.token(signal) })
    } catch (error) {
      this.#adopted.delete(buildId)
      throw error
    }
  }

  #tracked(opening: Promise<DepotBuild>, options: DepotBuildOptions | undefined): Promise<DepotBuild> {
    this.#opening.add(opening)
    const settled = () => this.#opening.delete(opening)
    opening.then(settled, settled)
    // A build that is being registered would stay open too.
    if (options?.finishOnExit)
      onExitSignalDuring(opening, async () => (await opening).finish({ status: 'cancelled' }))
    return opening
  }

  async #opened(
    registration: Registration,
    options: DepotBuildOptions & Pick<AdoptBuildOptions, 'saveTags'>,
  ): Promise<DepotBuild> {
    const { buildId, token } = registration
    const api = this.#apiOf(token)
    const machine = (platform: MachinePlatform) => allowedOnRunner(this.#machineApi(api, buildId, platform))
    const finish = (outcome: Outcome) => reportOutcome(api, buildId, outcome)
    try {
      const build: DepotBuild = new DepotBuild(
        registration,
        { machine, finish: (outcome) => finish(outcome).finally(() => this.#builds.delete(build)) },
        { ...options, onWarning: this.#onWarning, env: this.#env },
      )
      this.#builds.add(build)
      return build
    } catch (error) {
      // Depot has registered it all the same: what it said of it cannot be used.
      await finish({ status: 'failed', error: messageOf(error) }).catch(() => {})
      throw error
    }
  }

  /** The token of a build calls for that build alone. */
  #apiOf(buildToken: string): DepotApi {
    return new DepotApi(this.#channel, fixedToken(buildToken), this.#userAgent)
  }

  /**
   * Waits no longer once the signal aborts. The call goes on: a build that Depot registers after all must not
   * stay open.
   */
  async #unlessAborted(
    registering: Promise<Registration>,
    { signal, finishOnExit = false }: DepotBuildOptions,
  ): Promise<Registration> {
    try {
      return await unlessAborted(registering, signal)
    } catch (error) {
      if (!signal?.aborted) throw error
      const abandoned = this.#abandon(registering)
      if (finishOnExit) onExitSignalDuring(abandoned, () => abandoned)
      throw error === signal.reason ? cancelled(error) : error
    }
  }

  #abandon(registering: Promise<Registration>): Promise<void> {
    const abandoned = registering
      .then((registration) => this.#opened(registration, {}))
      .then((build) => build.finish({ status: 'cancelled' }))
      .catch(() => {})
      .finally(() => this.#abandoned.delete(abandoned))
    this.#abandoned.add(abandoned)
    return abandoned
  }

  #checkOpen(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw cancelled(signal.reason)
    if (this.#closed) throw new BuildkitError('CLOSED', 'this Depot has been closed')
  }
}

function cancelled(reason: unknown): BuildkitError {
  return new BuildkitError('CANCELLED', 'registering the build was cancelled', {
    received: messageOf(reason),
    cause: reason,
  })
}

function adoptedBefore(buildId: string): BuildkitError {
  return new BuildkitError('REFUSED', `build ${buildId} has been taken over before`, {
    subject: 'DEPOT_BUILD_ID',
    expected: 'one depot.build() for it',
    received: 'a second one',
    advice: 'Leave DEPOT_BUILD_ID out of the option env of the Depot for builds of your own',
  })
}

function orgIdOf(orgId: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (orgId !== undefined) return checkedId(orgId, 'orgId')
  return env.DEPOT_ORG_ID ? checkedId(env.DEPOT_ORG_ID, 'DEPOT_ORG_ID') : undefined
}

function machineApiOf(name: DepotOptions['machineApi'] = 'cli'): ApiOfMachines {
  const apis = { cli: cliMachineApi, public: publicMachineApi }
  if (Object.hasOwn(apis, name)) return apis[name]
  throw invalidOption('machineApi', { expected: "'cli' or 'public'", received: name })
}
