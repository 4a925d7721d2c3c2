import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MachinePlatform } from '../../../src/depot/machine/machine-platform.ts'
import type { MachineState } from '../../../src/depot/machine/machine-state.ts'
import { type DepotEvent, EventFeed } from '../../../src/depot/run/event-feed.ts'
import { StatusFeed } from '../../../src/solve/status/status-feed.ts'
import { wireStatus } from '../../support/wire-status.ts'

const build: DepotEvent = { type: 'build', buildId: 'b', projectId: 'p', url: '' }
const machine = (platform: MachinePlatform, state: MachineState): DepotEvent => ({
  type: 'machine',
  platform,
  state,
})
const step = (name: string) => wireStatus({ vertexes: [{ digest: name, name }] })

const failure = (words: string) => ({ error: new Error(words), onUnseen: () => assert.fail(words) })

/** An event in few words. */
function words(event: DepotEvent): string {
  if (event.type === 'build') return 'build'
  if (event.type === 'machine') return `${event.platform} ${event.state.kind}`
  if (event.type === 'retry') return `${event.platform} retry`
  return `${event.platform} ${event.status.vertexes?.map(({ name }) => name).join('+')}`
}

async function read(feed: EventFeed, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const seen: string[] = []
  if (count === 0) return seen
  for await (const event of feed) if (seen.push(words(event)) === count) break
  return seen
}

describe('the events of a build', () => {
  it('say of every step on which machine it ran', async () => {
    const feed = new EventFeed()
    const amd64 = new StatusFeed()
    const arm64 = new StatusFeed()
    feed.push(build)
    feed.follow('amd64', amd64)
    feed.follow('arm64', arm64)
    amd64.push(step('a'))
    arm64.push(step('b'))
    amd64.push(step('c'))
    amd64.end()
    arm64.end()
    feed.end()
    const seen = await read(feed)
    assert.deepEqual([...seen].sort(), ['amd64 a', 'amd64 c', 'arm64 b', 'build'])
    assert.equal(seen[0], 'build')
    assert.ok(seen.indexOf('amd64 a') < seen.indexOf('amd64 c'))
  })

  it('arrive while somebody waits for them', async () => {
    const feed = new EventFeed()
    const status = new StatusFeed()
    const first = read(feed, 1)
    feed.push(build)
    assert.deepEqual(await first, ['build'])
    const all = read(feed)
    feed.follow('arm64', status)
    await new Promise(setImmediate)
    status.push(step('a'))
    await new Promise(setImmediate)
    feed.push(machine('arm64', { kind: 'released' }))
    status.end()
    feed.end()
    assert.deepEqual(await all, ['build', 'arm64 a', 'arm64 released'])
  })

  it('reach every reader from the beginning: two at a time, and one after one that has left', async () => {
    const feed = new EventFeed()
    const status = { amd64: new StatusFeed(), arm64: new StatusFeed() }
    feed.push(machine('amd64', { kind: 'pending', waitMs: 1 }))
    feed.follow('amd64', status.amd64)
    const left = read(feed, 2)
    const stayed = read(feed)
    status.amd64.push(step('a'))
    assert.deepEqual(await left, ['amd64 pending', 'amd64 a'])
    feed.follow('arm64', status.arm64)
    status.arm64.push(step('b'))
    status.arm64.end()
    status.amd64.end()
    feed.end()
    for (const seen of [await stayed, await read(feed)])
      assert.deepEqual(seen.sort(), ['amd64 a', 'amd64 pending', 'arm64 b'])
  })

  it('keep their place for a reader when an earlier one is outdated', async () => {
    const feed = new EventFeed()
    const pending = (waitMs: number) => machine('amd64', { kind: 'pending', waitMs })
    feed.push(pending(1))
    feed.push(build)
    const reader = feed[Symbol.asyncIterator]()
    const next = async () => (await reader.next()).value
    assert.deepEqual(await next(), pending(1))
    feed.push(pending(2))
    feed.push(machine('amd64', { kind: 'released' }))
    feed.end()
    assert.deepEqual([await next(), await next()], [build, pending(2)])
    assert.deepEqual(await next(), machine('amd64', { kind: 'released' }))
    assert.equal(await next(), undefined)
  })

  it('end with the failure of the build, once everything is read, and not with that of a solve', async () => {
    const feed = new EventFeed()
    const status = new StatusFeed()
    feed.follow('amd64', status)
    status.push(step('a'))
    status.end(failure('of the solve'))
    feed.end(failure('of the build'))
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of feed) seen.push(words(event))
    })()
    await assert.rejects(reading, { message: 'of the build' })
    assert.deepEqual(seen, ['amd64 a'])
  })

  it('hold no more than the last state of a machine that waits while nobody reads', async () => {
    const feed = new EventFeed()
    for (let poll = 0; poll < 1000; poll++)
      for (const platform of ['amd64', 'arm64'] as const)
        feed.push(machine(platform, { kind: 'pending', waitMs: poll }))
    feed.push(machine('amd64', { kind: 'released' }))
    feed.end()
    const waits: unknown[] = []
    for await (const event of feed) waits.push(event)
    assert.deepEqual(waits, [
      machine('amd64', { kind: 'pending', waitMs: 999 }),
      machine('arm64', { kind: 'pending', waitMs: 999 }),
      machine('amd64', { kind: 'released' }),
    ])
  })

  it('take no status from a solve before somebody reads', async () => {
    const feed = new EventFeed()
    let taken = 0
    feed.follow('amd64', {
      async *[Symbol.asyncIterator]() {
        taken++
        yield { vertexes: [{ name: 'a' }] }
      },
    })
    await new Promise(setImmediate)
    assert.equal(taken, 0)
    feed.end()
    assert.deepEqual(await read(feed), ['amd64 a'])
  })
})
