import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { expiryOf } from '../../../src/depot/identity/json-web-token.ts'

function token(payload: string): string {
  return `e30.${Buffer.from(payload).toString('base64url')}.sig`
}

describe('expiryOf', () => {
  it('is the time in exp, in milliseconds', () => {
    assert.equal(expiryOf(token('{"exp":1700000000}')), 1_700_000_000_000)
    assert.equal(expiryOf(token('{"exp":1700000000.5}')), 1_700_000_000_500)
  })

  const others = [
    '',
    'depot_org_0123',
    'a.b',
    'a.b.c.d',
    token('{}'),
    token('{"exp":"1700000000"}'),
    token('{"exp":null}'),
    token('{"exp":1e999}'),
    token('null'),
    token('not JSON'),
  ]
  for (const text of others)
    it(`is unknown of ${JSON.stringify(text)}`, () => {
      assert.equal(expiryOf(text), undefined)
    })
})
