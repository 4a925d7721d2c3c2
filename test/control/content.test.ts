import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { readBlob } from '../../src/control/content.ts'
import { containerd } from '../../src/gen/buildkit.js'
import type { Handler } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { servedClient } from './served-client.ts'

const { ReadContentRequest, ReadContentResponse } = containerd.services.content.v1
const method = '/containerd.services.content.v1.Content/Read'
const text = Buffer.from('a blob in parts')
const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`

/** Serves these chunks for any digest; `sent` counts them. */
function content(chunks: readonly Buffer[], sent: { count: number; digest?: string } = { count: 0 }) {
  const handler: Handler = async (call) => {
    for await (const message of call.messages) sent.digest = ReadContentRequest.decode(message).digest
    for (const data of chunks) {
      await call.send(ReadContentResponse.encode({ data }).finish())
      sent.count++
    }
  }
  return servedClient({ [method]: handler })
}

describe('readBlob', () => {
  it('joins the chunks of the blob it asked for', async () => {
    const sent = { count: 0, digest: '' }
    await using client = content([text.subarray(0, 3), text.subarray(3)], sent)
    assert.deepEqual(await readBlob(client, { digest, size: text.length }, { maxBytes: 100 }), text)
    assert.equal(sent.digest, digest)
  })

  it('refuses other bytes than the digest names, and what is no digest', async () => {
    await using client = content([text, text])
    const refused = { code: 'PROTOCOL_ERROR', subject: digest }
    await assert.rejects(readBlob(client, { digest, size: 1 }, { maxBytes: 100 }), refused)
    for (const none of ['', 'sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e'])
      await assert.rejects(readBlob(client, { digest: none, size: 1 }, { maxBytes: 100 }), {
        code: 'PROTOCOL_ERROR',
      })
  })

  it('refuses what is announced as too large, unasked, and what grows too large, unread', async () => {
    const sent = { count: 0 }
    await using client = content(Array(1000).fill(Buffer.alloc(1 << 20)), sent)
    const tooLarge = { code: 'TOO_LARGE', expected: 'at most 3000000 bytes' }
    await assert.rejects(readBlob(client, { digest, size: 3_000_001 }, { maxBytes: 3_000_000 }), tooLarge)
    assert.equal(sent.count, 0)
    await assert.rejects(readBlob(client, { digest, size: 5 }, { maxBytes: 3_000_000 }), tooLarge)
    assert.ok(sent.count < 100, `${sent.count} MiB were sent`)
  })

  it('says which blob the daemon does not have', async () => {
    await using client = servedClient({ [method]: () => Promise.reject(new RpcError(Code.NotFound, 'gone')) })
    await assert.rejects(readBlob(client, { digest, size: 1 }, { maxBytes: 100 }), {
      code: 'RPC_FAILED',
      message: `${method}: NotFound: gone`,
    })
  })
})
