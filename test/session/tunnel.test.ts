import assert from 'node:assert/strict'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { moby } from '../../src/gen/buildkit.js'
import type { ClientCall } from '../../src/grpc/client.ts'
import type { MessagePiece } from '../../src/grpc/message-reader.ts'
import { callAsDuplex } from '../../src/session/tunnel.ts'

const { BytesMessage } = moby.buildkit.v1

/** A call whose messages are given, and which keeps what is sent. */
function callOf(messages: readonly Uint8Array[]) {
  const sent: Buffer[] = []
  const ends = { halfClosed: 0, cancelled: undefined as Error | undefined }
  const call: ClientCall = {
    messages: (async function* () {})(),
    pieces: () => inPieces(messages),
    send: (...parts) => {
      sent.push(Buffer.concat(parts))
      return sent.length % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined
    },
    headers: Promise.resolve(new Map()),
    signal: new AbortController().signal,
    halfClose: () => {
      ends.halfClosed++
    },
    cancel: (reason) => {
      ends.cancelled = reason
    },
  }
  return { call, sent, ends }
}

/** Each message cut at random places, as the wire does, and up to five pieces at once. */
async function* inPieces(messages: readonly Uint8Array[]): AsyncGenerator<MessagePiece[]> {
  let batch: MessagePiece[] = []
  for (const message of messages) {
    let begins: number | undefined = message.length
    for (let rest = Buffer.from(message); begins !== undefined || rest.length > 0; begins = undefined) {
      const length = Math.min(rest.length, randomInt(rest.length < 10 ? 3 : 20_000))
      batch.push({ bytes: rest.subarray(0, length), begins })
      rest = rest.subarray(length)
      if (batch.length < randomInt(1, 6)) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

const encode = (data: Uint8Array) => BytesMessage.encode({ data }).finish()

describe('callAsDuplex', () => {
  it('reads the bytes of all messages, whatever their boundaries, also of empty ones', async () => {
    const pieces = [
      Buffer.alloc(0),
      randomBytes(1),
      randomBytes(127),
      randomBytes(128),
      Buffer.alloc(0),
      randomBytes(70_000),
    ]
    const duplex = callAsDuplex(callOf(pieces.map(encode)).call)
    const read: Buffer[] = []
    for await (const chunk of duplex) read.push(chunk as Buffer)
    assert.deepEqual(Buffer.concat(read), Buffer.concat(pieces))
  })

  it('writes messages that generated code can read, none larger than a mebibyte', async () => {
    const { call, sent, ends } = callOf([])
    const duplex = callAsDuplex(call)
    const whole = createHash('sha256')
    for (const size of [
      0,
      1,
      127,
      128,
      16_384,
      3 << 20,
      ...Array.from({ length: 30 }, () => randomInt(200_000)),
    ]) {
      const chunk = randomBytes(size)
      whole.update(chunk)
      duplex.write(chunk)
    }
    await new Promise<void>((resolve) => duplex.end(resolve))
    const written = createHash('sha256')
    for (const message of sent) {
      const { data } = BytesMessage.decode(message)
      assert.ok(data.length > 0 && data.length <= 1 << 20)
      written.update(data)
    }
    assert.equal(written.digest('hex'), whole.digest('hex'))
    assert.equal(ends.halfClosed, 1)
  })

  it('breaks with what has ended its call, which is known after a write has failed', async () => {
    const over = new AbortController()
    const { call } = callOf([])
    const duplex = callAsDuplex({
      ...call,
      signal: over.signal,
      send: () => Promise.reject(new Error('the call is over')),
    })
    duplex.write('x')
    const broken = once(duplex, 'error')
    const reason = new BuildkitError('CONNECTION_LOST', 'the connection to the daemon is gone')
    setImmediate(() => over.abort(reason))
    assert.deepEqual(await broken, [reason])
  })

  it('breaks on a message that is none, and cancels the call', async () => {
    for (const bytes of ['12', '0a', '0a05aa', '0affffffffffffff7f', '0aff']) {
      const { call, ends } = callOf([Buffer.from(bytes, 'hex')])
      const duplex = callAsDuplex(call)
      await assert.rejects(
        (async () => {
          for await (const _ of duplex);
        })(),
        { code: 'PROTOCOL_ERROR' },
        bytes,
      )
      assert.ok(ends.cancelled, bytes)
    }
  })
})
