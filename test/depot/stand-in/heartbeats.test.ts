import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Heartbeats } from './heartbeats.ts'

const heartbeatTimeoutMs = 1000

test('a build that is heard of in time is never silent', (t) => {
  const { heartbeats, silent } = ledger(t)
  for (let beat = 0; beat < 5; beat++) {
    heartbeats.beat('b1', 'amd64')
    t.mock.timers.tick(999)
  }
  assert.deepEqual(silent, [])
  t.mock.timers.tick(1)
  assert.deepEqual(silent, ['b1'])
})

test('each architecture of each build has a line of its own', (t) => {
  const { heartbeats, silent } = ledger(t)
  heartbeats.beat('b1', 'amd64')
  heartbeats.beat('b1', 'arm64')
  heartbeats.beat('b2', 'amd64')
  t.mock.timers.tick(600)
  heartbeats.beat('b1', 'amd64')
  t.mock.timers.tick(600)
  assert.deepEqual(silent, ['b1', 'b2'])
})

test('a line that is closed, or all lines of a build, need no more heartbeats', (t) => {
  const { heartbeats, silent } = ledger(t)
  for (const build of ['b1', 'b10', 'b2']) heartbeats.beat(build, 'amd64')
  heartbeats.beat('b2', 'arm64')
  heartbeats.close('b1')
  heartbeats.close('b2', 'arm64')
  t.mock.timers.tick(heartbeatTimeoutMs)
  assert.deepEqual(silent, ['b10', 'b2'])
})

test('a time that changes counts from the next heartbeat on', (t) => {
  const settings = { heartbeatTimeoutMs }
  const { heartbeats, silent } = ledger(t, settings)
  settings.heartbeatTimeoutMs = 10
  heartbeats.beat('b1', 'amd64')
  t.mock.timers.tick(10)
  assert.deepEqual(silent, ['b1'])
})

test('nothing is heard of after disposal', (t) => {
  const { heartbeats, silent } = ledger(t)
  heartbeats.beat('b1', 'amd64')
  heartbeats[Symbol.dispose]()
  t.mock.timers.tick(heartbeatTimeoutMs)
  assert.deepEqual(silent, [])
})

function ledger(t: TestContext, settings = { heartbeatTimeoutMs }) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const silent: string[] = []
  return { heartbeats: new Heartbeats(settings, (build) => silent.push(build)), silent }
}
