import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { milliseconds } from '../../src/progress/timestamp.ts'

describe('milliseconds', () => {
  it('keeps what is finer than a millisecond', () => {
    const whole = Date.UTC(2024, 0, 2, 3, 4, 5)
    assert.equal(milliseconds('2024-01-02T03:04:05Z'), whole)
    assert.equal(milliseconds('2024-01-02T03:04:05.1Z'), whole + 100)
    assert.equal(milliseconds('2024-01-02T03:04:05.12Z'), whole + 120)
    assert.equal(milliseconds('2024-01-02T03:04:05.123Z'), whole + 123)
    assert.ok(Math.abs(milliseconds('2024-01-02T03:04:05.123456789Z')! - (whole + 123.456789)) < 0.001)
  })

  it('has none for what is absent or no time', () => {
    for (const text of [undefined, '', 'soon', '2024-13-45T99:99:99Z'])
      assert.equal(milliseconds(text), undefined)
  })
})
