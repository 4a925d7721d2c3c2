import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoBool } from '../../src/base/go-bool.ts'

test('booleans are written as Go reads them', () => {
  assert.deepEqual(['1', 't', 'T', 'TRUE', 'true', 'True'].map(parseGoBool), Array(6).fill(true))
  assert.deepEqual(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(parseGoBool), Array(6).fill(false))
  assert.deepEqual(['', 'yes', 'tRUE', ' 1', '01'].map(parseGoBool), Array(5).fill(undefined))
})
