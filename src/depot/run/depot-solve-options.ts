import type { OptionNames } from '../../base/known-options.ts'
import type { TlsOptions } from '../../network/tls-options.ts'
import { solveOptionNames } from '../../solve/options/check-shape.ts'
import type { SolveOptions } from '../../solve/options/options.ts'
import { type DepotBuildOptions, depotBuildOptionNames } from '../builds/build.ts'
import { type BuildPlan, buildPlanNames } from '../builds/build-plan.ts'
import type { BuildPlatform } from '../machine/machine-platform.ts'
import type { PushCredentials } from './push-credentials.ts'

/** What to build on Depot, and where it goes. */
export interface DepotSolveOptions
  extends Omit<SolveOptions, 'ref' | 'signal'>,
    Omit<BuildPlan, 'load' | 'target' | 'outputs'>,
    DepotBuildOptions {
  /**
   * By default `DEPOT_PROJECT_ID`, or what `depot.json` says in the folder of the context or of the Dockerfile, or above it; in
   * the working directory, or above it, where there is none.
   */
  readonly projectId?: string | undefined
  /** By default that of this computer's architecture. Each machine builds its own platforms, all of them at once. */
  readonly platforms?: readonly BuildPlatform[] | undefined
  /**
   * Loads the image into a Docker Engine, under `tags`: `true` for the one of `DOCKER_HOST`, or else on this machine. It
   * is for one platform then.
   */
  readonly load?: boolean | LoadTarget | undefined
  /**
   * For pushing to the registries of `tags`, by host, such as `{ 'ghcr.io': { username, password } }`. They count before what
   * `session` has for the same registry. `{ 'ghcr.io': 'environment' }` takes the login of `DEPOT_PUSH_REGISTRY_USERNAME` and
   * `DEPOT_PUSH_REGISTRY_PASSWORD`, or of `DEPOT_PUSH_REGISTRY_AUTH`, for that registry; without it they are not read.
   */
  readonly pushCredentials?: PushCredentials | undefined
  /**
   * Puts the least provenance into the image, as Depot's CLI does, unless `frontendAttrs` has `attest:provenance`. True by
   * default; for Dockerfiles only.
   */
  readonly provenance?: boolean | undefined
  /** Builds once more on a fresh machine when one is lost, once for each. False by default. */
  readonly replaceLostMachine?: boolean | undefined
}

const { ref: _, ...ofEachSolve } = solveOptionNames
const { target: _target, outputs: _outputs, ...ofPlan } = buildPlanNames

export const depotSolveOptionNames: OptionNames<DepotSolveOptions> = {
  ...ofEachSolve,
  ...ofPlan,
  ...depotBuildOptionNames,
  projectId: true,
  platforms: true,
  pushCredentials: true,
  provenance: true,
  replaceLostMachine: true,
}

export interface LoadTarget {
  /** The Engine's address, such as `docker:///path/to/docker.sock` or `docker://host:port`. */
  readonly engine: string
  /** For an Engine on a TCP port. */
  readonly tls?: TlsOptions | undefined
}

export const loadTargetNames: OptionNames<LoadTarget> = { engine: true, tls: true }
