import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { KeyedMutex, Mutex } from '../../src/base/mutex.ts'

const never = new AbortController().signal

describe('Mutex', () => {
  it('runs tasks one by one, in the order they came, also after one that failed', async () => {
    const mutex = new Mutex()
    const seen: string[] = []
    const gate = deferred()
    const task = (name: string, work: () => Promise<void>) => async () => {
      seen.push(`${name} begins`)
      await work()
      seen.push(`${name} ends`)
      return name
    }
    const first = mutex.run(
      task('first', () => gate.promise),
      never,
    )
    const second = mutex.run(
      task('second', () => Promise.reject(new Error('no'))),
      never,
    )
    const third = mutex.run(
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
    const mutex = new Mutex()
    const abort = new AbortController()
    const stuck = mutex.run(() => new Promise<never>(() => {}), abort.signal)
    const next = mutex.run(async () => 'next', never)
    const reason = new Error('enough')
    abort.abort(reason)
    await assert.rejects(stuck, (error) => error === reason)
    assert.equal(await next, 'next')
  })

  it('leaves the queue when aborted while waiting, and never lets a later one overtake an earlier one', async () => {
    const mutex = new Mutex()
    const gate = deferred()
    const abort = new AbortController()
    let overtook = true
    const first = mutex.run(async () => {
      await gate.promise
      overtook = false
    }, never)
    const waiting = mutex.run(async () => assert.fail('it must not run'), abort.signal)
    const last = mutex.run(async () => overtook, never)
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, { message: 'enough' })
    gate.resolve()
    assert.equal(await last, false)
    await first
  })

  it('does not begin for a signal that has aborted already, and leaves no listener', async () => {
    const mutex = new Mutex()
    const controller = new AbortController()
    await mutex.run(async () => {}, controller.signal)
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
    controller.abort(new Error('enough'))
    const run = mutex.run(async () => assert.fail('it must not run'), controller.signal)
    await assert.rejects(run, { message: 'enough' })
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  })
})

describe('KeyedMutex', () => {
  it('runs tasks of one key one by one, and those of others beside them', async () => {
    const mutex = new KeyedMutex()
    const seen: string[] = []
    const gate = deferred()
    const first = mutex.run(
      'a',
      async () => {
        await gate.promise
        seen.push('first of a')
      },
      never,
    )
    const second = mutex.run('a', async () => seen.push('second of a'), never)
    await mutex.run('b', async () => seen.push('b'), never)
    gate.resolve()
    await Promise.all([first, second])
    assert.deepEqual(seen, ['b', 'first of a', 'second of a'])
  })

  it('keeps the order while someone waits, also after one that gave up', async () => {
    const mutex = new KeyedMutex()
    const gate = deferred()
    const seen: string[] = []
    const abort = new AbortController()
    const first = mutex.run('a', () => gate.promise, never)
    const waiting = mutex.run('a', async () => seen.push('waiting'), abort.signal)
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, { message: 'enough' })
    const last = mutex.run('a', async () => seen.push('last'), never)
    await new Promise(setImmediate)
    assert.deepEqual(seen, [])
    gate.resolve()
    await Promise.all([first, last])
    assert.deepEqual(seen, ['last'])
  })
})
