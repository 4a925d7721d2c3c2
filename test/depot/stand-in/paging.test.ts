import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Code, ConnectError } from '@connectrpc/connect'
import { pageOf } from './paging.ts'

const letters = [...'abcdefg']
const page = (list: readonly string[], pageSize?: number, pageToken?: string) =>
  pageOf(list, (letter) => letter, { pageSize, pageToken })

test('pages follow each other without a gap, and the last has no token', () => {
  const first = page(letters, 3)
  const second = page(letters, 3, first.nextPageToken)
  const third = page(letters, 3, second.nextPageToken)
  assert.deepEqual([first.items, second.items, third.items], [['a', 'b', 'c'], ['d', 'e', 'f'], ['g']])
  assert.equal(third.nextPageToken, '')
})

test('a full last page has no successor', () => {
  assert.equal(page(letters, 7).nextPageToken, '')
})

test('without a size a page has a hundred', () => {
  const many = Array.from({ length: 101 }, (_, index) => `${index}`)
  assert.equal(page(many).items.length, 100)
  assert.equal(page(many, 0, '').items.length, 100)
  assert.deepEqual(page(many, 0, page(many).nextPageToken).items, ['100'])
})

test('who deletes what a page has shown misses nothing', () => {
  const { nextPageToken } = page(letters, 3)
  assert.deepEqual(page(['d', 'e', 'f', 'g'], 3, nextPageToken).items, ['d', 'e', 'f'])
})

test('what comes in front of the list does not repeat an item', () => {
  const { nextPageToken } = page(letters, 3)
  assert.deepEqual(page(['new', ...letters], 3, nextPageToken).items, ['d', 'e', 'f'])
})

test('a token of nobody and a negative size are refused', () => {
  const invalid = (error: unknown) => error instanceof ConnectError && error.code === Code.InvalidArgument
  assert.throws(() => page(letters, 3, 'nonsense'), invalid)
  assert.throws(() => page(letters, -1), invalid)
})
