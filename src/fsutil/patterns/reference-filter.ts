import { BuildkitError, messageOf } from '../../base/errors.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import type { Pattern } from './patterns.ts'

export const patternAdvice = 'See the .dockerignore file and the paths of COPY and ADD'

/**
 * The filter for lists with a pattern that cannot be read. The Go client compiles a pattern when a path is first held
 * against it, so whether such a list fails depends on the order of its work: this one keeps to that order (tonistiigi/fsutil
 * `filter.go`, moby/patternmatcher `MatchesUsingParentResults`), without any of our short cuts.
 */
export class ReferenceFilter {
  readonly #include: MatchList | undefined
  readonly #exclude: MatchList | undefined

  private constructor(include: MatchList | undefined, exclude: MatchList | undefined) {
    this.#include = include
    this.#exclude = exclude
  }

  static of(
    include: readonly Pattern[] | undefined,
    exclude: readonly Pattern[] | undefined,
  ): ReferenceFilter {
    return new ReferenceFilter(
      include && new MatchList('includepatterns', include),
      exclude && new MatchList('excludepatterns', exclude),
    )
  }

  sends(path: ByteString, isDirectory = true): boolean {
    const include = this.#include?.match(path)
    if (isDirectory && include?.matched === false && include.isSettledBelow(false)) return false
    // It is asked although the outcome may be certain: it may fail.
    const isExcluded = this.#exclude?.match(path).matched ?? false
    return (include?.matched ?? true) && !isExcluded
  }

  enter(path: ByteString): ReferenceFilter | undefined {
    const include = this.#include?.match(path)
    if (include?.matched === false && include.isSettledBelow(false)) return undefined
    const exclude = this.#exclude?.match(path)
    if (exclude?.matched && exclude.isSettledBelow(true)) return undefined
    return new ReferenceFilter(include?.below, exclude?.below)
  }
}

/** What a list says of one path. */
interface Match {
  readonly matched: boolean
  /** The list in the directory at that path. */
  readonly below: MatchList
  /**
   * True where the Go client takes a directory's match for that of everything below, and does not go in: no pattern
   * of the other kind (exceptions, when `exceptions` is true) could begin with the directory.
   */
  isSettledBelow(exceptions: boolean): boolean
}

/** One list of patterns in one directory. */
class MatchList {
  readonly #name: string
  readonly #patterns: readonly Pattern[]
  /** Of each pattern, whether it matches one of the directories above. */
  readonly #inherited: readonly boolean[]

  constructor(name: string, patterns: readonly Pattern[], inherited: readonly boolean[] = []) {
    this.#name = name
    this.#patterns = patterns
    this.#inherited = inherited
  }

  match(path: ByteString): Match {
    let matched = false
    const each = this.#patterns.map((pattern, index) => {
      const matches = this.#inherited[index] || (pattern.isException === matched && this.#ask(pattern, path))
      if (matches) matched = !pattern.isException
      return matches
    })
    return {
      matched,
      below: new MatchList(this.#name, this.#patterns, each),
      isSettledBelow: (exceptions) => this.#noneBelow(`${path}/`, exceptions),
    }
  }

  #ask(pattern: Pattern, path: ByteString): boolean {
    try {
      return pattern.matches(path)
    } catch (error) {
      const message = `failed to match ${this.#name}: ${messageOf(error)}: ${JSON.stringify(textOf(pattern.text))}`
      throw new BuildkitError('CONTEXT_FAILED', message, { cause: error, advice: patternAdvice })
    }
  }

  #noneBelow(directory: ByteString, exceptions: boolean): boolean {
    const others = this.#patterns
      .filter(({ isException }) => isException === exceptions)
      .map(({ text }) => text.replace(/\/\*\*$/, '').replace(/\/\*$/, ''))
    return !others.some((text) => /[*[\]?^\\]/.test(text) || `${text}/`.startsWith(directory))
  }
}
