import { noCharacter, type Step } from './automaton.ts'
import { anyOf, between, type CharacterSet, codeOf, not, only } from './character-set.ts'
import { Cursor } from './cursor.ts'
import { BadPattern } from './glob.ts'

/**
 * Reads the part of Go's regular expressions (golang/go `regexp/syntax`) that an ignore pattern can turn into:
 * literals, classes, escapes, `^`, a `*` after a class or a dot, and the group `(.*\/)?`. Throws
 * {@link BadPattern}.
 */
export function parseRegexp(source: string): Step[] {
  const cursor = new Cursor(source)
  const steps: Step[] = []
  while (!cursor.atEnd) {
    if (cursor.skip('(.*/)?')) steps.push({ kind: 'optional', skips: 2 }, ...anyDirectories)
    else if (cursor.skip('.*')) steps.push(anyRun)
    else if (cursor.skip('^')) steps.push(begin)
    else if (cursor.skip('[')) steps.push(character(parseClass(cursor), cursor.skip('*')))
    else if (cursor.skip('\\')) steps.push(parseEscape(cursor))
    else steps.push(character(only(cursor.take())))
  }
  return steps
}

/** Unlike `[^x]`, Go's dot does not take a newline. */
const anyRun: Step = character(not(only('\n')), true)
const anyDirectories: readonly Step[] = [anyRun, character(only('/'))]

const begin: Step = { kind: 'assertion', holds: (before) => before === noCharacter }
const end: Step = { kind: 'assertion', holds: (_before, after) => after === noCharacter }

const digit = between(codeOf('0'), codeOf('9'))
const lower = between(codeOf('a'), codeOf('z'))
const upper = between(codeOf('A'), codeOf('Z'))
const letter = anyOf([lower, upper])
const word = anyOf([letter, digit, only('_')])
const blank = anyOf([only(' '), only('\t')])
const graphic = between(0x21, 0x7e)

const wordBoundary: Step = { kind: 'assertion', holds: (before, after) => word(before) !== word(after) }
const noWordBoundary: Step = { kind: 'assertion', holds: (before, after) => word(before) === word(after) }

const assertions: ReadonlyMap<string, Step> = new Map([
  ['A', begin],
  ['z', end],
  ['b', wordBoundary],
  ['B', noWordBoundary],
])

/** Escapes that stand for a set, outside and inside a class. `\s` has no vertical tab in Go. */
const namedSets: ReadonlyMap<string, CharacterSet> = withNegated([
  ['d', digit],
  ['s', anyOf([only('\t'), only('\n'), only('\f'), only('\r'), only(' ')])],
  ['w', word],
])

const controlCharacters: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/** `[[:name:]]`, of ASCII only. */
const posixSets: ReadonlyMap<string, CharacterSet> = new Map([
  ['alnum', anyOf([letter, digit])],
  ['alpha', letter],
  ['ascii', between(0, 0x7f)],
  ['blank', blank],
  ['cntrl', anyOf([between(0, 0x1f), between(0x7f, 0x7f)])],
  ['digit', digit],
  ['graph', graphic],
  ['lower', lower],
  ['print', anyOf([graphic, only(' ')])],
  ['punct', (code: number) => graphic(code) && !letter(code) && !digit(code)],
  ['space', anyOf([between(0x09, 0x0d), only(' ')])],
  ['upper', upper],
  ['word', word],
  ['xdigit', anyOf([digit, between(codeOf('a'), codeOf('f')), between(codeOf('A'), codeOf('F'))])],
])

function character(accepts: CharacterSet, repeats = false): Step {
  return { kind: 'character', accepts, repeats }
}

/** Reads a class after its `[`, up to and including its `]`. */
function parseClass(cursor: Cursor): CharacterSet {
  const negated = cursor.skip('^')
  const members: CharacterSet[] = []
  // A `]` in the first place is a member.
  while (members.length === 0 || !cursor.skip(']')) members.push(parseMember(cursor))
  return negated ? not(anyOf(members)) : anyOf(members)
}

function parseMember(cursor: Cursor): CharacterSet {
  const name = cursor.skipEnclosed('[:', ':]')
  if (name !== undefined) return posixSet(name)
  if (cursor.skip('\\')) {
    const set = parseNamedSet(cursor)
    if (set !== undefined) return set
    return parseRange(parseEscapedCharacter(cursor), cursor)
  }
  return parseRange(take(cursor), cursor)
}

function posixSet(name: string): CharacterSet {
  const set = posixSets.get(name.replace(/^\^/, ''))
  if (set === undefined) throw new BadPattern()
  return name.startsWith('^') ? not(set) : set
}

function parseRange(first: string, cursor: Cursor): CharacterSet {
  let last = first
  if (!cursor.comes('-]') && cursor.skip('-')) {
    last = cursor.skip('\\') ? parseEscapedCharacter(cursor) : take(cursor)
  }
  if (codeOf(last) < codeOf(first)) throw new BadPattern()
  return between(codeOf(first), codeOf(last))
}

/** Reads what comes after a backslash outside a class. */
function parseEscape(cursor: Cursor): Step {
  const assertion = assertions.get(cursor.next ?? '')
  if (assertion !== undefined) {
    cursor.take()
    return assertion
  }
  return character(parseNamedSet(cursor) ?? only(parseEscapedCharacter(cursor)))
}

/** `\d` and its like, or a one-letter category of Unicode such as `\pL`; nothing if something else comes. */
function parseNamedSet(cursor: Cursor): CharacterSet | undefined {
  const set = namedSets.get(cursor.next ?? '')
  if (set !== undefined) {
    cursor.take()
    return set
  }
  const negated = cursor.next === 'P'
  if (!cursor.skip('p') && !cursor.skip('P')) return undefined
  const category = take(cursor)
  if (!/^[CLMNPSZ]$/.test(category)) throw new BadPattern()
  const expression = new RegExp(`\\p{${category}}`, 'u')
  const isMember = (code: number) => expression.test(String.fromCodePoint(code))
  return negated ? not(isMember) : isMember
}

/** Punctuation stands for itself, some letters for a control character, `xHH` for a code in hexadecimal. */
function parseEscapedCharacter(cursor: Cursor): string {
  const escaped = take(cursor)
  if (/^[\0-\x7f]$/.test(escaped) && !/^[A-Za-z0-9]$/.test(escaped)) return escaped
  const control = controlCharacters.get(escaped)
  if (control !== undefined) return control
  if (escaped !== 'x') throw new BadPattern()
  const digits = take(cursor) + take(cursor)
  if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw new BadPattern()
  return String.fromCodePoint(Number.parseInt(digits, 16))
}

function take(cursor: Cursor): string {
  if (cursor.atEnd) throw new BadPattern()
  return cursor.take()
}

function withNegated(sets: [string, CharacterSet][]): Map<string, CharacterSet> {
  return new Map(
    sets.flatMap(([name, set]) => [
      [name, set],
      [name.toUpperCase(), not(set)],
    ]),
  )
}
