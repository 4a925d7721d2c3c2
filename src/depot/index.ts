// The front door of `buildkit-client/depot`: everything that follows semantic versioning, and nothing else.

export { DepotBuild, type DepotBuildOptions } from './build.ts'
export { type AdoptBuildOptions, type CreateBuildOptions, Depot } from './depot.ts'
export type { DepotOptions } from './depot-options.ts'
export { type AcquireMachineOptions, Machine, type MachineConnectOptions } from './machine.ts'
export type { BuildPlatform, MachinePlatform } from './machine-platform.ts'
export type { MachineState } from './machine-state.ts'
export type { Outcome } from './outcome.ts'
export type { BuildPlan } from './registration.ts'
