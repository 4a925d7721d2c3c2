import type { Step } from './automaton.ts'
import { anyButSlash, anyOf, between, type CharacterSet, codeOf, not, only } from './character-set.ts'
import { Cursor } from './cursor.ts'

/** A pattern that cannot be read; the message is the Go client's. */
export class BadPattern extends Error {
  constructor() {
    super('syntax error in pattern')
  }
}

BadPattern.prototype.name = 'BadPattern'

/**
 * Reads a pattern as Go's `filepath.Match` does: `*` is any run without `/`, `?` any character but `/`, `[a-z]`
 * and `[^a-z]` a class, `\x` the character x. Throws {@link BadPattern}.
 */
export function parseGlob(pattern: string): Step[] {
  const cursor = new Cursor(pattern)
  const steps: Step[] = []
  const one = (accepts: CharacterSet) => steps.push({ kind: 'character', accepts, repeats: false })
  while (!cursor.atEnd) {
    const character = cursor.take()
    if (character === '*') steps.push({ kind: 'character', accepts: anyButSlash, repeats: true })
    else if (character === '?') one(anyButSlash)
    else if (character === '[') one(parseClass(cursor))
    else if (character === '\\') one(only(take(cursor)))
    else one(only(character))
  }
  return steps
}

/** True when `*`, `?` or `[` stands in the name unescaped. */
export function hasWildcard(name: string): boolean {
  return /^(?:[^*?[\\]|\\.)*[*?[]/s.test(name)
}

/** Reads a class after its `[`, up to and including its `]`. */
function parseClass(cursor: Cursor): CharacterSet {
  const negated = cursor.skip('^')
  const ranges: CharacterSet[] = []
  while (ranges.length === 0 || !cursor.skip(']')) {
    const first = takeMember(cursor)
    const last = cursor.skip('-') ? takeMember(cursor) : first
    ranges.push(between(codeOf(first), codeOf(last)))
  }
  return negated ? not(anyOf(ranges)) : anyOf(ranges)
}

/** A `-` or `]` needs a backslash where a member of the class is due. */
function takeMember(cursor: Cursor): string {
  const character = take(cursor)
  if (character === '-' || character === ']') throw new BadPattern()
  return character === '\\' ? take(cursor) : character
}

function take(cursor: Cursor): string {
  if (cursor.atEnd) throw new BadPattern()
  return cursor.take()
}
