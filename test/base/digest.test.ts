import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDigest } from '../../src/base/digest.ts'

for (const [algorithm, digits] of [
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
] as const)
  test(`${algorithm} has ${digits} digits`, () => {
    assert.ok(isDigest(`${algorithm}:${'0a'.repeat(digits / 2)}`))
    for (const hex of [
      '0'.repeat(digits - 1),
      '0'.repeat(digits + 1),
      'A'.repeat(digits),
      'g'.repeat(digits),
      '',
    ])
      assert.ok(!isDigest(`${algorithm}:${hex}`), hex)
  })

for (const value of [
  undefined,
  1,
  '',
  `md5:${'0'.repeat(64)}`,
  `x sha256:${'0'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}\n`,
])
  test(`${JSON.stringify(value)} is no digest`, () => assert.ok(!isDigest(value)))
