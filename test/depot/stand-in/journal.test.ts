import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Arrival, Journal } from './journal.ts'

const arrival: Arrival = {
  service: 'depot.cli.v1.BuildService',
  method: 'FinishBuild',
  token: 'build',
  tokenOf: 'b1',
  buildId: 'b1',
  projectId: undefined,
  organizationId: undefined,
  platform: undefined,
  httpVersion: '2.0',
  userAgent: 'test/1',
  request: {},
}

test('an event has come first and ends later, and the first end counts', () => {
  const journal = new Journal()
  const event = journal.begin(arrival)
  assert.equal(journal.events[0]?.outcome, undefined)
  event.end('ok')
  event.end('left')
  assert.equal(journal.events[0]?.outcome, 'ok')
  assert.ok(journal.events[0].endedAt)
})

test('until is content with what has been', async () => {
  const journal = new Journal()
  journal.begin(arrival).end('ok')
  const event = await journal.until(({ outcome }) => outcome === 'ok')
  assert.equal(event.buildId, 'b1')
})

test('until waits for an event to come, to get a message, and to end', async () => {
  const journal = new Journal()
  const came = journal.until(({ method }) => method === 'ReportHealth')
  const beaten = journal.until(({ messages }) => messages === 3)
  const ended = journal.until(({ outcome }) => outcome === 'ok')
  const event = journal.begin({ ...arrival, method: 'ReportHealth' })
  assert.equal((await came).outcome, undefined)
  event.message()
  event.message()
  assert.equal((await beaten).outcome, undefined)
  event.end('ok')
  assert.equal((await ended).messages, 3)
})

test('until counts, and gives the last of so many', async () => {
  const journal = new Journal()
  const second = journal.until(({ method }) => method === 'FinishBuild', { count: 2 })
  journal.begin(arrival)
  journal.begin({ ...arrival, buildId: 'b2' })
  assert.equal((await second).buildId, 'b2')
})

test('until shows the journal when its time is up', async () => {
  const journal = new Journal()
  journal.begin(arrival).end('ok')
  await assert.rejects(
    journal.until(() => false, { timeoutMs: 1 }),
    /not in the journal after 1 ms:\n.*FinishBuild b1 build token ok HTTP\/2\.0 test\/1$/,
  )
})

test('until ends with its signal, also with one that has ended before', async () => {
  const journal = new Journal()
  const controller = new AbortController()
  const waiting = journal.until(() => false, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await assert.rejects(
    journal.until(() => false, { signal: controller.signal }),
    /enough/,
  )
})

test('the calls of a build are those about it and those with its token', () => {
  const journal = new Journal()
  journal.begin({ ...arrival, method: 'CreateBuild', tokenOf: 'o1' })
  journal.begin({ ...arrival, method: 'GetPullToken', buildId: undefined })
  journal.begin({ ...arrival, buildId: 'b2', tokenOf: 'b2' })
  assert.deepEqual(
    journal.of('b1').map(({ method }) => method),
    ['CreateBuild', 'GetPullToken'],
  )
})

test('a listener hears of each end once, until it is taken back', () => {
  const journal = new Journal()
  const heard: (string | undefined)[] = []
  const stop = journal.onEnd(({ outcome }) => heard.push(outcome))
  const event = journal.begin(arrival)
  event.message()
  event.end('ok')
  event.end('left')
  stop()
  journal.begin(arrival).end('not_found')
  assert.deepEqual(heard, ['ok'])
})
