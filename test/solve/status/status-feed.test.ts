import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SolveStatus } from '../../../src/solve/status/status.ts'
import { StatusFeed } from '../../../src/solve/status/status-feed.ts'

const log = (n: number): SolveStatus => ({ logs: [{ data: String(n), timestamp: 't' }] })

async function take(feed: StatusFeed, count: number): Promise<SolveStatus[]> {
  const taken: SolveStatus[] = []
  for await (const status of feed) {
    taken.push(status)
    if (taken.length === count) break
  }
  return taken
}

describe('StatusFeed', () => {
  it('hands over messages in order, those from before the reader and those after', async () => {
    const feed = new StatusFeed()
    feed.push(log(1), 10)
    const reading = take(feed, 3)
    setImmediate(() => {
      feed.push(log(2), 10)
      setImmediate(() => feed.push(log(3), 10))
    })
    assert.deepEqual(await reading, [log(1), log(2), log(3)])
  })

  it('goes on where a reader has left the loop', async () => {
    const feed = new StatusFeed()
    for (const n of [1, 2, 3]) feed.push(log(n), 10)
    feed.end()
    assert.deepEqual(await take(feed, 1), [log(1)])
    assert.deepEqual(await take(feed, 9), [log(2), log(3)])
    assert.deepEqual(await take(feed, 9), [])
  })

  it('throws the failure after the last message, to every reader', async () => {
    const feed = new StatusFeed()
    const failure = new Error('build failed')
    feed.push(log(1), 10)
    feed.end(failure)
    assert.deepEqual(await take(feed, 1), [log(1)])
    await assert.rejects(take(feed, 1), failure)
    await assert.rejects(take(feed, 1), failure)
  })

  it('folds what nobody reads into the last state of each step and item, and stays bounded', async () => {
    const feed = new StatusFeed()
    const mebibyte = 1 << 20
    feed.push({ vertexes: [{ digest: 'a', name: 'one', started: 's' }] }, mebibyte)
    feed.push({ vertexes: [{ digest: 'a', name: 'one', started: 's', completed: 'c' }] }, mebibyte)
    feed.push({ statuses: [{ id: 'x', vertex: 'a', current: 1, timestamp: 't' }] }, mebibyte)
    feed.push({ statuses: [{ id: 'x', vertex: 'a', current: 2, timestamp: 't' }] }, mebibyte)
    for (let n = 0; n < 100; n++) feed.push(log(n), mebibyte)
    feed.end()
    const [folded, ...rest] = await take(feed, 1000)
    assert.deepEqual(folded, {
      vertexes: [{ digest: 'a', name: 'one', started: 's', completed: 'c' }],
      statuses: [{ id: 'x', vertex: 'a', current: 2, timestamp: 't' }],
    })
    assert.deepEqual(
      rest,
      Array.from({ length: 8 }, (_, i) => log(92 + i)),
    )
  })
})
