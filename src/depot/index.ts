// The front door of `buildkit-client/depot`: everything that follows semantic versioning, and nothing else.

export type { LoadedImage } from '../engine/images.ts'
export type { CachePolicy } from './account/cache-policy.ts'
export type { Hardware } from './account/hardware.ts'
export type {
  Images,
  PullInfo,
  PullToken,
  PullTokenScope,
  SavedImage,
  SavedTarget,
} from './account/images.ts'
export type { Organization, Organizations } from './account/organizations.ts'
export type {
  BuildId,
  BuildStep,
  BuildStepLog,
  PastBuild,
  PastBuildStatus,
  PastBuilds,
} from './account/past-builds.ts'
export type { NewProjectToken, ProjectToken, ProjectTokens } from './account/project-tokens.ts'
export type { NewProject, Project, ProjectChanges, ProjectListOptions, Projects } from './account/projects.ts'
export type { TrustedJobs, TrustPolicies, TrustPolicy } from './account/trust-policies.ts'
export type {
  AgentSandboxUsage,
  ContainerBuildUsage,
  GithubActionsUsage,
  JobsUsage,
  OrganizationUsage,
  ProjectUsage,
  StorageUsage,
  Usage,
  UsagePeriod,
} from './account/usage.ts'
export type { CallOptions } from './api/account-call.ts'
export { DepotApiError, type DepotApiErrorFields } from './api/api-error.ts'
export type { PageOptions } from './api/paging.ts'
export type { ApiErrorDetail } from './api/reply-facts.ts'
export { DepotBuild, type DepotBuildOptions } from './builds/build.ts'
export type { BuildPlan, PlannedOutput } from './builds/build-plan.ts'
export type { Outcome } from './builds/outcome.ts'
export { type AdoptBuildOptions, type CreateBuildOptions, Depot } from './depot.ts'
export type { DepotOptions } from './depot-options.ts'
export { type ProjectIdOptions, resolveProjectId } from './identity/project-id.ts'
export { type ResolvedToken, resolveToken, type TokenOptions, type TokenPlace } from './identity/token.ts'
export { type AcquireMachineOptions, Machine, type MachineConnectOptions } from './machine/machine.ts'
export type { BuildPlatform, MachinePlatform } from './machine/machine-platform.ts'
export type { MachineState } from './machine/machine-state.ts'
export type { DepotResult, DepotRun } from './run/depot-run.ts'
export type { DepotSolveOptions, LoadTarget } from './run/depot-solve-options.ts'
export type { DepotEvent } from './run/event-feed.ts'
export type { PushCredentials, RegistryLogin } from './run/push-credentials.ts'
