import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { SolveStatus } from '../../../src/solve/status/status.ts'
import { StatusFeed } from '../../../src/solve/status/status-feed.ts'
import { wireStatus } from '../../support/wire-status.ts'

const mebibyte = 1 << 20

/** A message with output of the step `v`, as sent and as read. */
const sent = (text: string) => wireStatus({ logs: [{ vertex: 'v', stream: 1, msg: Buffer.from(text) }] })
const log = (text: string): SolveStatus => ({
  logs: [
    { vertex: 'v', stream: 1, data: Buffer.from(text).toString('base64'), timestamp: '1970-01-01T00:00:00Z' },
  ],
})
const large = (n: number) => `${n} `.padEnd(mebibyte, '.')

async function take(feed: StatusFeed, count: number): Promise<SolveStatus[]> {
  const taken: SolveStatus[] = []
  for await (const status of feed) {
    taken.push(status)
    if (taken.length === count) break
  }
  return taken
}

/** What a reader gets, of each message the output's first word. */
async function words(feed: StatusFeed): Promise<string[]> {
  return (await take(feed, 1_000)).flatMap(({ logs = [] }) =>
    logs.map(({ data }) =>
      Buffer.from(data!, 'base64')
        .toString()
        .replace(/ ?\.*$/, ''),
    ),
  )
}

describe('StatusFeed', () => {
  it('hands over messages in order, those from before the reader and those after', async () => {
    const feed = new StatusFeed()
    feed.push(sent('1'))
    const reading = take(feed, 3)
    await nextTurn()
    feed.push(sent('2'), log('2'))
    await nextTurn()
    feed.push(sent('3'), log('3'))
    assert.deepEqual(await reading, [log('1'), log('2'), log('3')])
  })

  it('gives every reader everything, at once or one after the other, also after the end', async () => {
    const feed = new StatusFeed()
    const all = [log('1'), log('2'), log('3')]
    const early = [take(feed, 9), take(feed, 9)]
    await nextTurn()
    for (const n of ['1', '2', '3']) feed.push(sent(n), log(n))
    assert.deepEqual(await take(feed, 1), [log('1')])
    const later = take(feed, 9)
    feed.end()
    assert.deepEqual(await Promise.all([...early, later, take(feed, 9)]), [all, all, all, all])
  })

  it('throws the failure after the last message, to every reader', async () => {
    const feed = new StatusFeed()
    const failure = new Error('build failed')
    feed.push(sent('1'))
    feed.end({ error: failure, onUnseen: () => assert.fail('it was seen') })
    assert.deepEqual(await take(feed, 1), [log('1')])
    await assert.rejects(take(feed, 2), failure)
    await assert.rejects(take(feed, 2), failure)
  })

  it('folds the oldest messages while nobody reads, and says how much output it left out', async () => {
    const feed = new StatusFeed()
    feed.push(wireStatus({ vertexes: [{ digest: 'v', name: 'one' }] }))
    for (let n = 0; n < 100; n++) assert.equal(feed.push(sent(large(n))), undefined)
    feed.end()
    const expected = [
      `[${93 * mebibyte} bytes of output left out]\n`,
      ...Array.from({ length: 7 }, (_, n) => `${93 + n}`),
    ]
    assert.deepEqual(await words(feed), expected)
    assert.deepEqual(await words(feed), expected)
    const [first] = await take(feed, 1)
    assert.deepEqual(first!.vertexes, [{ digest: 'v', name: 'one' }])
  })

  it('asks to wait for a reader, the slowest of several, and leaves nothing out', async () => {
    const feed = new StatusFeed()
    const readers = [feed[Symbol.asyncIterator](), feed[Symbol.asyncIterator]()]
    const first = Promise.all(readers.map((reader) => reader.next()))
    let pushed = 0
    let isOver = false
    const pushing = (async () => {
      for (; pushed < 50; pushed++) await feed.push(sent(large(pushed)))
      feed.end()
      isOver = true
    })()
    await first
    for (let n = 1; n < 50; n++) {
      await nextTurn()
      assert.ok(pushed <= n + 8, `${pushed} messages after ${n} reads`)
      for (const reader of readers) assert.deepEqual((await reader.next()).value, log(large(n)))
    }
    await pushing
    assert.ok(isOver)
    for (const reader of readers) assert.equal((await reader.next()).done, true)
  })

  it('waits no longer for a reader that has left the loop', async () => {
    const feed = new StatusFeed()
    const reader = feed[Symbol.asyncIterator]()
    const first = reader.next()
    for (let n = 0; n < 8; n++) feed.push(sent(large(n)))
    await first
    const room = feed.push(sent(large(8)))
    assert.ok(room !== undefined)
    await reader.return(undefined)
    await room
  })

  it('folds for slow readers what they have not read, once released', async () => {
    const feed = new StatusFeed()
    const reader = feed[Symbol.asyncIterator]()
    const first = reader.next()
    let room: Promise<void> | undefined
    for (let n = 0; n < 20; n++) room = feed.push(sent(large(n))) ?? room
    await first
    feed.release()
    await room
    feed.end()
    const rest: SolveStatus[] = []
    for await (const status of { [Symbol.asyncIterator]: () => reader }) rest.push(status)
    assert.deepEqual(rest[0], log(`[${12 * mebibyte} bytes of output left out]\n`))
    assert.deepEqual(rest.length, 8)
    assert.equal((await words(feed))[0], `[${13 * mebibyte} bytes of output left out]\n`)
  })

  it('keeps one message that is larger than the bound, and asks nobody to wait for it', async () => {
    const feed = new StatusFeed()
    const huge = 'x'.repeat(9 * mebibyte)
    assert.equal(feed.push(sent(huge)), undefined)
    feed.end()
    assert.deepEqual(await take(feed, 2), [log(huge)])
  })

  it('holds little more than its bound, however small the messages are', async () => {
    const feed = new StatusFeed()
    const before = await memory()
    for (let n = 0; n < 100_000; n++)
      feed.push(wireStatus({ vertexes: [{ digest: `sha256:${n}`, name: `step ${n}` }] }))
    const grown = (await memory()) - before
    assert.ok(grown < 20 * mebibyte, `${Math.round(grown / mebibyte)} MiB`)
    assert.ok(grown > mebibyte, 'the feed is still alive')
    feed.end()
  })
})

/** What is in use once the garbage is collected, which the earlier tests have left. */
async function memory(): Promise<number> {
  setFlagsFromString('--expose-gc')
  for (let round = 0; round < 3; round++) {
    runInNewContext('gc')()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
