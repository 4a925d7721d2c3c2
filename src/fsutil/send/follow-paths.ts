import { posix } from 'node:path'
import { type ByteString, textOf } from '../byte-string.ts'
import { Automaton } from '../patterns/automaton.ts'
import { BadPattern, hasWildcard, parseGlob } from '../patterns/glob.ts'
import { clean } from '../patterns/patterns.ts'
import type { Source } from './source.ts'

/**
 * Adds to the include patterns what the given paths lead to: each path, and wherever a part of it is a symlink,
 * that symlink and the path it stands for. Wildcards are left in the paths, and the symlinks they match are
 * followed too. An empty result includes everything.
 */
export async function followPaths(
  tree: Links,
  includePatterns: readonly ByteString[],
  paths: readonly ByteString[],
): Promise<readonly ByteString[]> {
  const follower = new Follower(tree)
  for (const path of paths) await follower.follow(path, 0)
  const found = withoutNested([...follower.found].sort())
  // One path is the root: then there is nothing to narrow down.
  if (found === undefined) return includePatterns
  return withoutNested([...includePatterns, ...found]) ?? []
}

type Links = Pick<Source, 'names' | 'readLink'>

/** A path through more links than this leads nowhere on Linux either (`MAXSYMLINKS`). */
const maxLinks = 40

class Follower {
  readonly found = new Set<ByteString>()
  readonly #tree: Links
  readonly #followed = new Set<string>()

  constructor(tree: Links) {
    this.#tree = tree
  }

  async follow(path: ByteString, links: number): Promise<void> {
    const names = clean(`./${path}`).split('/')
    for (let length = 1; length <= names.length; length++) {
      const current = names.slice(0, length).join('/')
      const rest = names.slice(length).join('/')
      const targets = names[0] === '..' ? [] : await this.#targets(current)
      if (targets.length === 0 && rest !== '') continue
      this.found.add(current)
      const step = `${current}\0${rest}`
      if (links === maxLinks || this.#followed.has(step)) return
      this.#followed.add(step)
      for (const target of targets) await this.follow(`${target}/${rest}`, links + 1)
      return
    }
  }

  /** Where the path, or each symlink its last name matches, leads to. */
  async #targets(path: ByteString): Promise<ByteString[]> {
    const directory = posix.dirname(path)
    const name = posix.basename(path)
    if (!hasWildcard(name)) return this.#linkTarget(directory, name)
    const isMatch = matcherOf(name)
    const names = await this.#tree.names(directory === '.' ? '' : directory)
    const targets: ByteString[] = []
    for (const match of names.filter(isMatch)) targets.push(...(await this.#linkTarget(directory, match)))
    return targets
  }

  async #linkTarget(directory: ByteString, name: ByteString): Promise<ByteString[]> {
    if (name === '.') return []
    const target = await this.#tree.readLink(posix.join(directory, name))
    if (target === undefined) return []
    // An absolute target starts at the root of the tree, and no target leads above it.
    return [target.startsWith('/') ? posix.normalize(target) : posix.join('/', directory, target)]
  }
}

function matcherOf(pattern: ByteString): (name: ByteString) => boolean {
  try {
    const automaton = new Automaton(parseGlob(textOf(pattern)))
    return (name) => automaton.matches(textOf(name))
  } catch (error) {
    if (error instanceof BadPattern) return () => false
    throw error
  }
}

/** Leaves out every path below the one before it; nothing at all if one of them is the root itself. */
function withoutNested(paths: readonly ByteString[]): ByteString[] | undefined {
  const kept: ByteString[] = []
  let last = ''
  for (const path of paths) {
    if (path === '.') return undefined
    if (path.startsWith(`${last}/`)) continue
    kept.push(path)
    last = path
  }
  return kept
}
