import { invalidOption } from '../../base/errors.ts'
import type { TrustPolicy as Wire } from '../../gen/depot/core_pb.js'
import { type CallOptions, callIdempotent, callOnce, checkedId, checkedText } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'

/** Whose jobs are trusted. */
export type TrustedJobs =
  | { readonly provider: 'github'; readonly repositoryOwner: string; readonly repository: string }
  | { readonly provider: 'circleci'; readonly organizationUuid: string; readonly projectUuid: string }
  | { readonly provider: 'buildkite'; readonly organizationSlug: string; readonly pipelineSlug: string }

/** Lets the jobs of one repository or pipeline build in a project with their OIDC token. */
export type TrustPolicy = { readonly trustPolicyId: string } & (
  | TrustedJobs
  /** One that is newer than this package. */
  | { readonly provider: 'unknown' }
)

/** The trust policies of projects. Throws what {@link Projects} throws. */
export class TrustPolicies {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** Those of a project. */
  async list(projectId: string, options?: CallOptions): Promise<TrustPolicy[]> {
    const request = { projectId: checkedId(projectId, 'projectId') }
    const { trustPolicies } = await callIdempotent(
      (call) => this.#api.projects.listTrustPolicies(request, call),
      options,
    )
    return trustPolicies.map(policyOf)
  }

  /** Lets jobs of one repository or pipeline build in the project. */
  async add(projectId: string, jobs: TrustedJobs, options?: CallOptions): Promise<TrustPolicy> {
    const request = { projectId: checkedId(projectId, 'projectId'), provider: providerOf(jobs) }
    const { trustPolicy } = await callOnce(
      (call) => this.#api.projects.addTrustPolicy(request, call),
      options,
    )
    if (trustPolicy === undefined)
      throw unusableReply('depot.core.v1.ProjectService/AddTrustPolicy', 'the policy')
    return policyOf(trustPolicy)
  }

  /** Takes that back. */
  async remove(projectId: string, trustPolicyId: string, options?: CallOptions): Promise<void> {
    const request = {
      projectId: checkedId(projectId, 'projectId'),
      trustPolicyId: checkedId(trustPolicyId, 'trustPolicyId'),
    }
    await callOnce((call) => this.#api.projects.removeTrustPolicy(request, call), options)
  }
}

function providerOf(jobs: TrustedJobs) {
  switch (jobs.provider) {
    case 'github': {
      const repositoryOwner = checkedText(jobs.repositoryOwner, 'repositoryOwner')
      const repository = checkedText(jobs.repository, 'repository')
      return { case: jobs.provider, value: { repositoryOwner, repository } } as const
    }
    case 'circleci': {
      const organizationUuid = checkedText(jobs.organizationUuid, 'organizationUuid')
      const projectUuid = checkedText(jobs.projectUuid, 'projectUuid')
      return { case: jobs.provider, value: { organizationUuid, projectUuid } } as const
    }
    case 'buildkite': {
      const organizationSlug = checkedText(jobs.organizationSlug, 'organizationSlug')
      const pipelineSlug = checkedText(jobs.pipelineSlug, 'pipelineSlug')
      return { case: jobs.provider, value: { organizationSlug, pipelineSlug } } as const
    }
    default:
      throw invalidOption('provider', {
        expected: 'github, circleci or buildkite',
        received: (jobs as { provider?: unknown }).provider,
      })
  }
}

function policyOf({ trustPolicyId, provider }: Wire): TrustPolicy {
  switch (provider.case) {
    case 'github': {
      const { repositoryOwner, repository } = provider.value
      return { trustPolicyId, provider: provider.case, repositoryOwner, repository }
    }
    case 'circleci': {
      const { organizationUuid, projectUuid } = provider.value
      return { trustPolicyId, provider: provider.case, organizationUuid, projectUuid }
    }
    case 'buildkite': {
      const { organizationSlug, pipelineSlug } = provider.value
      return { trustPolicyId, provider: provider.case, organizationSlug, pipelineSlug }
    }
    default:
      return { trustPolicyId, provider: 'unknown' }
  }
}
