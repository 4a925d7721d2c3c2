import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readBounded } from '../../src/base/read-bounded.ts'

describe('reading a body up to a bound', () => {
  const reading = { given: 0, closed: false }
  async function* body(...texts: string[]): AsyncGenerator<Buffer> {
    Object.assign(reading, { given: 0, closed: false })
    try {
      for (const text of texts) {
        reading.given++
        yield Buffer.from(text)
      }
    } finally {
      reading.closed = true
    }
  }

  it('gives what is no longer than the bound, put together', async () => {
    assert.equal(String(await readBounded(body('ab', '', 'cd'), 4)), 'abcd')
    assert.deepEqual(await readBounded(body(), 0), Buffer.alloc(0))
  })

  it('gives nothing of what is longer, and reads no further', async () => {
    assert.equal(await readBounded(body('ab', 'cde', 'never'), 4), undefined)
    assert.deepEqual(reading, { given: 2, closed: true })
  })

  it('throws what the body throws', async () => {
    const broken = new Error('reset')
    const body = (async function* () {
      yield Buffer.from('a')
      throw broken
    })()
    await assert.rejects(readBounded(body, 4), broken)
  })
})
