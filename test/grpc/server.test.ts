import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, it } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import type { Metadata } from '../../src/grpc/metadata.ts'
import { type Handler, type Server, serve } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { stuckStream } from '../support/stuck-stream.ts'

function asIs(bytes: Buffer): Buffer {
  return bytes
}

/** An independent gRPC client talking to a server of ours, each on its end of a socket. */
describe('a server on a byte stream, called by an independent gRPC client', () => {
  const handlers = new Map<string, Handler>()
  const failures: [string, unknown][] = []
  let listener: net.Server
  let client: grpc.Client
  let server: Server

  before(async () => {
    listener = net.createServer((socket) => {
      server = serve(socket, {
        handlerOf: (method) => handlers.get(method),
        onHandlerError: (method, error) => failures.push([method, error]),
      })
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as net.AddressInfo
    client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  })
  after(async () => {
    client.close()
    server.close()
    listener.close()
    await once(listener, 'close')
  })

  function unary(method: string, body: string, metadata = new grpc.Metadata()): Promise<string> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(method, asIs, asIs, Buffer.from(body), metadata, (error, reply) =>
        error === null ? resolve(String(reply)) : reject(error),
      )
    })
  }

  it('answers a unary call', async () => {
    handlers.set('/t.T/Upper', async (call) => {
      for await (const message of call.messages)
        await call.send(Buffer.from(message.toString().toUpperCase()))
    })
    assert.equal(await unary('/t.T/Upper', 'hello'), 'HELLO')
  })

  it('answers a method it does not know with Unimplemented, at once', async () => {
    await assert.rejects(unary('/t.T/Nope', ''), {
      code: grpc.status.UNIMPLEMENTED,
      details: 'unknown method /t.T/Nope',
    })
    assert.deepEqual(failures, [])
  })

  it('answers with the status a handler throws, and tells who threw', async () => {
    const missing = new RpcError(Code.NotFound, 'kein "Größe" 100% \n there')
    handlers.set('/t.T/Missing', () => Promise.reject(missing))
    handlers.set('/t.T/Broken', () => Promise.reject(new Error('disk on fire')))
    await assert.rejects(unary('/t.T/Missing', ''), { code: grpc.status.NOT_FOUND, details: missing.message })
    await assert.rejects(unary('/t.T/Broken', ''), { code: grpc.status.UNKNOWN, details: 'disk on fire' })
    assert.equal(failures[0]![0], '/t.T/Missing')
    assert.equal(failures[0]![1], missing)
    assert.equal(failures[1]![0], '/t.T/Broken')
  })

  it('cuts the message of an error, whose end as a header would be that of the session', async () => {
    for (const character of ['x', '\u20ac']) {
      handlers.set('/t.T/Long', () => Promise.reject(new Error(character.repeat(100_000))))
      await assert.rejects(unary('/t.T/Long', ''), {
        code: grpc.status.UNKNOWN,
        details: character.repeat(4_000),
      })
    }
    failures.length = 0
  })

  it('fails with the status after it has already sent messages', async () => {
    handlers.set('/t.T/Half', async (call) => {
      await call.send(Buffer.from('one'))
      throw new RpcError(Code.DataLoss, 'the rest is gone')
    })
    const call = client.makeServerStreamRequest('/t.T/Half', asIs, asIs, Buffer.alloc(0))
    const got: string[] = []
    call.on('data', (message) => got.push(String(message)))
    const [error] = await once(call, 'error')
    assert.deepEqual(got, ['one'])
    assert.deepEqual([error.code, error.details], [grpc.status.DATA_LOSS, 'the rest is gone'])
  })

  it('keeps order and content over many messages of all sizes, with back-pressure', async () => {
    const count = 4000
    const sizeOf = (i: number) => (i % 400 === 3 ? 700_000 : i % 97)
    handlers.set('/t.T/Many', async (call) => {
      for (let i = 0; i < count; i++) {
        const waiting = call.send(Buffer.from(`${i}:`), Buffer.alloc(sizeOf(i), i % 251))
        if (waiting !== undefined) await waiting
      }
    })
    const call = client.makeServerStreamRequest('/t.T/Many', asIs, asIs, Buffer.alloc(0))
    let index = 0
    for await (const message of call as AsyncIterable<Buffer>) {
      const expected = Buffer.concat([Buffer.from(`${index}:`), Buffer.alloc(sizeOf(index), index % 251)])
      assert.ok(message.equals(expected), `message ${index}`)
      index++
    }
    assert.equal(index, count)
  })

  it('hands over five thousand values of one header, commas and all', async () => {
    let seen: Metadata = new Map()
    handlers.set('/t.T/Headers', async (call) => {
      seen = call.metadata
      await call.send(Buffer.alloc(0))
    })
    const metadata = new grpc.Metadata()
    const patterns = Array.from({ length: 5000 }, (_, i) => `dir-${i}/*, and **/more`)
    for (const pattern of patterns) metadata.add('exclude-patterns', pattern)
    await unary('/t.T/Headers', '', metadata)
    assert.deepEqual(seen.get('exclude-patterns'), patterns)
  })

  it('aborts the signal of a call that the other side cancels', async () => {
    let started: () => void = () => {}
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    let ended: (reason: unknown) => void = () => {}
    const aborted = new Promise<unknown>((resolve) => {
      ended = resolve
    })
    handlers.set('/t.T/Wait', async (call) => {
      call.signal.addEventListener('abort', () => ended(call.signal.reason))
      started()
      for await (const _ of call.messages);
    })
    const call = client.makeBidiStreamRequest('/t.T/Wait', asIs, asIs)
    call.on('error', () => {})
    await running
    call.cancel()
    assert.equal(((await aborted) as RpcError).grpcCode, Code.Canceled)
  })

  it('refuses a message over the limit without reading it', async () => {
    handlers.set('/t.T/Sink', async (call) => {
      for await (const _ of call.messages);
    })
    await assert.rejects(unary('/t.T/Sink', 'x'.repeat((16 << 20) + 1)), {
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: `received message larger than max (${(16 << 20) + 1} vs. ${16 << 20})`,
    })
  })
})

it('a server is closed also while the other side takes nothing of what was written', async () => {
  const { stream, stuck } = stuckStream()
  const server = serve(stream, { handlerOf: () => undefined, onHandlerError: () => {} })
  await stuck
  await server.close()
  assert.equal(await server.closed, undefined)
  assert.equal(stream.destroyed, true)
})
