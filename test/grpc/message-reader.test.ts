import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { type MessagePiece, MessageReader } from '../../src/grpc/message-reader.ts'
import { Code } from '../../src/grpc/status.ts'

const limit = 1000

function message(text: string): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(text.length, 1)
  return Buffer.concat([header, Buffer.from(text)])
}

const told = (pieces: readonly MessagePiece[]) =>
  pieces.map(({ bytes, begins }) => (begins === undefined ? `${bytes}` : `${begins}:${bytes}`))

it('a flood of tiny messages does not hold up the event loop', async () => {
  const source = new PassThrough()
  const reader = new MessageReader(source, limit)
  source.end(Buffer.alloc(5 * 5_000))
  let turns = 0
  const count = () => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  let messages = 0
  for await (const _ of reader) messages++
  clearImmediate(timer)
  assert.equal(messages, 5_000)
  assert.ok(turns >= 4, `${turns} turns`)
})

describe('the pieces of messages', () => {
  it('come together when one turn of the event loop brings them', async () => {
    const source = new PassThrough()
    const reader = new MessageReader(source, limit)
    const pieces = reader.pieces()
    const first = pieces.next()
    const [a, b] = [message('ab'), message('cdef')]
    source.write(Buffer.concat([a, message(''), b.subarray(0, 7)]))
    source.write(b.subarray(7))
    assert.deepEqual(told((await first).value!), ['2:ab', '0:', '4:cd', 'ef'])
    const second = pieces.next()
    source.end(message('g'))
    assert.deepEqual(told((await second).value!), ['1:g'])
    assert.deepEqual(await pieces.next(), { value: undefined, done: true })
  })

  it('come in several batches where a turn brings very many: each costs more memory than its bytes', async () => {
    const source = new PassThrough()
    const reader = new MessageReader(source, limit)
    source.end(Buffer.concat(Array.from({ length: 5_000 }, (_, index) => message(`${index}`))))
    const texts: string[] = []
    for await (const pieces of reader.pieces()) {
      assert.ok(pieces.length <= 1024, `${pieces.length} pieces at once`)
      texts.push(...pieces.map(({ bytes }) => `${bytes}`))
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 5_000 }, (_, index) => `${index}`),
    )
  })

  it('come before the error of what follows them', async () => {
    for (const [wrong, grpcCode] of [
      [message('x'.repeat(limit + 1)), Code.ResourceExhausted],
      [Buffer.from([1, 0, 0, 0, 1, 0]), Code.Internal],
    ] as const) {
      const source = new PassThrough()
      const pieces = new MessageReader(source, limit).pieces()
      source.end(Buffer.concat([message('fine'), wrong]))
      assert.deepEqual(told((await pieces.next()).value!), ['4:fine'])
      await assert.rejects(pieces.next(), { grpcCode })
    }
  })

  it('do not hide that the last message is cut off', async () => {
    const source = new PassThrough()
    const pieces = new MessageReader(source, limit).pieces()
    source.end(message('cut off').subarray(0, 8))
    assert.deepEqual(told((await pieces.next()).value!), ['7:cut'])
    await assert.rejects(pieces.next(), {
      grpcCode: Code.Internal,
      message: 'the stream ended inside a message',
    })
  })

  it('stop the source while nobody takes them', async () => {
    const source = new PassThrough({ highWaterMark: 16 << 10 })
    const pieces = new MessageReader(source, 16 << 20).pieces()
    const bytes = message('x'.repeat(8 << 20))
    let written = 0
    const writing = (async () => {
      for (; written < bytes.length; written += 16 << 10) {
        if (!source.write(bytes.subarray(written, written + (16 << 10))))
          await new Promise((resolve) => source.once('drain', resolve))
      }
    })()
    await pieces.next()
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(written < 3 << 20, `${written} bytes taken`)
    await pieces.return()
    await writing
    assert.equal(written >= bytes.length, true)
  })
})
