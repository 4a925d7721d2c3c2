import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { onAbort } from '../../src/base/on-abort.ts'

describe('onAbort', () => {
  it('calls every listener once with the reason, however often the same function listens', () => {
    const controller = new AbortController()
    const heard: unknown[] = []
    const listener = (reason: unknown) => heard.push(reason)
    onAbort(controller.signal, listener)
    onAbort(controller.signal, listener)
    controller.abort('enough')
    controller.abort('again')
    assert.deepEqual(heard, ['enough', 'enough'])
  })

  it('calls at once for a signal that has aborted, and never for none', () => {
    const heard: unknown[] = []
    onAbort(AbortSignal.abort('before'), (reason) => heard.push(reason))
    onAbort(undefined, (reason) => heard.push(reason))
    assert.deepEqual(heard, ['before'])
  })

  it('puts one listener on a signal, and none once all are disposed of', () => {
    const { signal } = new AbortController()
    const links = Array.from({ length: 50 }, () => onAbort(signal, () => {}))
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    for (const link of links) link[Symbol.dispose]()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    using _ = onAbort(signal, () => {})
    assert.equal(getEventListeners(signal, 'abort').length, 1)
  })

  it('does not call a listener that was disposed of, also by another one', () => {
    const controller = new AbortController()
    const heard: string[] = []
    onAbort(controller.signal, () => {
      heard.push('first')
      second[Symbol.dispose]()
    })
    const second = onAbort(controller.signal, () => heard.push('second'))
    controller.abort()
    assert.deepEqual(heard, ['first'])
  })
})
