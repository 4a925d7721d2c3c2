import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Automaton } from '../../../src/fsutil/patterns/automaton.ts'
import { BadPattern, hasWildcard, parseGlob } from '../../../src/fsutil/patterns/glob.ts'

const matching: [pattern: string, name: string, matches: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['abc', 'abc', true],
  ['abc', 'ab', false],
  ['*', '', true],
  ['*', '.a', true],
  ['*', 'a/b', false],
  ['*c', 'abc', true],
  ['a*b*c', 'axbybzc', true],
  ['a*b*c', 'axcyb', false],
  ['?', 'é', true],
  ['?', '😀', true],
  ['?', '', false],
  ['[ab]', 'b', true],
  ['[^ab]', 'c', true],
  ['[^ab]', 'a', false],
  ['[!a]', '!', true],
  ['[a-c]', 'b', true],
  ['[a-c]', 'd', false],
  ['[\\]\\-]', ']', true],
  ['[\\]\\-]', '-', true],
  ['[é-ü]', 'ö', true],
  ['[c-a]', 'b', false],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a\\bc', 'abc', true],
  [']', ']', true],
  ['a-b', 'a-b', true],
]
for (const [pattern, name, matches] of matching)
  test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(name)}`, () => {
    assert.equal(new Automaton(parseGlob(pattern)).matches(name), matches)
  })

for (const pattern of [
  '[',
  '[a',
  '[]',
  '[]a]',
  '[-]',
  '[a-]',
  '[a-c-e]',
  '[^]',
  '[a-',
  'a\\',
  '[\\',
  '[a\\',
  'x*[a',
])
  test(`${JSON.stringify(pattern)} cannot be read`, () => {
    assert.throws(() => parseGlob(pattern), new BadPattern())
  })

test('a wildcard counts only without a backslash', () => {
  assert.deepEqual(['a', '*', 'a?', '[a]', '\\*', '\\\\*', 'a\\[b'].map(hasWildcard), [
    false,
    true,
    true,
    true,
    false,
    true,
    false,
  ])
})

test('time grows with text and pattern, not with the ways to match', () => {
  const pattern = `${'*a'.repeat(30)}b`
  const start = performance.now()
  assert.equal(new Automaton(parseGlob(pattern)).matches('a'.repeat(1000)), false)
  // A backtracking engine would not come to an end.
  assert.ok(performance.now() - start < 5000)
})
