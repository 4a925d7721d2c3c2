import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryAfterMs } from '../../src/network/retry-after.ts'

describe('retryAfterMs', () => {
  const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
  for (const [value, expected] of [
    ['7', 7_000],
    [' 120 ', 120_000],
    ['Wed, 21 Oct 2015 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2015 07:27:00 GMT', undefined],
    ['0', undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['9'.repeat(400), undefined],
    [null, undefined],
    [undefined, undefined],
  ] as const)
    it(`takes ${JSON.stringify(value)?.slice(0, 40)} for ${expected}`, () => {
      assert.equal(retryAfterMs(value, date), expected)
    })

  it('compares with our clock where the server does not tell its own', () => {
    const ms = retryAfterMs(new Date(Date.now() + 60_000).toUTCString())!
    assert.ok(ms > 57_000 && ms <= 60_000, `${ms}`)
  })
})
