import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteQueue } from '../../src/grpc/byte-queue.ts'

describe('bytes that have arrived', () => {
  it('are kept in few buffers, even if each came by itself: a buffer costs more than it holds', () => {
    const queue = new ByteQueue()
    const all = Buffer.from(Array.from({ length: 1 << 18 }, (_, index) => index % 251))
    for (let at = 0; at < all.length; at++) queue.push(all.subarray(at, at + 1))
    assert.equal(queue.length, all.length)
    assert.ok(queue.chunks < 2_000, `${queue.chunks} buffers`)
    assert.ok(queue.take(all.length).equals(all))
    assert.deepEqual([queue.length, queue.chunks], [0, 0])
  })

  it('are not copied where one buffer holds what is taken', () => {
    const queue = new ByteQueue()
    const chunk = Buffer.from('0123456789')
    queue.push(chunk)
    assert.equal(queue.take(4).buffer, chunk.buffer)
    assert.equal(queue.takeSome(100).toString(), '456789')
  })

  it('come out in the order in which they came in, however they are cut and taken', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const upTo = (limit: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * limit)
    }
    const queue = new ByteQueue()
    let pushed = 0
    let taken = 0
    const check = (bytes: Buffer) => {
      for (const byte of bytes) if (byte !== taken++ % 251) assert.fail(`byte ${taken}, seed ${seed}`)
    }
    for (let turn = 0; turn < 30; turn++) {
      const largest = turn % 5 === 0 ? 3_000 : 4
      for (let count = upTo(2_000); count > 0; count--)
        queue.push(Buffer.from(Array.from({ length: upTo(largest) }, () => pushed++ % 251)))
      while (queue.length > upTo(20_000)) check(upTo(2) === 0 ? queue.takeSome(500) : queue.take(1))
    }
    check(queue.take(queue.length))
    assert.equal(taken, pushed, `seed ${seed}`)
  })
})
