import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import net from 'node:net'
import { after, before, describe, it } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { isBuildkitError } from '../../src/base/errors.ts'
import { RpcClient, replyOf } from '../../src/grpc/client.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { listening } from '../support/listening.ts'
import { stuckStream } from '../support/stuck-stream.ts'

/** A client of ours on a fresh connection to a port of this machine. */
async function connectTo(port: number): Promise<RpcClient> {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const client = new RpcClient(socket, { authority: 'localhost', scheme: 'http' })
  await client.ready
  return client
}

async function collect(messages: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = []
  for await (const message of messages) texts.push(message.toString())
  return texts
}

const raw = { requestStream: true, responseStream: true, requestSerialize: asIs, requestDeserialize: asIs }
function asIs(bytes: Buffer): Buffer {
  return bytes
}

describe('a call to an independent gRPC server', () => {
  let server: grpc.Server
  let port: number
  let sawCancel: () => void = () => {}

  before(async () => {
    server = new grpc.Server()
    const define = (name: string) => ({
      path: `/t.T/${name}`,
      ...raw,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    })
    server.addService(
      { Echo: define('Echo'), Fail: define('Fail'), Hang: define('Hang'), Big: define('Big') },
      {
        Echo: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
          call.on('data', (message) => call.write(message))
          call.on('end', () => call.end())
        },
        Fail: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
          const metadata = new grpc.Metadata()
          metadata.set('grpc-status-details-bin', Buffer.from([1, 2, 253]))
          call.emit('error', { code: grpc.status.NOT_FOUND, details: 'no naïve "thing" 100%\n', metadata })
        },
        Hang: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => call.on('cancelled', () => sawCancel()),
        Big: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
          call.write(Buffer.alloc((16 << 20) + 1))
          call.end()
        },
      },
    )
    port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
  })
  after(() => server.forceShutdown())

  it('takes no second reply to a unary call', async () => {
    const client = await connectTo(port)
    const call = client.open('/t.T/Echo')
    for (const text of ['one', 'two', 'three']) call.send(Buffer.from(text))
    await assert.rejects(replyOf(call), {
      grpcCode: Code.Internal,
      message: 'the daemon replied more than once',
    })
    await assert.rejects(collect(call.messages))
    assert.ok(call.signal.aborted || (await once(call.signal, 'abort')))
    client.close()
  })

  it('waits half a minute for the status behind a reply', async (test) => {
    const client = await connectTo(port)
    const call = client.open('/t.T/Echo')
    call.send(Buffer.from('one'))
    const replying = replyOf(call)
    const clock = fakeClock(test)
    await assert.rejects(clock.until(replying), {
      grpcCode: Code.DeadlineExceeded,
      message: 'the daemon has replied and has not ended the call within 30 s',
    })
    assert.ok(clock.passedMs >= 30_000 && clock.passedMs < 40_000, `${clock.passedMs} ms`)
    client.close()
  })

  it('gets the reply of a unary call', async () => {
    const client = await connectTo(port)
    assert.equal((await client.unary('/t.T/Echo', Buffer.from('hello'))).toString(), 'hello')
    client.close()
    assert.equal(await client.closed, undefined)
  })

  it('echoes many small and some large messages in order', async () => {
    const client = await connectTo(port)
    const call = client.open('/t.T/Echo')
    const sent = Array.from({ length: 3000 }, (_, i) =>
      Buffer.from(i % 500 === 7 ? `${i}`.repeat(100_000) : `${i}`),
    )
    const sending = (async () => {
      for (const message of sent) await call.send(message.subarray(0, 1), message.subarray(1))
      call.halfClose()
    })()
    let index = 0
    for await (const message of call.messages) assert.ok(message.equals(sent[index]!), `message ${index++}`)
    await sending
    assert.equal(index, sent.length)
    client.close()
  })

  it('throws the status with its text and details', async () => {
    const client = await connectTo(port)
    await assert.rejects(client.unary('/t.T/Fail', Buffer.from('x')), (error) => {
      assert.ok(error instanceof RpcError)
      assert.equal(error.grpcCode, Code.NotFound)
      assert.equal(error.message, 'no naïve "thing" 100%\n')
      assert.deepEqual([...error.details!], [1, 2, 253])
      return true
    })
    client.close()
  })

  it('throws Unimplemented for a method that is not there', async () => {
    const client = await connectTo(port)
    await assert.rejects(client.unary('/t.T/Nothing', Buffer.alloc(0)), { grpcCode: Code.Unimplemented })
    client.close()
  })

  it('cancels at the other end when the signal aborts, with the reason as cause', async () => {
    const client = await connectTo(port)
    const cancelled = new Promise<void>((resolve) => {
      sawCancel = resolve
    })
    const stop = new AbortController()
    const call = client.open('/t.T/Hang', { signal: stop.signal })
    await call.send(Buffer.from('x'))
    const reason = new Error('enough')
    setImmediate(() => stop.abort(reason))
    await assert.rejects(collect(call.messages), { grpcCode: Code.Canceled, cause: reason })
    await cancelled
    client.close()
  })

  it('gives up after its time limit', async () => {
    const client = await connectTo(port)
    await assert.rejects(client.unary('/t.T/Hang', Buffer.from('x'), { timeoutMs: 30 }), {
      grpcCode: Code.DeadlineExceeded,
      message: 'no answer within 30 ms',
    })
    client.close()
  })

  it('refuses a message over the limit from its length alone, and stays usable', async () => {
    const client = await connectTo(port)
    await assert.rejects(client.unary('/t.T/Big', Buffer.from('x')), {
      grpcCode: Code.ResourceExhausted,
      message: `received message larger than max (${(16 << 20) + 1} vs. ${16 << 20})`,
    })
    assert.equal((await client.unary('/t.T/Echo', Buffer.from('still here'))).toString(), 'still here')
    client.close()
  })
})

describe('a call to a server that misbehaves', () => {
  /** Runs one call against a handler that does as it likes with the HTTP/2 stream. */
  async function against<T>(
    behave: (stream: http2.ServerHttp2Stream, headers: string[]) => void,
    use: (client: RpcClient) => Promise<T>,
  ): Promise<T> {
    const server = http2.createServer()
    server.on(
      'stream',
      (stream: http2.ServerHttp2Stream, _headers: object, _flags: number, list: string[]) => {
        stream.on('error', () => {})
        behave(stream, list)
      },
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = await connectTo((server.address() as net.AddressInfo).port)
    try {
      return await use(client)
    } finally {
      client.close()
      server.close()
      await once(server, 'close')
    }
  }

  const metadata = { one: 'a', many: ['b, c', '', 'd'] }
  const valuesOf = (list: string[], name: string) =>
    list.filter((_, i) => i % 2 === 1 && list[i - 1] === name)
  const ok = { ':status': 200, 'content-type': 'application/grpc' }

  it('sends each value of a metadata list as a header line of its own', async () => {
    let seen: string[] = []
    await against(
      (stream, headers) => {
        seen = headers
        stream.respond({ ...ok, 'grpc-status': '0' }, { endStream: true })
      },
      (client) => collect(client.serverStream('/t.T/X', Buffer.alloc(0), { metadata }).messages),
    )
    assert.deepEqual(valuesOf(seen, 'one'), ['a'])
    assert.deepEqual(valuesOf(seen, 'many'), ['b, c', '', 'd'])
  })

  it('reports a plain HTTP answer', async () => {
    await against(
      (stream) => {
        stream.respond({ ':status': 503 })
        stream.end('busy')
      },
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), { message: 'the daemon answered HTTP 503' }),
    )
  })

  it('refuses a compressed message', async () => {
    await against(
      (stream) => {
        stream.respond(ok)
        stream.write(Buffer.from([1, 0, 0, 0, 1, 9]))
      },
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), {
          message: 'received a compressed message, although none was negotiated',
        }),
    )
  })

  it('reports a stream that ends inside a message', async () => {
    await against(
      (stream) => {
        stream.respond(ok)
        stream.end(Buffer.from([0, 0, 0, 0, 9, 1]))
      },
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), {
          message: 'the stream ended inside a message',
        }),
    )
  })

  it('reports a call that ends without a status', async () => {
    await against(
      (stream) => {
        stream.respond(ok)
        stream.end()
      },
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), {
          message: 'the daemon ended the call without a status',
        }),
    )
  })

  it('reports a reset with its code', async () => {
    await against(
      (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), {
          grpcCode: Code.Internal,
          message: /code 2/,
        }),
    )
  })

  it('fails every open call when the connection drops, and says so', async () => {
    await against(
      (stream) => stream.session!.destroy(),
      async (client) => {
        await assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), (error) => {
          assert.ok(isBuildkitError(error))
          assert.equal(error.code, 'CONNECTION_LOST')
          return true
        })
        assert.throws(() => client.open('/t.T/X'), { code: 'CONNECTION_LOST' })
      },
    )
  })

  it('tells an open call what its connection died of', async () => {
    const reset = (socket: net.Socket) => socket.resetAndDestroy()
    const hangUp = (socket: net.Socket) => socket.end()
    for (const [harm, received] of [
      [reset, 'read ECONNRESET'],
      [hangUp, 'it was closed'],
    ] as const) {
      const sockets: net.Socket[] = []
      const server = http2.createServer().on('connection', (socket) => sockets.push(socket))
      server.on('sessionError', () => {}).on('stream', (stream) => stream.on('error', () => {}))
      await using _ = await listening(server)
      const client = await connectTo((server.address() as net.AddressInfo).port)
      const call = client.serverStream('/t.T/X', Buffer.alloc(0))
      await once(server, 'stream')
      harm(sockets[0]!)
      await assert.rejects(collect(call.messages), { code: 'CONNECTION_LOST', received })
      assert.equal((await client.closed)?.received, received === 'it was closed' ? undefined : received)
    }
  })

  it('names the GOAWAY that ended the connection', async () => {
    await against(
      (stream) => {
        stream.session!.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'))
      },
      (client) =>
        assert.rejects(client.unary('/t.T/X', Buffer.alloc(0)), {
          code: 'CONNECTION_LOST',
          received: 'GOAWAY with code 11 (too_many_pings)',
        }),
    )
  })
})

it('a client is closed also while the other side takes nothing of what was written', async () => {
  const { stream, stuck } = stuckStream()
  const client = new RpcClient(stream, { authority: 'localhost', scheme: 'http' })
  await stuck
  client.close()
  assert.equal(await client.closed, undefined)
  assert.equal(stream.destroyed, true)
})
