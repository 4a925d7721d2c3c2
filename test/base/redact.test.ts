import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redactUrls } from '../../src/base/redact.ts'

describe('user info in URLs', () => {
  it('is hidden in every one of them, whatever the scheme, and all else is left', () => {
    assert.equal(
      redactUrls(
        'https://me:token@host/a@b, (git+ssh://t@x) and "HTTP://a:b@c:1" but https://host/@x me@host',
      ),
      'https://***@host/a@b, (git+ssh://***@x) and "HTTP://***@c:1" but https://host/@x me@host',
    )
  })

  // A service may say so much in an error, and while we look through it nothing else happens.
  it('is looked for in time that grows with the text, not with its square', () => {
    for (const part of ['a-', 'a.', 'a://', '://a', 'a:b@', 'é']) {
      const text = part.repeat((1 << 16) / part.length)
      const began = performance.now()
      redactUrls(text)
      const took = performance.now() - began
      assert.ok(took < 1_000, `64 KiB of ${part} took ${took} ms`)
    }
  })
})
