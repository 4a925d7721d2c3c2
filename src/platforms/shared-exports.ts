import { type BuildkitError, invalidOption } from '../base/errors.ts'
import { parseReference, type Reference } from '../registry/reference.ts'
import { exporterOf, isOn, isPush, isPushByDigest, localMode, namesOf } from '../solve/options/exporters.ts'
import type { CacheEntry, Export } from '../solve/options/options.ts'

/**
 * The exports of each of several builders, whose images become one afterwards: each pushes by digest what no tag names
 * yet. Files go into the same directory, where each platform has a folder. Throws INVALID_OPTION for exports that would
 * be in each other's way.
 */
export function exportsOfEach(exports: readonly Export[]): Export[] {
  const pushing = exports.findIndex(isTagPush)
  return exports.map((entry, index) => {
    const option = `exports[${index}]`
    if (exporterOf(entry).sends === 'stream') throw ofOneBuilder(option, `${entry.type}, which is one stream`)
    if (exporterOf(entry).sends === 'directory' && localMode(entry) === 'delete')
      throw ofOneBuilder(option, 'local with mode=delete, which would remove what the other builder writes')
    if (!isTagPush(entry)) return entry
    if (index !== pushing) throw ofOneBuilder(option, 'a second push')
    const repositories = new Set(namesOf(entry).map((name) => repositoryOf(parseReference(name))))
    const attrs = { ...entry.attrs, name: [...repositories].join(','), 'push-by-digest': 'true' }
    return { type: 'image', attrs }
  })
}

/** The names that an export pushes to; none for one that does not push. */
export function pushedNames(exports: readonly Export[]): string[] {
  return exports.filter(isTagPush).flatMap(namesOf)
}

/** Those of them whose registry is called insecure (moby/buildkit `exporter/containerimage`, `registry.insecure`). */
export function insecureNames(exports: readonly Export[]): string[] {
  return exports
    .filter((entry) => isTagPush(entry) && isOn(entry.attrs?.['registry.insecure']))
    .flatMap(namesOf)
}

/**
 * Throws INVALID_OPTION for a cache export that several builders would write to the same place: the last would replace
 * what the others have written, with success. An inline cache is in the image of each.
 */
export function checkSharedCacheExports(cacheExports: readonly CacheEntry[]): void {
  for (const [index, { type }] of cacheExports.entries())
    if (type !== 'inline')
      throw invalidOption(`cacheExports[${index}]`, {
        expected: 'inline, as several builders export',
        received: `${type}, where each would replace what the other has written`,
        advice: 'Leave it out where each builder keeps a cache, or build each platform by itself',
      })
}

/** A push that gives tags: one by digest stays as it is. */
function isTagPush(entry: Export): boolean {
  return isPush(entry) && !isPushByDigest(entry)
}

function repositoryOf({ domain, path }: Reference): string {
  return `${domain}/${path}`
}

function ofOneBuilder(option: string, received: string): BuildkitError {
  return invalidOption(option, {
    expected: 'an export that several builders can share: a push, or files',
    received,
    advice: 'Build for the platforms of one builder, or push the image and pull it',
  })
}
