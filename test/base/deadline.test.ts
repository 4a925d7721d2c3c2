import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { deadline } from '../../src/base/deadline.ts'

describe('deadline', () => {
  it('aborts with a TimeoutError when the time is up', async () => {
    using limit = deadline(1)
    await once(limit.signal, 'abort')
    assert.equal(limit.expired, true)
    assert.equal((limit.signal.reason as Error).name, 'TimeoutError')
  })

  it('aborts with the reason of the first parent that does, which is no expiry', () => {
    const one = new AbortController()
    const other = new AbortController()
    using limit = deadline(60_000, [one.signal, undefined, other.signal])
    other.abort('other')
    one.abort('one')
    assert.equal(limit.signal.reason, 'other')
    assert.equal(limit.expired, false)
  })

  it('begins aborted below a parent that is', () => {
    using limit = deadline(Number.POSITIVE_INFINITY, AbortSignal.abort('before'))
    assert.equal(limit.signal.reason, 'before')
  })

  it('leaves no listener and no timer behind', () => {
    const { signal } = new AbortController()
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    {
      using _ = deadline(60_000, signal)
      assert.equal(getEventListeners(signal, 'abort').length, 1)
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  })
})
