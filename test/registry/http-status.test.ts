import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { codeOf, retryAfter } from '../../src/registry/http-status.ts'

describe('codeOf', () => {
  const codes: Record<string, number[]> = {
    UNAUTHENTICATED: [401],
    PERMISSION_DENIED: [403],
    NOT_FOUND: [404],
    TOO_LARGE: [413],
    RESOURCE_EXHAUSTED: [429],
    UNREACHABLE: [500, 502, 503, 504, 599],
    PROTOCOL_ERROR: [301, 400, 405, 409, 415, 501, 505],
  }
  for (const [code, statuses] of Object.entries(codes))
    it(`is ${code} for ${statuses.join(', ')}`, () => {
      for (const status of statuses) assert.equal(codeOf(status), code, String(status))
    })
})

describe('retryAfter', () => {
  const after = (value: string | string[] | undefined) =>
    retryAfter({
      status: 429,
      headers: { 'retry-after': value },
      body: Buffer.alloc(0),
      url: new URL('http://x'),
    })

  it('reads seconds', () => {
    assert.deepEqual(after('7'), { retryAfterMs: 7000 })
  })

  it('reads a date', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) })
    assert.deepEqual(after('Thu, 01 Jan 2026 00:00:30 GMT'), { retryAfterMs: 30_000 })
    assert.deepEqual(after('Wed, 31 Dec 2025 23:59:59 GMT'), {})
  })

  it('reads nothing else', () => {
    for (const value of [undefined, '', '0', '-1', '1.5s', 'soon', '9'.repeat(400), ['1', '2']])
      assert.deepEqual(after(value), {}, String(value))
  })
})
