import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toByteString } from '../../src/fsutil/byte-string.ts'
import { comparePaths, PathSequence } from '../../src/fsutil/order.ts'

test('a slash is lower than any other byte', () => {
  const paths = ['d-e', 'd', 'd/x', 'd\x01', 'da', 'd/x/y', 'd/x-y', 'c']
  assert.deepEqual(paths.sort(comparePaths), ['c', 'd', 'd/x', 'd/x/y', 'd/x-y', 'd\x01', 'd-e', 'da'])
})

test('names are compared by their bytes, not by UTF-16', () => {
  const [emoji, privateUse] = ['😀', '\uf8ff'].map(toByteString) as [string, string]
  assert.ok('😀' < '\uf8ff', 'JavaScript sorts them the other way around')
  assert.ok(comparePaths(emoji, privateUse) > 0)
})

function accept(...entries: string[]): void {
  const sequence = new PathSequence()
  // In these tests a directory is written with a slash at its end.
  for (const entry of entries) sequence.accept(entry.replace(/\/$/, ''), entry.endsWith('/'))
}

test('a listing in order passes', () => {
  accept('a', 'd/', 'd/e/', 'd/e/f', 'd/g', 'd-/', 'd-/x', 'e')
})

const outOfOrder = [
  { why: 'the same path again', entries: ['a', 'a'] },
  { why: 'a path before the last one', entries: ['b', 'a'] },
  { why: 'a path in a directory that is over', entries: ['d/', 'd/a', 'd-', 'd/b'] },
  { why: 'a path without its directory', entries: ['a', 'd/a'] },
  { why: 'a path in a file', entries: ['d', 'd/a'] },
  { why: 'a path two levels below a directory', entries: ['d/', 'd/e/f'] },
  { why: 'a path in a link or file below a directory', entries: ['d/', 'd/e', 'd/e/f'] },
]
for (const { why, entries } of outOfOrder)
  test(`${why} is refused`, () => {
    accept(...entries.slice(0, -1))
    assert.throws(() => accept(...entries), { code: 'PROTOCOL_ERROR' })
  })
