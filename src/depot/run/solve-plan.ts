import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, pickOptions } from '../../base/known-options.ts'
import { checkSharedCacheExports, exportsOfEach, pushedNames } from '../../platforms/shared-exports.ts'
import { parseReference } from '../../registry/reference.ts'
import type { Attachable } from '../../session/attachable.ts'
import type { RegistryGrant } from '../../session/auth/granted-auth.ts'
import { isAuth } from '../../session/auth/local-auth.ts'
import { checkShape, solveOptionNames } from '../../solve/options/check-shape.ts'
import type { Export, SolveOptions } from '../../solve/options/options.ts'
import { checkBuildPlan } from '../builds/build-plan.ts'
import { type DepotSolveOptions, depotSolveOptionNames, loadTargetNames } from './depot-solve-options.ts'
import { type MachineShare, sharesOf } from './machine-shares.ts'
import { pushGrants } from './push-credentials.ts'

/** What follows from the options of a build alone, before Depot is asked for anything. */
export interface SolvePlan {
  /** One for each machine. */
  readonly shares: readonly MachineShare[]
  /** What the image is pushed as, beside what Depot saves it as. */
  readonly names: readonly string[]
  /** For pushing. */
  readonly grants: readonly RegistryGrant[]
  /** How often a solve is made again after a fault of the daemon's own. */
  readonly retries: number
}

/** Throws INVALID_OPTION for options that there are not, or that contradict each other. */
export function planSolves(options: DepotSolveOptions, env: NodeJS.ProcessEnv): SolvePlan {
  checkKnownOptions(options, depotSolveOptionNames)
  checkShape(pickOptions<SolveOptions>(options, solveOptionNames))
  const { tags = [], push = false, save = false, load = false } = options
  checkBuildPlan({ tags, save })
  if (typeof load !== 'boolean') checkKnownOptions(load, loadTargetNames, 'load.')
  const { exports = [], session = [], frontendAttrs, pushCredentials } = options
  const shares = sharesOf(options.platforms)
  for (const tag of tags) parseReference(tag, 'tags')
  if (push && tags.length === 0)
    throw invalidOption('tags', { expected: 'names to push the image to', received: undefined })
  if (frontendAttrs?.platform !== undefined)
    throw invalidOption('frontendAttrs.platform', {
      expected: 'none: the option platforms decides on the machines too',
      received: frontendAttrs.platform,
    })
  const several = shares.length > 1
  if (several && options.definition !== undefined)
    throw invalidOption('definition', {
      expected: 'one machine: a definition is for its platform',
      received: `platforms of ${shares.length}`,
    })
  if (load !== false && (several || shares[0]!.platforms.length > 1))
    throw invalidOption('load', {
      expected: 'a single platform: an Engine takes an image of one',
      received: options.platforms?.join(', '),
      advice: 'Save the image and pull it, or load each platform by itself',
    })
  const names = push ? tags : []
  if (session.filter(isAuth).length > 1)
    throw invalidOption('session', {
      expected: 'one attachable for registry credentials',
      received: 'several',
    })
  // What Depot will have the image saved as is not known yet, only that it will be a push.
  if (several) {
    exportsOfEach([...exports, ...imageExport(save === false ? names : [...names, 'saved'])])
    checkSharedCacheExports(options.cacheExports ?? [])
  }
  const pushed = [...names, ...pushedNames(exports)]
  const grants =
    pushed.length === 0 && pushCredentials === undefined ? [] : pushGrants(pushed, pushCredentials, env)
  return { shares, names, grants, retries: retriesOf(env) }
}

/** What a build needs to know beside its plan, once it is registered. */
export interface SolveInputs {
  /** What Depot wants the image saved as. */
  readonly savedTags: readonly string[]
  /** Opens registries. */
  readonly auth: Attachable
  /** What loads the image, if anything. */
  readonly load: readonly Export[]
}

/** The options of the solve on one machine. */
export function solveOptionsOf(
  share: MachineShare,
  options: DepotSolveOptions,
  { shares, names }: SolvePlan,
  { savedTags, auth, load }: SolveInputs,
): SolveOptions {
  const { exports = [], session = [], frontendAttrs = {} } = options
  const several = shares.length > 1
  const frontend = options.definition === undefined ? (options.frontend ?? dockerfileFrontend) : undefined
  const all = [...exports.map(withVersion), ...imageExport([...savedTags, ...names]), ...load]
  return {
    ...pickOptions<SolveOptions>(options, solveOptionNames),
    ...(frontend === undefined ? {} : { frontend }),
    // Depot has the steps from its machines: to record them there too would slow the build down (depot/cli).
    internal: options.internal ?? true,
    frontendAttrs: {
      ...(frontend === dockerfileFrontend ? dockerfileAttrs(options) : {}),
      ...frontendAttrs,
      ...(share.platforms.length === 0 ? {} : { platform: share.platforms.join(',') }),
      // So that each machine answers with an index, be it of one.
      ...(several ? { 'multi-platform': 'true' } : {}),
    },
    exports: several ? exportsOfEach(all) : all,
    session: [...session.filter((attachable) => !isAuth(attachable)), auth],
  }
}

/** One push under all names; none without any. */
function imageExport(names: readonly string[]): Export[] {
  return names.length === 0
    ? []
    : [withVersion({ type: 'image', attrs: { name: names.join(','), push: 'true' } })]
}

const dockerfileFrontend = 'dockerfile.v0'

/**
 * What Depot's own client puts into every build (depot/cli `pkg/buildx/build`): the dashboard shows the Dockerfile of builds
 * with `DEPOT_TARGET`, and the image says where it comes from.
 */
function dockerfileAttrs({ provenance = true }: DepotSolveOptions): Record<string, string> {
  return {
    'build-arg:DEPOT_TARGET': 'default',
    ...(provenance ? { 'attest:provenance': 'mode=min,inline-only=true' } : {}),
  }
}

/** Has Depot's machines say what the image consists of; other daemons take no notice. */
export function withVersion(entry: Export): Export {
  if (entry.type !== 'image') return entry
  return { ...entry, attrs: { 'depot.export.image.version': '2', ...entry.attrs } }
}

/** Five by default, as with Depot's own client, which has the variable too. */
function retriesOf({ DEPOT_BUILDKIT_ERROR_MAX_RETRY_COUNT: text = '' }: NodeJS.ProcessEnv): number {
  if (text === '') return 5
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw invalidOption('DEPOT_BUILDKIT_ERROR_MAX_RETRY_COUNT', {
    expected: 'a whole number, 0 or more',
    received: text,
  })
}
