import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { notify } from '../../src/base/callback.ts'

describe('notify', () => {
  it('passes the arguments on, and takes undefined for no callback', () => {
    const heard: unknown[] = []
    notify('onState', (...args: [string, number]) => heard.push(args), 'ready', 1)
    notify('onState', undefined)
    assert.deepEqual(heard, [['ready', 1]])
  })

  for (const [how, callback] of [
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const)
    it(`turns what the callback ${how} into a warning of the process`, async () => {
      const warned = once(process, 'warning')
      notify('onState', callback)
      const [warning] = await warned
      assert.equal(warning.code, 'CALLBACK_FAILED')
      assert.equal(warning.message, 'the function given as onState failed: no')
    })
})
