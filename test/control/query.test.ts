import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { query } from '../../src/control/query.ts'
import type { Handler } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { servedClient } from './served-client.ts'

const method = '/t.T/Ask'
const nothing = new Uint8Array()

describe('a question that the daemon', () => {
  it('does not answer in time is a TIMEOUT', async (t) => {
    const asked = deferred()
    const silent: Handler = async (call) => {
      asked.resolve()
      await once(call.signal, 'abort')
    }
    await using client = servedClient({ [method]: silent })
    await client.rpc.ready
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const answer = query(client, method, nothing)
    void asked.promise.then(() => t.mock.timers.tick(30_000))
    await assert.rejects(answer, {
      code: 'TIMEOUT',
      subject: method,
      expected: 'an answer within 30 s',
      received: 'none',
    })
  })

  it('gives up at our time limit, of which it knows, is one too', async () => {
    const late: Handler = () =>
      Promise.reject(new RpcError(Code.DeadlineExceeded, 'context deadline exceeded'))
    await using client = servedClient({ [method]: late })
    await assert.rejects(query(client, method, nothing), { code: 'TIMEOUT', subject: method })
  })

  it('answers with an error is RPC_FAILED', async () => {
    const failing: Handler = () => Promise.reject(new RpcError(Code.Internal, 'broken'))
    await using client = servedClient({ [method]: failing })
    await assert.rejects(query(client, method, nothing), {
      code: 'RPC_FAILED',
      message: `${method}: Internal: broken`,
    })
  })
})
