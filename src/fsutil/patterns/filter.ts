import { BuildkitError, messageOf } from '../../base/errors.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import { groupsOf, type PatternGroup } from './pattern-group.ts'
import { compilePatterns, type Pattern } from './patterns.ts'
import { patternAdvice, ReferenceFilter } from './reference-filter.ts'

/** Decides what of one directory is sent. */
export interface Filter {
  /**
   * Whether this entry of the directory is sent; `path` is its whole path. Throws CONTEXT_FAILED when that depends on a
   * pattern that cannot be read; where it is not known whether the entry is a directory, as if it were one.
   */
  sends(path: ByteString, isDirectory?: boolean): boolean
  /** The filter of a directory in this one; nothing when no entry below it can be sent. */
  enter(path: ByteString): Filter | undefined
}

/**
 * Reads the two pattern lists of a transfer. Without includes everything is included; a list of nothing but
 * blanks is one that includes nothing. Throws CONTEXT_FAILED for a pattern that the Go client refuses at once.
 */
export function createFilter(
  includePatterns: readonly ByteString[],
  excludePatterns: readonly ByteString[],
): Filter {
  const include = compiled('includepatterns', includePatterns)
  const exclude = compiled('excludepatterns', excludePatterns)
  const isBroken = [include, exclude].some((patterns) => patterns?.some((pattern) => pattern.isBroken))
  return isBroken ? ReferenceFilter.of(include, exclude) : new FastFilter(stateOf(include), stateOf(exclude))
}

/**
 * Knows what the patterns have said of the directories above, and keeps only those patterns that can still say
 * something: a walk with hundreds of them stays cheap.
 */
class FastFilter implements Filter {
  readonly #include: PatternState | undefined
  readonly #exclude: PatternState | undefined

  constructor(include: PatternState | undefined, exclude: PatternState | undefined) {
    this.#include = include
    this.#exclude = exclude
  }

  sends(path: ByteString): boolean {
    return (this.#include?.matches(path) ?? true) && !(this.#exclude?.matches(path) ?? false)
  }

  enter(path: ByteString): Filter | undefined {
    const include = this.#include?.enter(path)
    const exclude = this.#exclude?.enter(path)
    if (include !== undefined && !include.matched && include.isFinal) return undefined
    if (exclude?.matched && exclude.isFinal) return undefined
    return new FastFilter(unlessFinal(include), unlessFinal(exclude))
  }
}

/** One list of patterns as it stands in one directory (moby/patternmatcher `MatchesUsingParentResults`). */
class PatternState {
  /** What the list says of the directory itself. */
  readonly matched: boolean
  /** True when it says the same of everything below. */
  readonly isFinal: boolean
  readonly #groups: readonly PatternGroup[]
  /** Of each group, whether it matches one of the directories: then it matches whatever is below. */
  readonly #inherited: readonly boolean[]

  constructor(groups: readonly PatternGroup[], inherited: readonly boolean[], matched: boolean) {
    this.#groups = groups
    this.#inherited = inherited
    this.matched = matched
    this.isFinal = groups.every((group, index) => inherited[index] === true || group.isException !== matched)
  }

  /** The last group that matches decides; one that could not change the outcome so far is not asked. */
  matches(path: ByteString): boolean {
    let matched = false
    for (let index = 0; index < this.#groups.length; index++) {
      const group = this.#groups[index]!
      if (this.#inherited[index]) matched = !group.isException
      else if (group.isException === matched && group.matches(path)) matched = !matched
    }
    return matched
  }

  enter(path: ByteString): PatternState {
    const groups: PatternGroup[] = []
    const inherited: boolean[] = []
    let matched = false
    for (let index = 0; index < this.#groups.length; index++) {
      const group = this.#groups[index]!
      const matches =
        this.#inherited[index] === true || (group.isException === matched && group.matches(path))
      if (matches) matched = !group.isException
      const below = matches ? group : group.below(`${path}/`)
      if (below === undefined) continue
      groups.push(below)
      inherited.push(matches)
    }
    return new PatternState(groups, inherited, matched)
  }
}

function stateOf(patterns: readonly Pattern[] | undefined): PatternState | undefined {
  return patterns && new PatternState(groupsOf(patterns), [], false)
}

function compiled(list: string, patterns: readonly ByteString[]): readonly Pattern[] | undefined {
  if (patterns.length === 0) return undefined
  try {
    return compilePatterns(patterns)
  } catch (error) {
    throw new BuildkitError(
      'CONTEXT_FAILED',
      `invalid ${list}: [${patterns.map(textOf).join(' ')}]: ${messageOf(error)}`,
      { cause: error, advice: patternAdvice },
    )
  }
}

/** A list that says no more than that everything goes need not be asked again. */
function unlessFinal(state: PatternState | undefined): PatternState | undefined {
  return state?.isFinal ? undefined : state
}
