import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { startLoading } from '../../../src/depot/run/engine-load.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { listening } from '../../support/listening.ts'

test('an Engine that takes the connection and says nothing is not waited for without an end', async (t) => {
  const clock = fakeClock(t)
  await using silent = await listening(createServer((socket) => socket.on('error', () => {})))
  const engine = `docker://127.0.0.1:${silent.port}`
  const { signal } = new AbortController()
  await assert.rejects(clock.until(startLoading({ engine, tls: {} }, {}, signal)), {
    code: 'TIMEOUT',
    message:
      `no connection to ${engine}, which the image is to be loaded into: expected one within 20 s, got none. ` +
      'Check that the Engine runs, and that its address is reached from here',
  })
  assert.ok(clock.passedMs >= 20_000 && clock.passedMs < 21_000, `${clock.passedMs} ms`)
})
