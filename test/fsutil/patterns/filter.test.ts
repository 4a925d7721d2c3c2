import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toByteString } from '../../../src/fsutil/byte-string.ts'
import { createFilter, type Filter } from '../../../src/fsutil/patterns/filter.ts'
import { Random } from '../random.ts'

const excluded: [patterns: string[], path: string, isSent: boolean][] = [
  [['d', '!d/keep'], 'd/keep', true],
  [['d', '!d/keep'], 'd/other', false],
  [['!d/keep', 'd'], 'd/keep', false],
  [['d', '!d/*/keep'], 'd/sub/keep', true],
  [['d/*'], 'd', true],
  [['d/*'], 'd/e/f', false],
  [['foo'], 'foo/bar', false],
  [['foo/'], 'foo/bar', false],
  [['**', '!a/b'], 'a/b/c/d', true],
  [['a', '!a', 'a'], 'a/b', false],
  // A directory that was spared once is not asked about again by the patterns after.
  [['d', '!d/x', 'd'], 'd/x', true],
]
for (const [patterns, path, isSent] of excluded)
  test(`excluding ${patterns.join(', ')} ${isSent ? 'spares' : 'leaves out'} ${path}`, () => {
    assert.equal(sends(createFilter([], patterns), path), isSent)
  })

const included: [patterns: string[], path: string, isSent: boolean][] = [
  [['a/b'], 'a', false],
  [['a/b'], 'a/b', true],
  [['a/b'], 'a/b/c', true],
  [['a', '!a/b'], 'a/b/c', false],
  [['a/*/c'], 'a/b/c/d', true],
  [[' '], 'a', false],
]
for (const [patterns, path, isSent] of included)
  test(`including ${patterns.join(', ')} ${isSent ? 'sends' : 'leaves out'} ${path}`, () => {
    assert.equal(sends(createFilter(patterns, []), path), isSent)
  })

test('without patterns everything is sent', () => {
  assert.ok(sends(createFilter([], []), 'a/b/c'))
})

test('what is included and excluded is left out', () => {
  const filter = createFilter(['a'], ['a/b'])
  assert.deepEqual(
    ['a', 'a/b', 'a/c', 'd'].map((path) => sends(filter, path)),
    [true, false, true, false],
  )
})

const pruned: { include: string[]; exclude: string[]; directory: string; isEntered: boolean }[] = [
  { include: ['a/b'], exclude: [], directory: 'a', isEntered: true },
  { include: ['a/b'], exclude: [], directory: 'c', isEntered: false },
  { include: ['a/*.c'], exclude: [], directory: 'b', isEntered: false },
  { include: ['**/x'], exclude: [], directory: 'b', isEntered: true },
  { include: ['a', '!a/b'], exclude: [], directory: 'a/b', isEntered: false },
  { include: [], exclude: ['d'], directory: 'd', isEntered: false },
  { include: [], exclude: ['d', '!d/keep'], directory: 'd', isEntered: true },
  { include: [], exclude: ['d', '!e/keep'], directory: 'd', isEntered: false },
  { include: [], exclude: ['d', '!**/keep'], directory: 'd', isEntered: true },
  { include: [], exclude: ['**', '!a/b/c'], directory: 'a/b', isEntered: true },
  { include: [], exclude: ['**', '!a/b/c'], directory: 'a/c', isEntered: false },
  { include: ['a'], exclude: ['a/b'], directory: 'a/b', isEntered: false },
]
for (const { include, exclude, directory, isEntered } of pruned)
  test(`with +[${include}] -[${exclude}] the directory ${directory} is ${isEntered ? 'entered' : 'passed by'}`, () => {
    assert.equal(enter(createFilter(include, exclude), directory) !== undefined, isEntered)
  })

test("a pattern that cannot be read fails with the Go client's words", () => {
  const startsWith = (text: string) => (error: Error) => error.message.startsWith(text)
  assert.throws(
    () => createFilter(['a', '[é'].map(toByteString), []),
    startsWith('invalid includepatterns: [a [é]: syntax error in pattern'),
  )
  assert.throws(
    () => createFilter([], ['!']),
    startsWith('invalid excludepatterns: [!]: illegal exclusion pattern: "!"'),
  )
  assert.throws(() => createFilter(['['], []), { code: 'CONTEXT_FAILED' })
})

test('random patterns decide as the rules say, and no directory is passed by in which something is sent', (t) => {
  const random = new Random(t)
  const pieces = ['a', 'b', 'ab', '*', '**', '/', '/', '?', '.', 'a/b']
  const patterns = () =>
    random.list(5, () => `${random.of(['', '', '!']) + random.list(3, () => random.of(pieces)).join('')}a`)
  const names = ['a', 'b', 'ab', 'ba', '.a', 'aa', 'b.a']
  for (let round = 0; round < 400; round++) {
    const [include, exclude] = [patterns(), patterns()]
    const filter = createFilter(include, exclude)
    for (let path = 0; path < 40; path++) {
      const chosen = Array.from({ length: 1 + random.below(4) }, () => random.of(names))
      const expected = (include.length === 0 || naive(include, chosen)) && !naive(exclude, chosen)
      assert.equal(sends(filter, chosen.join('/')), expected, JSON.stringify({ include, exclude, chosen }))
    }
  }
})

/** Asks the filter as a walk does; what lies in a directory that is passed by is not sent. */
function sends(filter: Filter, path: string): boolean {
  const slash = path.lastIndexOf('/')
  const inside = slash < 0 ? filter : enter(filter, path.slice(0, slash))
  return inside?.sends(path) ?? false
}

function enter(filter: Filter, directory: string): Filter | undefined {
  let inside: Filter | undefined = filter
  for (let end = directory.indexOf('/'); end >= 0; end = directory.indexOf('/', end + 1))
    inside = inside?.enter(directory.slice(0, end))
  return inside?.enter(directory)
}

/** The rules once more, in the plainest way: what each pattern says of each directory down to the path. */
function naive(uncleaned: readonly string[], names: readonly string[]): boolean {
  // The mark is a part of the first name while a pattern is cleaned.
  const patterns = uncleaned.map(naivelyClean)
  let inherited = patterns.map(() => false)
  let matched = false
  for (let length = 1; length <= names.length; length++) {
    const path = names.slice(0, length).join('/')
    matched = false
    inherited = patterns.map((pattern, index) => {
      const isException = pattern.startsWith('!')
      const matches =
        inherited[index] ||
        (isException === matched && naivelyMatches(pattern.slice(isException ? 1 : 0), path))
      if (matches) matched = !isException
      return matches
    })
  }
  return matched
}

function naivelyMatches(text: string, path: string): boolean {
  const starsAtStart = /^\*\*[^*?]*$/.exec(text)
  if (starsAtStart) return path.endsWith(text.slice(2)) || (text[2] === '/' && path === text.slice(3))
  const source = text
    .replace(/\./g, '\\.')
    .replace(/\*\*\/?(?!$)/g, '<')
    .replace(/\*\*$/, '>')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replace(/</g, '(.*/)?')
    .replace(/>/g, '.*')
  return new RegExp(`^${source}$`, 's').test(path)
}

/** The patterns of the test hold no `..`. */
function naivelyClean(pattern: string): string {
  const isAbsolute = pattern.startsWith('/')
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.')
  return (isAbsolute ? '/' : '') + names.join('/')
}
