import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { socketReady } from '../../src/network/socket-ready.ts'

const explain = (error: Error) => new Error('explained', { cause: error })

test('the event makes the socket usable, and a later error ends it, but not the process', async () => {
  const { signal } = new AbortController()
  const socket = new net.Socket()
  const ready = socketReady(socket, 'connect', signal, explain)
  socket.emit('connect')
  assert.equal(await ready, socket)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  // As TLS reports an alert: the error alone.
  socket.emit('error', new Error('later'))
  assert.equal(socket.destroyed, true)
})

test('an error before the event is explained', async () => {
  const { signal } = new AbortController()
  const socket = new net.Socket()
  const ready = socketReady(socket, 'connect', signal, explain)
  const cause = new Error('broken')
  socket.destroy(cause)
  await assert.rejects(ready, { message: 'explained', cause })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('an end without an error before the event is explained', async () => {
  const socket = new net.Socket()
  const ready = socketReady(socket, 'connect', new AbortController().signal, explain)
  socket.destroy()
  await assert.rejects(ready, { message: 'explained', cause: new Error('the stream ended') })
})

test('the signal destroys the socket and rejects with its reason, before or while waiting', async () => {
  const reason = new Error('no longer wanted')
  const waiting = new net.Socket()
  const abort = new AbortController()
  const ready = socketReady(waiting, 'connect', abort.signal, explain)
  abort.abort(reason)
  await assert.rejects(ready, reason)
  assert.equal(waiting.destroyed, true)
  const late = new net.Socket()
  await assert.rejects(socketReady(late, 'connect', abort.signal, explain), reason)
  assert.equal(late.destroyed, true)
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
})
