import {
  GetBuildStepsResponse_BuildStep_CacheState as CacheState,
  type GetBuildStepLogsResponse_Log as WireLog,
  type GetBuildStepsResponse_BuildStep as WireStep,
} from '../../gen/depot/build_pb.js'
import { Build_Status as Status, type Build as Wire } from '../../gen/depot/core_pb.js'
import { type CallOptions, callIdempotent, callOnce, checkedId, checkedText } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'
import { type PageOptions, pages } from '../api/paging.ts'
import { dateOf } from '../api/time.ts'

/** A build as the dashboard shows it. */
export interface PastBuild {
  readonly buildId: string
  readonly status: PastBuildStatus
  readonly createdAt: Date | undefined
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
  readonly buildDurationSeconds: number | undefined
  /** What the cache has saved. */
  readonly savedDurationSeconds: number | undefined
  readonly cachedSteps: number | undefined
  readonly totalSteps: number | undefined
}

/** `unknown` is newer than this package. */
export type PastBuildStatus = 'running' | 'success' | 'failed' | 'error' | 'cancelled' | 'unknown'

export interface BuildStep {
  readonly name: string
  readonly digest: string
  readonly startedAt: Date | undefined
  /** Undefined while it runs. */
  readonly completedAt: Date | undefined
  readonly cached: boolean
  /** What went wrong. */
  readonly error: string | undefined
  readonly hasLogs: boolean
}

export interface BuildStepLog {
  readonly message: string
  readonly timestamp: Date | undefined
}

/** Which build; both ids are needed. */
export interface BuildId {
  readonly projectId: string
  readonly buildId: string
}

/** The builds of projects, running ones included. Throws what {@link Projects} throws. */
export class PastBuilds {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** The builds of a project, page by page as they are read. */
  async *list(projectId: string, options?: PageOptions): AsyncGenerator<PastBuild, void, undefined> {
    const project = { projectId: checkedId(projectId, 'projectId') }
    yield* pages(
      (page) => async (call) => {
        const { builds, nextPageToken } = await this.#api.pastBuilds.listBuilds({ ...project, ...page }, call)
        return { items: builds.map(buildOf), nextPageToken }
      },
      options,
    )
  }

  async get(buildId: string, options?: CallOptions): Promise<PastBuild> {
    const request = { buildId: checkedId(buildId, 'buildId') }
    const { build } = await callIdempotent((call) => this.#api.pastBuilds.getBuild(request, call), options)
    if (build === undefined) throw unusableReply('depot.core.v1.BuildService/GetBuild', 'a build')
    return buildOf(build)
  }

  /** The steps of a build, page by page as they are read. */
  async *steps(build: BuildId, options?: PageOptions): AsyncGenerator<BuildStep, void, undefined> {
    const ids = checkedIds(build)
    yield* pages(
      (page) => async (call) => {
        const { buildSteps, nextPageToken } = await this.#api.builds.getBuildSteps({ ...ids, ...page }, call)
        return { items: buildSteps.map(stepOf), nextPageToken }
      },
      options,
    )
  }

  /** What a step has printed, by the step's digest. */
  async *stepLogs(
    build: BuildId & { readonly stepDigest: string },
    options?: PageOptions,
  ): AsyncGenerator<BuildStepLog, void, undefined> {
    const ids = { ...checkedIds(build), buildStepDigest: checkedText(build.stepDigest, 'stepDigest') }
    yield* pages(
      (page) => async (call) => {
        const { logs, nextPageToken } = await this.#api.builds.getBuildStepLogs({ ...ids, ...page }, call)
        return { items: logs.map(logOf), nextPageToken }
      },
      options,
    )
  }

  /** Lets whoever has the URL that is returned see the build. */
  async share(buildId: string, options?: CallOptions): Promise<string> {
    const request = { buildId: checkedId(buildId, 'buildId') }
    const { shareUrl } = await callOnce((call) => this.#api.pastBuilds.shareBuild(request, call), options)
    return shareUrl
  }

  async stopSharing(buildId: string, options?: CallOptions): Promise<void> {
    const request = { buildId: checkedId(buildId, 'buildId') }
    await callOnce((call) => this.#api.pastBuilds.stopSharingBuild(request, call), options)
  }
}

function checkedIds({ projectId, buildId }: BuildId): BuildId {
  return { projectId: checkedId(projectId, 'projectId'), buildId: checkedId(buildId, 'buildId') }
}

const statuses: Readonly<Record<Status, PastBuildStatus>> = {
  [Status.UNSPECIFIED]: 'unknown',
  [Status.RUNNING]: 'running',
  [Status.FAILED]: 'failed',
  [Status.SUCCESS]: 'success',
  [Status.ERROR]: 'error',
  [Status.CANCELED]: 'cancelled',
}

function buildOf(wire: Wire): PastBuild {
  return {
    buildId: wire.buildId,
    status: statuses[wire.status] ?? 'unknown',
    createdAt: dateOf(wire.createdAt),
    startedAt: dateOf(wire.startedAt),
    finishedAt: dateOf(wire.finishedAt),
    buildDurationSeconds: wire.buildDurationSeconds,
    savedDurationSeconds: wire.savedDurationSeconds,
    cachedSteps: wire.cachedSteps,
    totalSteps: wire.totalSteps,
  }
}

function stepOf({ name, digest, cacheState, error, hasLogs, ...wire }: WireStep): BuildStep {
  return {
    name,
    digest,
    startedAt: dateOf(wire.startedAt),
    completedAt: dateOf(wire.completedAt),
    cached: cacheState === CacheState.CACHED,
    error,
    hasLogs,
  }
}

function logOf({ message, timestamp }: WireLog): BuildStepLog {
  return { message, timestamp: dateOf(timestamp) }
}
