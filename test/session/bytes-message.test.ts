import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { moby } from '../../src/gen/buildkit.js'
import type { MessagePiece } from '../../src/grpc/message-reader.ts'
import { bytesMessageHeader, payloads } from '../../src/session/bytes-message.ts'

const { BytesMessage } = moby.buildkit.v1

/** Each message cut behind every `length` bytes, up to three pieces at once. */
async function* inPieces(messages: readonly Uint8Array[], length: number): AsyncGenerator<MessagePiece[]> {
  for (const message of messages) {
    const batch: MessagePiece[] = [
      { bytes: Buffer.from(message.subarray(0, length)), begins: message.length },
    ]
    for (let at = length; at < message.length; at += length) {
      if (batch.length === 3) yield batch.splice(0)
      batch.push({ bytes: Buffer.from(message.subarray(at, at + length)), begins: undefined })
    }
    yield batch
  }
}

async function joined(messages: readonly Uint8Array[], length: number): Promise<Buffer> {
  const read: Buffer[] = []
  for await (const payload of payloads(inPieces(messages, length))) {
    assert.ok(payload.length > 0)
    for (const bytes of payload) assert.ok(bytes.length > 0)
    read.push(...payload)
  }
  return Buffer.concat(read)
}

describe('payloads', () => {
  const data = [1, 0, 127, 128, 300, 20_000].map((size) => randomBytes(size))
  const messages = data.map((bytes) => BytesMessage.encode({ data: bytes }).finish())

  for (const length of [1, 2, 3, 5, 129, 16_384, 1 << 20])
    it(`gives the bytes of messages in pieces of ${length}`, async () => {
      assert.deepEqual(await joined(messages, length), Buffer.concat(data))
    })

  it('copies nothing', async () => {
    const bytes = Buffer.from(messages[5]!)
    const { value } = await payloads([[{ bytes, begins: bytes.length }]] as never).next()
    assert.equal((value as Buffer[])[0]!.buffer, bytes.buffer)
  })

  it('skips fields that are newer than this client, before and behind', async () => {
    const fields = {
      number: '1896ffffffff01',
      eight: '210102030405060708',
      four: '2d01020304',
      text: '32050a030a0b0c',
      empty: '3a00',
      farAway: '80d80105',
    }
    const message = (...parts: string[]) => Buffer.from(parts.join(''), 'hex')
    const before = message(...Object.values(fields), '0a03414243')
    const behind = message('0a03444546', ...Object.values(fields))
    for (const length of [1, 2, 7, 100]) assert.equal(`${await joined([before, behind], length)}`, 'ABCDEF')
  })

  it('refuses what is no such message, wherever it is cut', async () => {
    const wrong = [
      '12',
      '0a',
      '0a05aa',
      '0affffffffffffff7f',
      '0aff',
      '0801',
      '00',
      '0201',
      '0b',
      '1b',
      '18',
      '2101',
    ]
    for (const bytes of [...wrong, 'ffffffffffffffffffff01', '0a01410a'])
      for (const length of [1, 2, 100])
        await assert.rejects(joined([Buffer.from(bytes, 'hex')], length), { code: 'PROTOCOL_ERROR' }, bytes)
  })

  it('has a header that generated code can read', () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 3 << 20]) {
      const bytes = randomBytes(size)
      const decoded = BytesMessage.decode(Buffer.concat([bytesMessageHeader(size), bytes]))
      assert.ok(bytes.equals(decoded.data))
    }
  })
})
