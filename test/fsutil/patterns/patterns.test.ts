import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toByteString } from '../../../src/fsutil/byte-string.ts'
import { clean, compilePatterns } from '../../../src/fsutil/patterns/patterns.ts'

const results: [pattern: string, path: string, matches: boolean][] = [
  ['**', 'a/b/c', true],
  ['a/**', 'a', false],
  ['a/**', 'a/b', true],
  ['a**', 'ab', true],
  ['a**', 'a', true],
  ['a**', 'a/b/c', true],
  ['**/foo', 'foo', true],
  ['**/foo', 'x/foo', true],
  ['**/foo', 'xfoo', false],
  ['**foo', 'xfoo', true],
  ['**f?o', 'xfoo', false],
  ['**f?o', 'x/foo', true],
  ['**/*.go', 'foo.go', true],
  ['**/*.go', 'x/y/foo.go', true],
  ['**/*.go', 'new\nline/foo.go', false],
  ['*.go', 'new\nline.go', true],
  ['*.go', 'x/foo.go', false],
  ['foo/', 'foo', true],
  ['/foo', 'foo', false],
  ['foo**bar', 'foobar', true],
  ['foo**bar', 'foo/x/bar', true],
  ['foo**bar', 'fooxbar', false],
  ['a/*/c', 'a/b/c', true],
  ['a/**/c', 'a/c', true],
  ['a/**/c', 'a/b/x/c', true],
  ['**/**', 'a', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['?', 'é', true],
  ['[^b]', 'a', true],
  ['a[^b]c', 'a/c', true],
  ['[!b]', '!', true],
  ['[!b]', 'a', false],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a\\d', 'a1', true],
  ['a\\d', 'ad', false],
  ['\\x61', 'a', true],
  ['\\pL', 'é', true],
  ['\\PL', 'é', false],
  ['[\\d]', '7', true],
  ['[[:alpha:]]x', 'ax', true],
  ['[[:^digit:]]', '1', false],
  ['a\\b', 'a', true],
  ['^a', 'a', false],
  ['^a', '^a', true],
  ['^*', 'a', true],
  ['a^*', 'a^b', false],
  ['a^b', 'a^b', true],
  ['a.c', 'abc', false],
  ['a+(b)|{c}$.', 'a+(b)|{c}$.', true],
  ['x*]', 'xy]', true],
  // A star in a class turns into a part of the expression, in the Go client too.
  ['[*]', '*', false],
  ['[*]', '[^]', true],
  ['d/*', 'd', false],
  ['d/*', 'd/e', true],
  ['.', 'a', false],
  ['é*', 'été', true],
  ['*é', 'été', true],
]
for (const [pattern, path, matches] of results)
  test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(path)}`, () => {
    const [compiled] = compilePatterns([toByteString(pattern)])
    assert.equal(compiled?.matches(toByteString(path)), matches)
  })

test('blanks around a pattern and empty patterns are dropped, and paths are cleaned', () => {
  const patterns = compilePatterns(['', ' \t', ' a//b/ ', '!./c', '\xc2\xa0d\xe3\x80\x80'])
  assert.deepEqual(
    patterns.map(({ isException }) => isException),
    [false, true, false],
  )
  assert.deepEqual(
    patterns.map((pattern) => ['a/b', './c', 'c', 'd'].filter((path) => pattern.matches(path))),
    // The mark counts as a part of the path's first name while it is cleaned.
    [['a/b'], ['./c'], ['d']],
  )
})

const refused: [pattern: string, message: string][] = [
  ['!', 'illegal exclusion pattern: "!"'],
  [' ! ', 'illegal exclusion pattern: "!"'],
  ['[', 'syntax error in pattern'],
  ['a\\', 'syntax error in pattern'],
]
for (const [pattern, message] of refused)
  test(`${JSON.stringify(pattern)} cannot be read`, () => {
    assert.throws(() => compilePatterns([toByteString(pattern)]), { message })
  })

// The Go client finds these only when it comes to match them.
for (const pattern of ['[b-a]', 'a\\e', 'a\\é', '[[:nothing:]]'])
  test(`${JSON.stringify(pattern)} cannot be read when a path is held against it`, () => {
    const [broken] = compilePatterns([toByteString(pattern)]) as [Matching]
    assert.ok(broken.isBroken)
    assert.throws(() => broken.matches('a'), { message: 'syntax error in pattern' })
  })

test('a name that is no UTF-8 is compared by its bytes, and is text for wildcards', () => {
  const [exact, wild] = compilePatterns(['\xff', '?']) as [Matching, Matching]
  assert.ok(exact.matches('\xff'))
  assert.ok(!exact.matches('\xfe'))
  assert.ok(wild.matches('\xff'))
})
type Matching = ReturnType<typeof compilePatterns>[number]

const below: [pattern: string, directory: string, canMatch: boolean][] = [
  ['a/b/c', 'a/', true],
  ['a/b/c', 'a/b/', true],
  ['a/b/c', 'b/', false],
  ['a/b', 'a/b/', false],
  ['ab', 'a/', false],
  ['a/**', 'a/b/', true],
  ['a/**', 'b/', false],
  ['**/c', 'a/', true],
  ['a/*/c', 'a/b/', true],
  ['a/*/c', 'b/', false],
  ['*', 'a/', true],
]
for (const [pattern, directory, canMatch] of below)
  test(`${pattern} ${canMatch ? 'can' : 'cannot'} match below ${directory}`, () => {
    assert.equal(compilePatterns([pattern])[0]?.canMatchBelow(directory), canMatch)
  })

test('cleaning gives the shortest form of a path', () => {
  assert.deepEqual(['a/', 'a//b', './a', 'a/../b', '..', '../a/', '/', '', '/..', 'a/.'].map(clean), [
    'a',
    'a/b',
    'a',
    'b',
    '..',
    '../a',
    '/',
    '.',
    '/',
    'a',
  ])
})
