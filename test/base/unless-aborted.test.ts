import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { unlessAborted } from '../../src/base/unless-aborted.ts'

const hanging = new Promise<never>(() => {})

describe('unlessAborted', () => {
  it('gives what the work gives or throws, and leaves no listener', async () => {
    const { signal } = new AbortController()
    assert.equal(await unlessAborted(Promise.resolve(7), signal), 7)
    await assert.rejects(unlessAborted(Promise.reject(new Error('no')), signal), { message: 'no' })
    assert.equal(await unlessAborted(Promise.resolve(7), undefined), 7)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('throws the reason when the signal aborts, or has before, and leaves no listener', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const waiting = unlessAborted(hanging, abort.signal)
    abort.abort(reason)
    await assert.rejects(waiting, (error) => error === reason)
    await assert.rejects(unlessAborted(hanging, abort.signal), (error) => error === reason)
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
  })

  it('keeps what fails afterwards from being an unhandled rejection', async () => {
    const reason = new Error('enough')
    let fail = (_: Error) => {}
    const work = new Promise<never>((_, reject) => {
      fail = reject
    })
    await assert.rejects(unlessAborted(work, AbortSignal.abort(reason)), (error) => error === reason)
    fail(new Error('nobody waits for this'))
    await new Promise(setImmediate)
  })
})
