import { isPush } from '../../solve/options/exporters.ts'
import type { DepotBuild, DepotBuildOptions } from '../builds/build.ts'
import type { BuildPlan } from '../builds/build-plan.ts'
import { resolveProjectId } from '../identity/project-id.ts'
import type { DepotSolveOptions } from './depot-solve-options.ts'
import { withVersion } from './solve-plan.ts'

/** What registers builds: a `Depot`. */
export interface BuildRegistrar {
  createBuild(options: BuildPlan & DepotBuildOptions & { readonly projectId: string }): Promise<DepotBuild>
  /** Takes over a build that another process has registered; the caller's token is that build's. */
  adoptBuild(
    options: DepotBuildOptions & {
      readonly buildId: string
      readonly projectId: string | undefined
      readonly saveTags: readonly string[]
    },
  ): Promise<DepotBuild>
}

export interface BegunBuild {
  readonly build: DepotBuild
  /** What the image is saved as. */
  readonly savedTags: readonly string[]
}

/**
 * The build that `DEPOT_BUILD_ID` names, or else a new one, in the project of the options, of the environment, or of the
 * `depot.json` that is next to what is built (depot/cli `pkg/helpers/build.go`).
 */
export async function beginBuild(
  depot: BuildRegistrar,
  options: DepotSolveOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BegunBuild> {
  const { projectId: given, finishOnExit = false, save = false } = options
  const buildId = env.DEPOT_BUILD_ID?.trim()
  if (buildId) {
    const saveTags = typeof save === 'object' ? save.tags : []
    const build = await depot.adoptBuild({ buildId, projectId: given, saveTags, finishOnExit, signal })
    // The other process has not said whether it is saved.
    return { build, savedTags: save === false ? [] : build.savedTags }
  }
  const projectId = await resolveProjectId({ projectId: given, env, from: foldersOf(options.localDirs) })
  const build = await depot.createBuild({ ...planOf(options), projectId, finishOnExit, signal })
  return { build, savedTags: build.savedTags }
}

/** The folders of the context and of the Dockerfile; the working directory for what is not on the disk. */
function foldersOf(localDirs: DepotSolveOptions['localDirs'] = {}): string[] {
  const folders = [localDirs.context, localDirs.dockerfile]
  return [...new Set(folders.map((dir) => (typeof dir === 'string' ? dir : '.')))]
}

function planOf(options: DepotSolveOptions): BuildPlan {
  const { tags = [], push = false, save = false, load = false, exports = [], frontendAttrs = {} } = options
  const own = exports.map(({ type, attrs = {} }) => ({ type, attrs }))
  // Its names are known to Depot already, or up to it.
  const image =
    push || save !== false ? [withVersion({ type: 'image', attrs: push ? { push: 'true' } : {} })] : []
  return {
    ...{ tags, push: push || exports.some(isPush), save, load: load !== false },
    outputs: [...own, ...image],
    target: frontendAttrs.target,
  }
}
