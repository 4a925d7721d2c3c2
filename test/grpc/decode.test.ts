import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { moby } from '../../src/gen/buildkit.js'
import { decode } from '../../src/grpc/decode.ts'

const { StatusResponse } = moby.buildkit.v1
const decoded = (bytes: Uint8Array) => decode(StatusResponse, 'StatusResponse', bytes)

describe('decode', () => {
  it('gives what was sent, also of a plain Uint8Array inside a larger one', () => {
    const bytes = StatusResponse.encode({ logs: [{ vertex: 'é', msg: Buffer.from('text') }] }).finish()
    const larger = new Uint8Array(bytes.length + 10)
    larger.set(bytes, 5)
    for (const given of [Buffer.from(bytes), larger.subarray(5, 5 + bytes.length)]) {
      const [log] = decoded(given).logs
      assert.equal(log?.vertex, 'é')
      assert.equal(Buffer.from(log?.msg ?? []).toString(), 'text')
    }
  })

  it('refuses a message with more fields than memory has room for, wherever they are', () => {
    const crowd = (field: Buffer) => Buffer.alloc(2 << 20, field)
    const inside = Buffer.concat([Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x01]), crowd(Buffer.from([0x12, 0]))])
    for (const bytes of [crowd(Buffer.from([0x12, 0])), crowd(Buffer.from([0x7a, 0])), inside])
      assert.throws(() => decoded(bytes), {
        code: 'PROTOCOL_ERROR',
        message: 'the daemon sent a malformed StatusResponse: got more than 524288 fields',
      })
  })
})
