import { type Timestamp, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type {
  AgentSandboxUsage as WireAgentSandboxUsage,
  ContainerBuildUsage as WireContainerBuildUsage,
  GithubActionsJobsUsage as WireGithubActionsUsage,
  ProjectUsage as WireProjectUsage,
  StorageUsage as WireStorageUsage,
} from '../../gen/depot/core_usage_pb.js'
import { type CallOptions, callIdempotent, checkedId } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'
import { type PageOptions, pages } from '../api/paging.ts'
import { dateOf } from '../api/time.ts'

/** From one point in time up to another. */
export interface UsagePeriod {
  readonly startAt: Date
  /** Later than `startAt`. */
  readonly endAt: Date
}

const usagePeriodNames: OptionNames<UsagePeriod> = { startAt: true, endAt: true }

/** What one project has used. */
export interface ProjectUsage {
  readonly projectId: string
  readonly buildCount: number
  readonly buildDurationSeconds: number
  readonly layerCacheSizeGb: number
}

/** What an organization has used, part by part as it is billed. */
export interface OrganizationUsage {
  /** The period that the figures are of, as Depot has rounded it. */
  readonly startAt: Date | undefined
  readonly endAt: Date | undefined
  readonly containerBuilds: readonly ContainerBuildUsage[]
  readonly githubActions: readonly GithubActionsUsage[]
  readonly storage: readonly StorageUsage[]
  readonly agentSandboxes: readonly AgentSandboxUsage[]
}

/** The builds of one project. */
export interface ContainerBuildUsage {
  readonly projectName: string
  readonly buildCount: number
  /** By the cache. */
  readonly minutesSaved: number
  readonly minutesBilled: number
}

/** The jobs of one repository on Depot's runners. */
export interface GithubActionsUsage {
  /** `owner/name` */
  readonly repo: string
  readonly total: JobsUsage
  readonly jobs: readonly (JobsUsage & { readonly workflow: string; readonly runner: string })[]
}

export interface JobsUsage {
  readonly jobCount: number
  readonly minutesElapsed: number
  readonly minutesBilled: number
}

export interface StorageUsage {
  readonly storageType: string
  readonly totalGb: number
}

export interface AgentSandboxUsage {
  readonly agentType: string
  readonly sandboxesCount: number
  readonly minutesElapsed: number
  readonly minutesBilled: number
}

/** What an organization and its projects use. Throws what {@link Projects} throws. */
export class Usage {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** What the organization has used in a period. */
  async get(period: UsagePeriod, options?: CallOptions): Promise<OrganizationUsage> {
    const request = checkedPeriod(period)
    const usage = await callIdempotent((call) => this.#api.usage.getUsage(request, call), options)
    return {
      startAt: dateOf(usage.periodStart),
      endAt: dateOf(usage.periodEnd),
      containerBuilds: usage.containerBuild.map(containerBuildOf),
      githubActions: usage.githubActionsJobs.map(githubActionsOf),
      storage: usage.storage.map(storageOf),
      agentSandboxes: usage.agentSandbox.map(agentSandboxOf),
    }
  }

  /** What one project has used in a period. */
  async getProject(projectId: string, period: UsagePeriod, options?: CallOptions): Promise<ProjectUsage> {
    const request = { projectId: checkedId(projectId, 'projectId'), ...checkedPeriod(period) }
    const { usage } = await callIdempotent((call) => this.#api.usage.getProjectUsage(request, call), options)
    if (usage === undefined) throw unusableReply('depot.core.v1.UsageService/GetProjectUsage', 'its usage')
    return projectOf(usage)
  }

  /** What each project has used in a period, page by page as they are read. */
  async *listProjects(
    period: UsagePeriod,
    options?: PageOptions,
  ): AsyncGenerator<ProjectUsage, void, undefined> {
    const request = checkedPeriod(period)
    yield* pages(
      (page) => async (call) => {
        const { usage, nextPageToken } = await this.#api.usage.listProjectUsage({ ...request, ...page }, call)
        return { items: usage.map(projectOf), nextPageToken }
      },
      options,
    )
  }
}

function checkedPeriod(period: UsagePeriod): { startAt: Timestamp; endAt: Timestamp } {
  checkKnownOptions(period, usagePeriodNames)
  const { startAt, endAt } = period
  for (const [option, date] of Object.entries({ startAt, endAt }))
    if (!(date instanceof Date) || Number.isNaN(date.getTime()))
      throw invalidOption(option, { expected: 'a Date', received: date })
  if (startAt >= endAt)
    throw invalidOption('endAt', { expected: 'a time after startAt', received: endAt.toISOString() })
  return { startAt: timestampFromDate(startAt), endAt: timestampFromDate(endAt) }
}

function projectOf(wire: WireProjectUsage): ProjectUsage {
  const { projectId, buildCount, buildDurationSeconds, layerCacheSizeGb } = wire
  return { projectId, buildCount, buildDurationSeconds, layerCacheSizeGb }
}

function containerBuildOf(wire: WireContainerBuildUsage): ContainerBuildUsage {
  const { projectName, buildCount, minutesSaved, minutesBilled } = wire
  return { projectName, buildCount, minutesSaved, minutesBilled }
}

function githubActionsOf({ repo, total, jobs }: WireGithubActionsUsage): GithubActionsUsage {
  return {
    repo,
    total: jobsOf(total ?? { jobCount: 0, minutesElapsed: 0, minutesBilled: 0 }),
    jobs: jobs.map(({ workflow, runner, ...usage }) => ({ workflow, runner, ...jobsOf(usage) })),
  }
}

function jobsOf({ jobCount, minutesElapsed, minutesBilled }: JobsUsage): JobsUsage {
  return { jobCount, minutesElapsed, minutesBilled }
}

function storageOf({ storageType, totalGb }: WireStorageUsage): StorageUsage {
  return { storageType, totalGb }
}

function agentSandboxOf(wire: WireAgentSandboxUsage): AgentSandboxUsage {
  const { agentType, sandboxesCount, minutesElapsed, minutesBilled } = wire
  return { agentType, sandboxesCount, minutesElapsed, minutesBilled }
}
