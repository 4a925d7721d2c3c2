import { posix } from 'node:path'
import { type ByteString, textOf } from '../byte-string.ts'
import { Automaton, type Step } from './automaton.ts'
import { BadPattern, parseGlob } from './glob.ts'
import { parseRegexp } from './regexp.ts'

/** One pattern of an ignore file or of its like, ready to be asked. */
export interface Pattern {
  /** It had a `!`: what it matches is taken out of what patterns before it have matched. */
  readonly isException: boolean
  /** As it was read: without blanks, cleaned, without its `!`. */
  readonly text: ByteString
  /**
   * True for one that the Go client cannot compile, and does not have to as long as no path is held against it:
   * its methods throw BadPattern.
   */
  readonly isBroken: boolean
  /** The only path that it matches, where there is only one. */
  readonly path: ByteString | undefined
  /** The name that it matches in any directory, where that is all: `x` of a pattern such as `**` + `/x`. */
  readonly name: ByteString | undefined
  /** Says whether the whole path matches; that a parent directory matches is the business of the caller. */
  matches(path: ByteString): boolean
  /** False only if no path that starts with this directory (`a/b/`) can match. */
  canMatchBelow(directory: ByteString): boolean
}

/**
 * Reads patterns as the Go client does (moby/patternmatcher): blanks around them and empty ones are dropped,
 * paths are cleaned, `!` marks an exception. Throws BadPattern or, for a lone `!`, an Error with the Go
 * client's words, for what the Go client refuses before it has seen a path; see {@link Pattern.isBroken}.
 */
export function compilePatterns(patterns: readonly ByteString[]): Pattern[] {
  return patterns
    .map(trimSpace)
    .filter((pattern) => pattern !== '')
    .map((pattern) => compile(clean(pattern)))
}

/** A path in its shortest form, as Go's `path.Clean` has it: no `//`, no `.`, no `/` at the end. */
export function clean(path: ByteString): ByteString {
  const normal = posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}

function trimSpace(pattern: ByteString): ByteString {
  const trimmed = pattern.replace(leadingSpaces, '')
  for (let end = trimmed.length; ; ) {
    const last = trailingSpace.exec(trimmed.slice(Math.max(0, end - longestSpace), end))
    if (last === null) return trimmed.slice(0, end)
    end -= last[0].length
  }
}

/** What Go counts as space (`unicode.IsSpace`), in UTF-8. */
const space =
  '(?:[\\t-\\r ]|\\xc2[\\x85\\xa0]|\\xe1\\x9a\\x80|\\xe2\\x80[\\x80-\\x8a\\xa8\\xa9\\xaf]|\\xe2\\x81\\x9f|\\xe3\\x80\\x80)'
const leadingSpaces = new RegExp(`^${space}+`)
const trailingSpace = new RegExp(`${space}$`)
const longestSpace = 3

function compile(cleaned: ByteString): Pattern {
  const isException = cleaned.startsWith('!')
  const bytes = isException ? cleaned.slice(1) : cleaned
  if (bytes === '') throw new Error('illegal exclusion pattern: "!"')
  const text = textOf(bytes)
  // The syntax is checked by the rules of one language, and the pattern then matched by those of another.
  parseGlob(text)
  const { kind, regexp } = translate(text)
  return new CompiledPattern(isException, bytes, matchingOf(kind, bytes, regexp))
}

function matchingOf(kind: Kind, bytes: ByteString, regexp: string): Matching {
  switch (kind) {
    case 'exact':
      return exact(bytes)
    case 'prefix':
      return prefix(bytes.slice(0, -'**'.length))
    case 'suffix':
      return suffix(bytes.slice('**'.length))
    case 'regexp': {
      const steps = stepsOf(regexp)
      return steps === undefined ? broken : expression(bytes, new Automaton(steps))
    }
  }
}

/** A class, so that all patterns are alike to the engine: thousands are asked about each path. */
class CompiledPattern implements Pattern {
  readonly isException: boolean
  readonly text: ByteString
  readonly isBroken: boolean
  readonly path: ByteString | undefined
  readonly name: ByteString | undefined
  readonly matches: Matching['matches']
  readonly canMatchBelow: Matching['canMatchBelow']

  constructor(isException: boolean, text: ByteString, matching: Matching) {
    this.isException = isException
    this.text = text
    this.isBroken = matching === broken
    this.path = matching.path
    this.name = matching.name
    this.matches = matching.matches
    this.canMatchBelow = matching.canMatchBelow
  }
}

function stepsOf(regexp: string): Step[] | undefined {
  try {
    return parseRegexp(regexp)
  } catch (error) {
    if (error instanceof BadPattern) return undefined
    throw error
  }
}

/** What a pattern says of paths. */
interface Matching extends Pick<Pattern, 'matches' | 'canMatchBelow'> {
  readonly path?: ByteString
  readonly name?: ByteString
}

const broken: Matching = { matches: throwBadPattern, canMatchBelow: throwBadPattern }

function throwBadPattern(): never {
  throw new BadPattern()
}

type Kind = 'exact' | 'prefix' | 'suffix' | 'regexp'

/**
 * Turns a pattern into a regular expression the way the Go client does, or finds that a plain comparison will
 * do. Which of the two it is decides about the outcome too: `**foo` ends with `foo`, while `**f?o` is a name.
 */
function translate(text: string): { kind: Kind; regexp: string } {
  const characters = Array.from(text)
  let kind: Kind = 'exact'
  let regexp = ''
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!
    if (character === '*' && characters[index + 1] === '*') {
      const isFirst = index === 0
      index += characters[index + 2] === '/' ? 2 : 1
      if (index + 1 < characters.length) {
        regexp += '(.*/)?'
        kind = 'regexp'
      } else if (kind === 'exact') {
        kind = 'prefix'
      } else {
        regexp += '.*'
        kind = 'regexp'
      }
      if (isFirst) kind = 'suffix'
    } else if (character === '*' || character === '?') {
      regexp += character === '*' ? '[^/]*' : '[^/]'
      kind = 'regexp'
    } else if (character === '\\') {
      regexp += character + characters[++index]!
      kind = 'regexp'
    } else if (character === '[' || character === ']') {
      regexp += character
      kind = 'regexp'
    } else {
      regexp += escapedInRegexp.has(character) ? `\\${character}` : character
    }
  }
  return { kind, regexp }
}

const escapedInRegexp: ReadonlySet<string> = new Set('.+()|{}$')

function exact(text: ByteString): Matching {
  return {
    path: text,
    matches: (path) => path === text,
    canMatchBelow: (directory) => text.startsWith(directory),
  }
}

function prefix(start: ByteString): Matching {
  return {
    matches: (path) => path.startsWith(start),
    canMatchBelow: (directory) => agree(start, directory),
  }
}

function suffix(end: ByteString): Matching {
  // `**/foo` is also `foo`.
  const whole = end.startsWith('/') ? end.slice(1) : undefined
  return {
    ...(whole !== undefined && whole !== '' && !whole.includes('/') && { name: whole }),
    matches: (path) => path.endsWith(end) || path === whole,
    canMatchBelow: () => true,
  }
}

/** Most paths are told apart by the plain text around the first and the last wildcard. */
function expression(pattern: ByteString, automaton: Automaton): Matching {
  const head = pattern.slice(0, pattern.search(special))
  const tail = plainTail(pattern)
  return {
    matches: (path) => path.startsWith(head) && path.endsWith(tail) && automaton.matches(textOf(path)),
    canMatchBelow: (directory) => agree(head, directory),
  }
}

const special = /[*?[\]^\\]/

function plainTail(pattern: ByteString): ByteString {
  // What follows a backslash is not what it looks like.
  if (pattern.includes('\\')) return ''
  let start = pattern.length
  while (start > 0 && !special.test(pattern[start - 1]!)) start--
  const before = pattern.slice(0, start)
  const tail = pattern.slice(start)
  // The slash of `**/` belongs to the wildcard.
  return before.endsWith('**') && tail.startsWith('/') ? tail.slice(1) : tail
}

/** True when one of the two is the beginning of the other. */
function agree(prefix: ByteString, directory: ByteString): boolean {
  return prefix.startsWith(directory) || directory.startsWith(prefix)
}
