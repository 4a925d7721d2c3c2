import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findBuild } from '../../src/control/history.ts'
import { moby } from '../../src/gen/buildkit.js'
import type { Handler } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { servedClient } from './served-client.ts'

const { BuildHistoryEvent, BuildHistoryEventType, BuildHistoryRequest } = moby.buildkit.v1
const method = '/moby.buildkit.v1.Control/ListenBuildHistory'
const { STARTED, COMPLETE, DELETED } = BuildHistoryEventType

type Request = InstanceType<typeof BuildHistoryRequest>
type Event = Parameters<typeof BuildHistoryEvent.encode>[0]

/** Answers with these events; `asked` gets the request. */
function history(events: Event[], asked: (request: Request) => void = () => {}): Record<string, Handler> {
  return {
    [method]: async (call) => {
      for await (const message of call.messages) asked(BuildHistoryRequest.decode(message))
      for (const event of events) await call.send(BuildHistoryEvent.encode(event).finish())
    },
  }
}

const fails = (error: Error): Record<string, Handler> => ({ [method]: () => Promise.reject(error) })

describe('findBuild', () => {
  it('asks for one build, and for what there is now', async () => {
    const requests: unknown[] = []
    await using client = servedClient(history([], ({ Ref, EarlyExit }) => requests.push([Ref, EarlyExit])))
    assert.equal(await findBuild(client, 'r'), undefined)
    assert.deepEqual(requests, [['r', true]])
  })

  it('gives code, message and the blob of a build that failed', async () => {
    const externalError = { digest: 'sha256:d', size: 7 }
    const record = { Ref: 'r', error: { code: 2, message: 'no' }, externalError }
    await using client = servedClient(history([{ type: COMPLETE, record }]))
    const error = { code: 2, message: 'no', status: { digest: 'sha256:d', size: 7 } }
    assert.deepEqual(await findBuild(client, 'r'), { isRunning: false, error })
  })

  it('tells a running build from one that is over, whose record counts', async () => {
    const started = { type: STARTED, record: { Ref: 'r' } }
    await using running = servedClient(history([started]))
    assert.deepEqual(await findBuild(running, 'r'), { isRunning: true, error: undefined })
    await using over = servedClient(history([started, { type: COMPLETE, record: { Ref: 'r' } }]))
    assert.deepEqual(await findBuild(over, 'r'), { isRunning: false, error: undefined })
  })

  it('passes over other builds and other events', async () => {
    const other = { type: COMPLETE, record: { Ref: 'other', error: { code: 2, message: 'not ours' } } }
    await using client = servedClient(history([other, {}, { type: DELETED, record: { Ref: 'r' } }]))
    assert.equal(await findBuild(client, 'r'), undefined)
  })

  it('finds nothing at a daemon without a history', async () => {
    for (const code of [Code.Unimplemented, Code.NotFound]) {
      await using client = servedClient(fails(new RpcError(code, 'no')))
      assert.equal(await findBuild(client, 'r'), undefined)
    }
  })

  it('throws what else fails', async () => {
    await using failing = servedClient(fails(new RpcError(Code.Internal, 'broken')))
    await assert.rejects(findBuild(failing, 'r'), { code: 'RPC_FAILED', subject: method })
    const garbage: Handler = async (call) => {
      await call.send(Buffer.from('12ff', 'hex'))
    }
    await using malformed = servedClient({ [method]: garbage })
    await assert.rejects(findBuild(malformed, 'r'), { code: 'PROTOCOL_ERROR' })
  })

  it('ends with its signal', async () => {
    await using client = servedClient({ [method]: () => new Promise(() => {}) })
    const stop = new AbortController()
    const asking = findBuild(client, 'r', { signal: stop.signal })
    setImmediate(() => stop.abort(new Error('enough')))
    await assert.rejects(asking, { code: 'CANCELLED', message: /enough/ })
  })
})
