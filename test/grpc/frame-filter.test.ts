import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { FrameFilter, type OnReset } from '../../src/grpc/frame-filter.ts'

const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const flag = { endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 }

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Joins what comes in pieces of any size. */
function joined(bytes: Buffer, nextLength: () => number, onReset: OnReset = () => {}): Buffer {
  const joiner = new FrameFilter(onReset)
  const output: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = nextLength()
    output.push(...joiner.push(bytes.subarray(at, at + length)))
    at += length
  }
  return Buffer.concat(output)
}

/** A generator of numbers that a seed repeats (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

describe('FrameFilter', () => {
  it('gives one frame for any header list, tells resets, and leaves the rest as it was, however the bytes are cut', () => {
    const seed = randomInt(2 ** 31)
    const below = random(seed)
    const bytesOf = (length: number) => Buffer.from(Array.from({ length }, () => below(256)))
    for (let round = 0; round < 300; round++) {
      const sent: Buffer[] = [preface]
      const expected: Buffer[] = [preface]
      const resets: [number, number][] = []
      const told: [number, number][] = []
      for (let frames = below(8); frames > 0; frames--) {
        const stream = 1 + 2 * below(100)
        if (below(5) === 0) {
          const code = below(20)
          sent.push(frame(3, below(256), stream, Buffer.from([0, 0, 0, code])))
          resets.push([stream, code])
          continue
        }
        if (below(2) === 0) {
          // All types but HEADERS and CONTINUATION, with flags that mean END_HEADERS or PADDED in those.
          const other = frame(
            [0, 2, 4, 5, 6, 7, 8, 10, 200][below(9)]!,
            below(256),
            stream,
            bytesOf(below(60)),
          )
          sent.push(other)
          expected.push(other)
          continue
        }
        const parts = Array.from({ length: 1 + below(30) }, () => bytesOf(below(40)))
        const flags = (below(2) * flag.endStream) | (below(2) * flag.priority)
        const padding = parts.length > 1 ? below(3) * below(5) : 0
        const isPadded = padding > 0
        parts.forEach((part, index) => {
          const end = index === parts.length - 1 ? flag.endHeaders : 0
          if (index > 0) sent.push(frame(9, end, stream, part))
          else if (isPadded)
            sent.push(
              frame(
                1,
                flags | end | flag.padded,
                stream,
                Buffer.concat([Buffer.from([padding]), part, Buffer.alloc(padding)]),
              ),
            )
          else sent.push(frame(1, flags | end, stream, part))
        })
        expected.push(frame(1, flags | flag.endHeaders, stream, Buffer.concat(parts)))
      }
      const most = 1 + below(200)
      const output = joined(
        Buffer.concat(sent),
        () => 1 + below(most),
        (...reset) => told.push(reset),
      )
      assert.ok(output.equals(Buffer.concat(expected)), `seed ${seed}, round ${round}`)
      assert.deepEqual(told, resets, `seed ${seed}, round ${round}`)
    }
  })

  it('never throws but PROTOCOL_ERROR, and never gives more than it took, whatever comes', () => {
    const seed = randomInt(2 ** 31)
    const below = random(seed)
    for (let round = 0; round < 300; round++) {
      const noise = Array.from({ length: below(30) }, () =>
        frame(below(2) * 8 + 1, below(256), below(3), Buffer.alloc(below(20), below(256))),
      )
      const bytes = Buffer.concat([preface, ...noise])
      try {
        assert.ok(joined(bytes, () => 1 + below(50)).length <= bytes.length)
      } catch (error) {
        assert.equal(
          (error as { code?: string }).code,
          'PROTOCOL_ERROR',
          `seed ${seed}, round ${round}: ${error}`,
        )
      }
    }
  })

  it('passes what is not a cut header list without a copy', () => {
    const bytes = Buffer.concat([
      preface,
      frame(4, 0, 0, Buffer.alloc(6)),
      frame(0, 0, 1, Buffer.alloc(16_384)),
    ])
    const [output, ...more] = new FrameFilter(() => {}).push(bytes)
    assert.deepEqual(more, [])
    assert.equal(output!.buffer, bytes.buffer)
    assert.equal(output!.length, bytes.length)
  })

  it('keeps a frame that comes byte by byte in few buffers: each costs more than it holds', () => {
    const joiner = new FrameFilter(() => {})
    const header = Buffer.from([0x10, 0, 0, 1, 0, 0, 0, 0, 1])
    joiner.push(Buffer.concat([preface, header]))
    const before = process.memoryUsage().rss
    for (let bytes = 0; bytes < 1 << 20; bytes++) joiner.push(Buffer.from([7]))
    const grown = process.memoryUsage().rss - before
    assert.ok(grown < 64 << 20, `${grown} bytes`)
  })

  it('refuses another frame inside a header list', () => {
    const begun = Buffer.concat([preface, frame(1, 0, 1, Buffer.alloc(3))])
    for (const intruder of [frame(0, 0, 1, Buffer.alloc(1)), frame(9, 0, 3, Buffer.alloc(1))]) {
      const joiner = new FrameFilter(() => {})
      joiner.push(begun)
      assert.throws(() => joiner.push(intruder), { code: 'PROTOCOL_ERROR', message: /inside a header list/ })
    }
  })

  it('refuses a header list without end, by its bytes and by its frames', () => {
    for (const payload of [Buffer.alloc(1 << 20), Buffer.alloc(0)]) {
      const joiner = new FrameFilter(() => {})
      joiner.push(Buffer.concat([preface, frame(1, 0, 1, payload)]))
      const more = frame(9, 0, 1, payload)
      assert.throws(
        () => {
          for (let frames = 0; frames < 5_000; frames++) joiner.push(more)
        },
        { code: 'PROTOCOL_ERROR', received: 'a header list of more than 16 MiB' },
      )
    }
  })
})
