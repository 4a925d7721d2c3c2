// The front door of `buildkit-client/depot`: everything that follows semantic versioning, and nothing else.

export type { LoadedImage } from '../transport/engine-images.ts'
export type { CallOptions } from './account-call.ts'
export { DepotBuild, type DepotBuildOptions } from './build.ts'
export type { BuildPlan } from './build-plan.ts'
export type { CachePolicy } from './cache-policy.ts'
export { type AdoptBuildOptions, type CreateBuildOptions, Depot } from './depot.ts'
export type { DepotOptions } from './depot-options.ts'
export type { DepotResult, DepotRun } from './depot-run.ts'
export type { DepotSolveOptions, LoadTarget } from './depot-solve-options.ts'
export type { DepotEvent } from './event-feed.ts'
export type { Hardware } from './hardware.ts'
export type { Images, PullInfo, PullToken, PullTokenScope, SavedImage } from './images.ts'
export { type AcquireMachineOptions, Machine, type MachineConnectOptions } from './machine.ts'
export type { BuildPlatform, MachinePlatform } from './machine-platform.ts'
export type { MachineState } from './machine-state.ts'
export type { Outcome } from './outcome.ts'
export type { PageOptions } from './paging.ts'
export type {
  BuildId,
  BuildStep,
  BuildStepLog,
  PastBuild,
  PastBuildStatus,
  PastBuilds,
} from './past-builds.ts'
export { type ProjectIdOptions, resolveProjectId } from './project-id.ts'
export type { NewProjectToken, ProjectToken, ProjectTokens } from './project-tokens.ts'
export type { NewProject, Project, ProjectChanges, Projects } from './projects.ts'
export type { PushCredentials, RegistryLogin } from './push-credentials.ts'
export { type ResolvedToken, resolveToken, type TokenOptions, type TokenPlace } from './token.ts'
export type { TrustedJobs, TrustPolicies, TrustPolicy } from './trust-policies.ts'
