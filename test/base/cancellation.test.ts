import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { Cancellation } from '../../src/base/cancellation.ts'

describe('a cancellation', () => {
  it('counts once, with its first reason', () => {
    const cancellation = new Cancellation()
    const caller = new AbortController()
    using _ = cancellation.follow(caller.signal)
    cancellation.cancel('the first')
    cancellation.cancel('the second')
    caller.abort('the third')
    assert.deepEqual(cancellation.cancelled, { reason: 'the first' })
    assert.equal(cancellation.signal.reason, 'the first')
  })

  it('may have no reason', () => {
    const cancellation = new Cancellation()
    cancellation.cancel()
    assert.deepEqual(cancellation.cancelled, { reason: undefined })
    assert.equal(cancellation.signal.aborted, true)
  })

  it('comes with the signal that it follows, also one that is aborted already', () => {
    for (const before of [true, false]) {
      const cancellation = new Cancellation()
      const caller = new AbortController()
      if (before) caller.abort('late')
      using _ = cancellation.follow(caller.signal)
      if (!before) caller.abort('late')
      assert.deepEqual(cancellation.cancelled, { reason: 'late' })
      assert.equal(cancellation.signal.reason, 'late')
    }
  })

  it('leaves no listener behind', () => {
    const cancellation = new Cancellation()
    const caller = new AbortController()
    cancellation.follow(caller.signal)[Symbol.dispose]()
    assert.deepEqual(getEventListeners(caller.signal, 'abort'), [])
    caller.abort()
    assert.equal(cancellation.cancelled, undefined)
  })

  it('is not what stops a run that cannot go on', () => {
    const cancellation = new Cancellation()
    const broken = new Error('the session is lost')
    cancellation.stop(broken)
    assert.equal(cancellation.cancelled, undefined)
    assert.equal(cancellation.signal.reason, broken)
    cancellation.cancel('afterwards')
    assert.deepEqual(cancellation.cancelled, { reason: 'afterwards' })
  })
})
