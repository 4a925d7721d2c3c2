import { type BuildkitError, invalidOption } from '../../base/errors.ts'
import { retry } from '../../base/retry.ts'
import { RegistryClient } from '../../registry/client.ts'
import { mergeIndexes } from '../../registry/image-index.ts'
import { parseReference, type Reference } from '../../registry/reference.ts'
import type { RegistryAuth } from '../../registry/registry-auth.ts'
import type { Export } from '../../solve/options/options.ts'
import { checkList } from '../builds/build-plan.ts'
import { type BuildPlatform, type MachinePlatform, machineFor } from '../machine/machine-platform.ts'

/** What one machine builds, in one solve. */
export interface MachineShare {
  readonly machine: MachinePlatform
  /** Such as `linux/amd64`; empty for the machine's own. */
  readonly platforms: readonly string[]
}

/**
 * Which machine builds which platforms, in the order given. Without any, one machine of this computer's architecture
 * builds for itself, as with Depot's own CLI. Throws INVALID_OPTION for a platform that no machine builds for.
 */
export function sharesOf(platforms: readonly BuildPlatform[] = []): MachineShare[] {
  checkList(platforms, 'platforms')
  const shares = new Map<MachinePlatform, Set<string>>()
  for (const platform of platforms) {
    const machine = machineFor(platform)
    const share = shares.get(machine) ?? new Set()
    shares.set(machine, share.add(platform === machine ? `linux/${platform}` : platform))
  }
  if (shares.size === 0) shares.set(process.arch === 'arm64' ? 'arm64' : 'amd64', new Set())
  return [...shares].map(([machine, set]) => ({ machine, platforms: [...set] }))
}

/**
 * The exports of each of several machines, whose images become one afterwards: each pushes by digest what no tag names
 * yet. Files go into the same directory, where each platform has one of its own. Throws INVALID_OPTION for exports
 * that would be in each other's way.
 */
export function exportsOfEach(exports: readonly Export[]): Export[] {
  const pushing = exports.findIndex(isPush)
  return exports.map((entry, index) => {
    const option = `exports[${index}]`
    if (entry.type === 'oci' || entry.type === 'docker' || entry.type === 'tar')
      throw ofOneMachine(option, `${entry.type}, which is one stream`)
    if (entry.type === 'local' && entry.attrs?.mode === 'delete')
      throw ofOneMachine(option, 'local with mode=delete, which would remove what the other machine writes')
    if (!isPush(entry)) return entry
    if (index !== pushing) throw ofOneMachine(option, 'a second push')
    const repositories = new Set(namesOf(entry).map((name) => repositoryOf(parseReference(name))))
    const attrs = { ...entry.attrs, name: [...repositories].join(','), 'push-by-digest': 'true' }
    return { type: 'image', attrs }
  })
}

/** The names that an export pushes to; none for one that does not push. */
export function pushedNames(exports: readonly Export[]): string[] {
  return exports.filter(isPush).flatMap(namesOf)
}

/**
 * Makes one image of what several machines have pushed by digest, under all of these names; returns its digest. Throws
 * what {@link RegistryClient} does, after trying again what may pass.
 */
export async function pushMerged(
  digests: readonly string[],
  names: readonly string[],
  { auth, signal }: { readonly auth: RegistryAuth; readonly signal: AbortSignal },
): Promise<string> {
  await using client = new RegistryClient({ auth })
  const images = names.map((name) => parseReference(name))
  const [first] = images
  const parts = digests.map((digest) => ({ ...first!, tag: undefined, digest }))
  const merged = mergeIndexes(
    await Promise.all(parts.map((part) => retry(() => client.manifest(part, signal), { signal }))),
  )
  const push = async (image: Reference) => {
    // Where tags cannot be changed, writing the same once more is refused too.
    if ((await client.digest(image, signal)) !== merged.digest) await client.put(image, merged, signal)
  }
  for (const image of images) await retry(() => push(image), { signal })
  return merged.digest
}

function isPush({ type, attrs = {} }: Export): boolean {
  return type === 'image' && attrs.push === 'true' && attrs['push-by-digest'] !== 'true'
}

function namesOf({ attrs = {} }: Export): string[] {
  return (attrs.name ?? '').split(',').filter((name) => name !== '')
}

function repositoryOf({ domain, path }: Reference): string {
  return `${domain}/${path}`
}

function ofOneMachine(option: string, received: string): BuildkitError {
  return invalidOption(option, {
    expected: 'an export that several machines can share: a push, or files',
    received,
    advice: 'Build for the platforms of one machine, or save the image and pull it',
  })
}
