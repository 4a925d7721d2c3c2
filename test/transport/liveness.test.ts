import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import net from 'node:net'
import { describe, it } from 'node:test'
import { type Buildkit, connect } from '../../src/buildkit.ts'
import { SolveError } from '../../src/solve/failure/solve-error.ts'
import type { ConnectionState } from '../../src/transport/connection.ts'
import { type FakeBehaviour, fakeBuildkitd } from '../support/fake-buildkitd.ts'
import { listening } from '../support/listening.ts'
import { type Relay, relayTo } from '../support/relay.ts'

const livenessTimeoutMs = 1_000
const definition = new Uint8Array()

/** A client whose connection to a fake daemon goes through a relay, and the states that it was told. */
async function relayed(behaviour: FakeBehaviour = {}) {
  const relay = await relayTo(fakeBuildkitd(behaviour).dial)
  const states: ConnectionState[] = []
  const onState = (state: ConnectionState) => void states.push(state)
  const buildkit = await connect(relay.dial, { livenessTimeoutMs, onState })
  return {
    relay,
    buildkit,
    states,
    async [Symbol.asyncDispose]() {
      await buildkit.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

const stopped = {
  code: 'CONNECTION_LOST',
  message: /^a custom dialer has stopped answering: expected a sign of life within 1 s, got none/,
}

const losses: [string, (relay: Relay) => void][] = [
  ['swallows what is sent to it', (relay) => relay.loseRequests()],
  ['swallows what comes from it', (relay) => relay.loseReplies()],
  ['is half open', (relay) => relay.halfOpen()],
]

for (const [what, lose] of losses)
  describe(`a connection that ${what}`, () => {
    it('is noticed with nothing to do, and stays failed', async () => {
      await using client = await relayed()
      lose(client.relay)
      const error = await client.buildkit.closed
      assert.match(error!.message, stopped.message)
      assert.deepEqual(client.states, ['connecting', 'ready', 'failed'])
      await assert.rejects(client.buildkit.info(), stopped)
      await assert.rejects(client.buildkit.solve({ definition }).result, stopped)
    })

    it('ends a question with the reason', async () => {
      await using client = await relayed()
      lose(client.relay)
      await assert.rejects(client.buildkit.listWorkers(), stopped)
      assert.equal(client.buildkit.state, 'failed')
    })

    it('ends its builds, each with the step that had started last', async () => {
      let steps = 0
      await using client = await relayed({
        solve: async (build) => {
          const digest = build.request.Ref
          const [started, completed] = [{ seconds: 1 }, { seconds: 2 }]
          await build.say({ vertexes: [{ digest: 'a', name: 'FROM x', started, completed }] })
          await build.say({ vertexes: [{ digest, name: `RUN make ${digest}`, started }] })
          steps++
          return await new Promise(() => {})
        },
      })
      const runs = ['one', 'two'].map((ref) => client.buildkit.solve({ ref, definition }))
      for (const run of runs)
        for await (const { vertexes } of run.status) if (vertexes?.[0]?.digest === run.ref) break
      assert.equal(steps, 2)
      lose(client.relay)
      const errors = await Promise.all(runs.map((run) => run.catch((error) => error)))
      for (const [index, error] of errors.entries()) {
        assert.ok(error instanceof SolveError)
        assert.equal(error.code, 'CONNECTION_LOST')
        assert.match(
          error.message,
          new RegExp(`^a custom dialer has stopped answering, during RUN make ${runs[index]!.ref}: expected`),
        )
      }
    })
  })

describe('a proxy whose daemon is gone', () => {
  it('is not taken for a daemon because it sends PING frames', async () => {
    const server = http2.createServer()
    await using _ = await listening(server)
    let pings = 0
    server.on('session', (session) => {
      const ping = () => {
        if (session.destroyed) return
        pings++
        session.ping(() => setImmediate(ping))
      }
      ping()
    })
    const { port } = server.address() as { port: number }
    await using buildkit = await connect(`tcp://127.0.0.1:${port}`, { livenessTimeoutMs })
    await assert.rejects(buildkit.solve({ definition }).result, {
      code: 'CONNECTION_LOST',
      message: /has stopped answering: expected a sign of life within 1 s, got none/,
    })
    assert.ok(pings > 10, `${pings} PING frames`)
  })
})

/** A client of an HTTP/2 server that answers `/Info` calls itself and leaves the others to the test. */
async function connectedTo(
  use: (buildkit: Buildkit, server: http2.Http2Server, states: ConnectionState[]) => Promise<void>,
) {
  const server = http2.createServer()
  await using _ = await listening(server)
  const states: ConnectionState[] = []
  const { port } = server.address() as { port: number }
  await using buildkit = await connect(`tcp://127.0.0.1:${port}`, {
    onState: (state) => void states.push(state),
  })
  await use(buildkit, server, states)
}

describe('a daemon that is being stopped', () => {
  it('drains: its connection takes no new calls and finishes those under way', async () => {
    await connectedTo(async (buildkit, server, states) => {
      const underWay = buildkit.info()
      const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
      stream.session!.goaway(http2.constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1, Buffer.from('graceful_stop'))
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      while (buildkit.state === 'ready') await new Promise((resolve) => setImmediate(resolve))
      assert.equal(buildkit.state, 'draining')
      const refusal = {
        code: 'CONNECTION_LOST',
        message:
          'the daemon takes no new calls on this connection: got GOAWAY with code 0 (graceful_stop). ' +
          'It is being stopped or restarted: connect again once it is back',
      }
      await assert.rejects(buildkit.info(), refusal)
      await assert.rejects(buildkit.solve({ definition }).result, refusal)
      assert.equal(buildkit.state, 'draining')
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.alloc(5))
      assert.deepEqual(await underWay, { version: '', package: '', revision: '' })
      assert.match((await buildkit.closed)!.message, /GOAWAY with code 0 \(graceful_stop\)/)
      assert.deepEqual(states, ['connecting', 'ready', 'draining', 'failed'])
    })
  })

  it('drains: a call that it refuses with that fails as one that comes later', async () => {
    await connectedTo(async (buildkit, server) => {
      const answered = buildkit.info()
      const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
      const refused = buildkit.info()
      const [other] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
      other.on('error', () => {})
      stream.session!.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id!, Buffer.from('\x1b[31mstop\r\n'))
      await assert.rejects(refused, {
        code: 'CONNECTION_LOST',
        shortMessage: 'the daemon takes no new calls on this connection',
        received: 'GOAWAY with code 0 ([31mstop)',
      })
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.alloc(5))
      assert.deepEqual(await answered, { version: '', package: '', revision: '' })
    })
  })

  it('can be left while it drains', async () => {
    await connectedTo(async (buildkit, server, states) => {
      const underWay = buildkit.info()
      underWay.catch(() => {})
      const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
      stream.on('error', () => {})
      stream.session!.goaway(http2.constants.NGHTTP2_NO_ERROR)
      while (buildkit.state === 'ready') await new Promise((resolve) => setImmediate(resolve))
      await buildkit.close()
      assert.equal(await buildkit.closed, undefined)
      assert.deepEqual(states, ['connecting', 'ready', 'draining', 'closed'])
    })
  })
})

/** An HTTP/2 frame (RFC 9113, 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** A header field that is no part of any table (RFC 7541, 6.2.2): name and value with their lengths, in seven bits. */
function field(name: string, value: Buffer): Buffer {
  const length = (bytes: number) => {
    if (bytes < 127) return [bytes]
    const digits = [127]
    let rest = bytes - 127
    for (; rest >= 128; rest >>>= 7) digits.push((rest & 127) | 128)
    return [...digits, rest]
  }
  return Buffer.concat([
    Buffer.from([0, ...length(name.length)]),
    Buffer.from(name),
    Buffer.from(length(value.length)),
    value,
  ])
}

it('an error larger than the HTTP/2 of Node takes ends the connection, at the latest with its silence', async () => {
  const status200 = Buffer.from([0x88])
  const trailers = Buffer.concat([
    field('grpc-status', Buffer.from('2')),
    field('grpc-message', Buffer.alloc(200_000, 'x')),
  ])
  const parts = [...Array(Math.ceil(trailers.length / 16_384)).keys()].map((i) =>
    trailers.subarray(i * 16_384, (i + 1) * 16_384),
  )
  const server = net.createServer((socket) => {
    socket.write(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(4, 1, 0, Buffer.alloc(0))]))
    socket.on('error', () => {})
    let isAnswered = false
    socket.on('data', ({ length }) => {
      // The first that is too long for settings is the question.
      if (isAnswered || length < 80) return
      isAnswered = true
      socket.write(
        frame(1, 4, 1, Buffer.concat([status200, field('content-type', Buffer.from('application/grpc'))])),
      )
      for (const [index, part] of parts.entries())
        socket.write(
          frame(index === 0 ? 1 : 9, (index === 0 ? 1 : 0) | (index === parts.length - 1 ? 4 : 0), 1, part),
        )
    })
  })
  await using at = await listening(server)
  await using buildkit = await connect(`tcp://127.0.0.1:${at.port}`, { livenessTimeoutMs })
  await assert.rejects(buildkit.info(), { code: 'CONNECTION_LOST' })
  assert.equal(buildkit.state, 'failed')
})
