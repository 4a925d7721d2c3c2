import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PathSequence } from '../../src/fsutil/order.ts'
import { assertSafePath, isSafePath } from '../../src/fsutil/paths.ts'

for (const path of ['a', 'a/b', '.a', 'a..', '..a', 'a b', 'a\n', '...', '\xff'])
  test(`${JSON.stringify(path)} is a clean path`, () => assert.ok(isSafePath(path)))

for (const path of [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  './a',
  'a/.',
  'a/./b',
  '..',
  '../a',
  'a/..',
  'a/../b',
  'a\0b',
])
  test(`${JSON.stringify(path)} is not a clean path`, () => {
    assert.ok(!isSafePath(path))
    assert.throws(() => assertSafePath(path), { code: 'UNSAFE_PATH' })
    assert.throws(() => new PathSequence().accept(path, false), { code: 'UNSAFE_PATH' })
  })
