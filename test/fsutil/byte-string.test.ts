import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, systemPath, textOf, toByteString } from '../../src/fsutil/byte-string.ts'

test('a text becomes its bytes in UTF-8, one character each', () => {
  assert.equal(toByteString('aé😀'), 'a\xc3\xa9\xf0\x9f\x98\x80')
})

test('bytes that are no UTF-8 survive the way there and back', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  assert.deepEqual(bytesOf(toByteString(bytes)), bytes)
})

test('for people it is read as UTF-8, with a mark for what is not', () => {
  assert.equal(textOf('\xc3\xa9'), 'é')
  assert.equal(textOf('a\xff'), 'a\ufffd')
  assert.equal(textOf('plain'), 'plain')
})

test('the system gets a string only where that has the same bytes', () => {
  assert.equal(systemPath('plain/a b\n'), 'plain/a b\n')
  assert.deepEqual(systemPath('\xc3\xa9\xff'), Buffer.from([0xc3, 0xa9, 0xff]))
})
