import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closestMatch } from '../../src/base/closest-match.ts'

const words = ['file', 'tag', 'build-arg', 'target', 'platform', 'push', 'output', 'no-cache', 'addr']

const cases: [string, string | undefined][] = [
  ['tagg', 'tag'],
  ['otuput', 'output'],
  ['buildarg', 'build-arg'],
  ['plaftorm', 'platform'],
  ['no-cahce', 'no-cache'],
  ['plat', 'platform'],
  ['ta', 'tag'],
  ['secret', undefined],
  ['ssh', undefined],
  ['load', undefined],
  ['x', undefined],
  ['', undefined],
]

for (const [word, expected] of cases) {
  test(`the word nearest to ${JSON.stringify(word)} is ${expected ?? 'none'}`, () => {
    assert.equal(closestMatch(word, words), expected)
  })
}
