import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printable, redactUrls, sanitize } from '../../src/base/redact.ts'

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

describe('sanitize', () => {
  it('puts text on one line, without control characters', () => {
    assert.equal(sanitize(' a\r\n\tb\x1b[31mc\u202ed\0 '), 'a b [31mc d')
  })

  it('cuts it, and hides secrets and user info', () => {
    assert.equal(sanitize('x'.repeat(1000)).length, 500)
    assert.equal(sanitize('abcdef', { maxLength: 3 }), 'abc')
    const secrets = ['tok-12345678', undefined, 'short']
    assert.equal(
      sanitize('tok-12345678 of https://me:pw@host/ short', { secrets }),
      '*** of https://***@host/ short',
    )
  })

  it('hides a secret of 8 characters and leaves one of 7', () => {
    assert.equal(sanitize('12345678 1234567', { secrets: ['12345678', '1234567'] }), '*** 1234567')
  })

  it('leaves a text of 64 KiB whole, and looks at no more of a longer one', () => {
    const whole = 'x'.repeat(1 << 16)
    assert.equal(sanitize(whole, { secrets: ['absent-secret'], maxLength: 1 << 20 }), whole)
    assert.equal(sanitize(`${whole}y`, { maxLength: 1 << 20 }), whole)
  })

  it('shows no part of a secret that lies across the cut, wherever what is before it has moved', () => {
    const secret = 'secret-0123456789'
    const text = secret.repeat(10_000)
    for (let lead = 0; lead < secret.length; lead++) {
      const shown = sanitize('x'.repeat(lead) + text, { secrets: [secret], maxLength: 1 << 16 })
      assert.match(shown, /^x*\*+$/)
      assert.ok(shown.length > 10_000, 'what is before the cut is shown')
    }
  })
})

describe('printable', () => {
  it('keeps tabs and line ends, and nothing else that could drive a terminal', () => {
    assert.equal(printable('a\tb\r\nc\x1b[2J\x07\r'), 'a\tb\nc\uFFFD[2J\uFFFD\uFFFD')
  })
})
