import type { ByteString } from '../byte-string.ts'
import type { Pattern } from './patterns.ts'

/** Cuts a list into groups, where exceptions begin and end. */
export function groupsOf(patterns: readonly Pattern[]): PatternGroup[] {
  const groups: PatternGroup[] = []
  for (let start = 0; start < patterns.length; ) {
    const { isException } = patterns[start]!
    let end = start
    while (patterns[end]?.isException === isException) end++
    groups.push(groupOf(isException, patterns.slice(start, end)))
    start = end
  }
  return groups
}

function groupOf(isException: boolean, patterns: readonly Pattern[]): PatternGroup {
  const paths = new Set<ByteString>()
  const names = new Set<ByteString>()
  const others: Pattern[] = []
  for (const pattern of patterns) {
    if (pattern.path !== undefined) paths.add(pattern.path)
    else if (pattern.name !== undefined) names.add(pattern.name)
    else others.push(pattern)
  }
  return new PatternGroup(isException, paths, names, others)
}

/**
 * Neighbours in a list that are all exceptions, or all none. Once one of them matches, the others are not asked, so which
 * one it was does not matter: names without wildcards are looked up instead of compared one by one. A list may
 * hold ten thousand.
 */
export class PatternGroup {
  readonly isException: boolean
  /** Whole paths. */
  readonly #paths: ReadonlySet<ByteString>
  /** Names that match in any directory: patterns such as `**` + `/node_modules`. */
  readonly #names: ReadonlySet<ByteString>
  readonly #others: readonly Pattern[]

  constructor(
    isException: boolean,
    paths: ReadonlySet<ByteString>,
    names: ReadonlySet<ByteString>,
    others: readonly Pattern[],
  ) {
    this.isException = isException
    this.#paths = paths
    this.#names = names
    this.#others = others
  }

  matches(path: ByteString): boolean {
    if (this.#paths.has(path)) return true
    if (this.#names.size > 0 && this.#names.has(path.slice(path.lastIndexOf('/') + 1))) return true
    for (const pattern of this.#others) if (pattern.matches(path)) return true
    return false
  }

  /** What of it can match below a directory (`a/b/`); nothing when that is none. */
  below(directory: ByteString): PatternGroup | undefined {
    const paths = new Set<ByteString>()
    for (const path of this.#paths) if (path.startsWith(directory)) paths.add(path)
    const others = this.#others.filter((pattern) => pattern.canMatchBelow(directory))
    if (paths.size + this.#names.size + others.length === 0) return undefined
    return new PatternGroup(this.isException, paths, this.#names, others)
  }
}
