import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { customDialer } from '../../src/transport/custom-dialer.ts'
import type { Dialer } from '../../src/transport/route.ts'

test('the stream of the caller’s dialer is handed on, and the signal is handed in', async () => {
  const { signal } = new AbortController()
  const stream = new PassThrough()
  const given: AbortSignal[] = []
  const dial = customDialer(async (signal) => {
    given.push(signal)
    return stream
  }, 'it')
  assert.equal(await dial(signal), stream)
  assert.deepEqual(given, [signal])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a dialer that fails is UNREACHABLE, unless it says what it is itself', async () => {
  const { signal } = new AbortController()
  const cause = new Error('the tunnel is down')
  await assert.rejects(customDialer(() => Promise.reject(cause), 'it')(signal), {
    code: 'UNREACHABLE',
    message: 'cannot reach it: got the tunnel is down',
    cause,
  })
  const thrower: Dialer = () => {
    throw cause
  }
  await assert.rejects(customDialer(thrower, 'it')(signal), { code: 'UNREACHABLE', cause })
  const own = new BuildkitError('TLS_FAILED', 'mine')
  await assert.rejects(customDialer(() => Promise.reject(own), 'it')(signal), own)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a dialer that returns no Duplex is refused', async () => {
  for (const nonsense of [undefined, null, 'socket', {}, new ReadableStream()])
    await assert.rejects(customDialer(async () => nonsense as never, 'it')(new AbortController().signal), {
      code: 'INVALID_OPTION',
      subject: 'address',
      expected: 'a dialer that returns a Duplex',
    })
})

test('a dialer that ignores the signal is left behind, and its late stream is destroyed', async () => {
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const stream = new PassThrough()
  let arrive = (_: PassThrough) => {}
  const dialling = customDialer(() => new Promise((resolve) => (arrive = resolve)), 'it')(abort.signal)
  abort.abort(reason)
  await assert.rejects(dialling, reason)
  arrive(stream)
  await new Promise(setImmediate)
  assert.equal(stream.destroyed, true)
})
