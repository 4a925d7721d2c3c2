import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { Turns } from '../../src/registry/turns.ts'

const never = new AbortController().signal

describe('Turns', () => {
  it('runs tasks one by one, in the order they came, also after one that failed', async () => {
    const turns = new Turns()
    const seen: string[] = []
    const gate = deferred()
    const task = (name: string, work: () => Promise<void>) => async () => {
      seen.push(`${name} begins`)
      await work()
      seen.push(`${name} ends`)
      return name
    }
    const first = turns.run(
      task('first', () => gate.promise),
      never,
    )
    const second = turns.run(
      task('second', () => Promise.reject(new Error('no'))),
      never,
    )
    const third = turns.run(
      task('third', () => Promise.resolve()),
      never,
    )
    await new Promise(setImmediate)
    assert.deepEqual(seen, ['first begins'])
    gate.resolve()
    await assert.rejects(second, { message: 'no' })
    assert.deepEqual(await Promise.all([first, third]), ['first', 'third'])
    assert.deepEqual(seen, ['first begins', 'first ends', 'second begins', 'third begins', 'third ends'])
  })

  it('lets the next one in when a task that heeds no signal is aborted', async () => {
    const turns = new Turns()
    const abort = new AbortController()
    const stuck = turns.run(() => new Promise<never>(() => {}), abort.signal)
    const next = turns.run(async () => 'next', never)
    const reason = new Error('enough')
    abort.abort(reason)
    await assert.rejects(stuck, (error) => error === reason)
    assert.equal(await next, 'next')
  })

  it('leaves the queue when aborted while waiting, and never lets a later one overtake an earlier one', async () => {
    const turns = new Turns()
    const gate = deferred()
    const abort = new AbortController()
    let overtook = true
    const first = turns.run(async () => {
      await gate.promise
      overtook = false
    }, never)
    const waiting = turns.run(async () => assert.fail('it must not run'), abort.signal)
    const last = turns.run(async () => overtook, never)
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, { message: 'enough' })
    gate.resolve()
    assert.equal(await last, false)
    await first
  })

  it('does not begin for a signal that has aborted already, and leaves no listener', async () => {
    const turns = new Turns()
    const controller = new AbortController()
    await turns.run(async () => {}, controller.signal)
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
    controller.abort(new Error('enough'))
    const run = turns.run(async () => assert.fail('it must not run'), controller.signal)
    await assert.rejects(run, { message: 'enough' })
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  })
})
