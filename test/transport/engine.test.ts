import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { RpcClient } from '../../src/grpc/client.ts'
import { type Engine, upgradeEngine } from '../../src/transport/engine.ts'
import { tcpDialer } from '../../src/transport/socket-dialers.ts'
import { emptySettings, fakeEngine, switching } from '../support/fake-engine.ts'
import { type Listening, listening } from '../support/listening.ts'

const never = new AbortController().signal

function engineAt({ port }: Listening): Engine {
  return {
    dial: tcpDialer({ host: '127.0.0.1', port }, 'it'),
    authority: `127.0.0.1:${port}`,
    description: 'it',
  }
}

test('POST /grpc asks for h2c with an empty body', async () => {
  await using server = await fakeEngine(switching)
  const stream = await upgradeEngine(engineAt(server), never)
  stream.destroy()
  assert.equal(server.requests.length, 1)
  const [{ method, path, headers }] = server.requests as [(typeof server.requests)[0]]
  assert.equal(`${method} ${path}`, 'POST /grpc')
  assert.deepEqual(
    new Map(headers),
    new Map([
      ['host', `127.0.0.1:${server.port}`],
      ['connection', 'upgrade'],
      ['upgrade', 'h2c'],
      ['content-length', '0'],
    ]),
  )
})

test('bytes that come with the answer are in front of those that come later', async () => {
  await using server = await fakeEngine(`${switching}first, `)
  const answered = server.answered()
  const stream = await upgradeEngine(engineAt(server), never)
  stream.end('from us')
  const socket = await answered
  socket.end('second')
  assert.equal(await text(stream), 'first, second')
  assert.equal(await text(socket), 'from us')
})

test('HTTP/2 frames that come with the answer reach an HTTP/2 client', async () => {
  await using server = await fakeEngine(Buffer.concat([Buffer.from(switching), emptySettings]))
  const stream = await upgradeEngine(engineAt(server), never)
  const client = new RpcClient(stream, { authority: 'localhost', scheme: 'http' })
  await client.ready
  client.close()
  await client.closed
})

test('an answer in pieces is put together', async () => {
  await using server = await listening(
    net.createServer(async (socket) => {
      await once(socket, 'data')
      socket.setNoDelay(true)
      for (const byte of `${switching}hello`) {
        socket.write(byte)
        await new Promise(setImmediate)
      }
      socket.end()
    }),
  )
  const stream = await upgradeEngine(engineAt(server), never)
  assert.equal(await text(stream), 'hello')
})

function response(status: string, body: string, length = Buffer.byteLength(body)): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`
}

test('a refusal is an error with the Engine’s own words, on one line', async () => {
  for (const [answer, code, received] of [
    [
      response('400 Bad Request', '{"message":"session abc already exists"}'),
      'PROTOCOL_ERROR',
      'status 400: session abc already exists',
    ],
    [
      response('404 Not Found', '{"message":"page not found"}\n'),
      'UNSUPPORTED',
      'status 404: page not found',
    ],
    [response('501 Not Implemented', ''), 'UNSUPPORTED', 'status 501'],
    [
      response('503 Service Unavailable', 'upstream\n\tis \x1b[31mnot ready'),
      'UNREACHABLE',
      'status 503: upstream is [31mnot ready',
    ],
    [response('403 Forbidden', '{"message":5}'), 'PROTOCOL_ERROR', 'status 403: {"message":5}'],
  ] as const) {
    await using server = await fakeEngine(answer)
    await assert.rejects(upgradeEngine(engineAt(server), never), {
      code,
      received,
      subject: 'it',
    })
  }
})

test('of a refusal that does not end, what fits is quoted', async () => {
  await using flood = await fakeEngine(response('400 Bad Request', 'x'.repeat(100_000), 1e9))
  await assert.rejects(upgradeEngine(engineAt(flood), never), {
    code: 'PROTOCOL_ERROR',
    received: `status 400: ${'x'.repeat(500)}`,
  })
  await using silent = await fakeEngine(response('400 Bad Request', 'begun', 1000))
  await assert.rejects(upgradeEngine(engineAt(silent), never, { answerTimeoutMs: 100 }), {
    code: 'PROTOCOL_ERROR',
    received: 'status 400: begun',
  })
})

test('an Engine that never answers is a TIMEOUT', async () => {
  await using server = await fakeEngine('')
  await assert.rejects(upgradeEngine(engineAt(server), never, { answerTimeoutMs: 100 }), {
    code: 'TIMEOUT',
    message: 'it does not answer POST /grpc: expected an answer within 100 ms, got none',
  })
})

test('what is no Engine is UNREACHABLE', async () => {
  const behaviours: ((socket: net.Socket) => void)[] = [
    (socket) => socket.write(emptySettings),
    (socket) => socket.end(),
    (socket) => socket.once('data', () => socket.destroy()),
    (socket) => socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgr'),
    (socket) => socket.write(`HTTP/1.1 101 UPGRADED\r\nX: ${'x'.repeat(100_000)}`),
  ]
  for (const behave of behaviours) {
    await using server = await listening(net.createServer(behave))
    await assert.rejects(upgradeEngine(engineAt(server), never), {
      code: 'UNREACHABLE',
      expected: 'HTTP/1.1',
      advice: 'Check that the address is the Engine’s own, and whether it wants TLS',
    })
  }
})

test('the signal ends the wait with its reason and closes the connection', async () => {
  await using server = await fakeEngine('')
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const answered = server.answered()
  const upgrade = upgradeEngine(engineAt(server), abort.signal)
  const socket = await answered
  abort.abort(reason)
  await assert.rejects(upgrade, reason)
  assert.equal(await text(socket), '')
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
})

test('an upgraded stream no longer hears the signal', async () => {
  await using server = await fakeEngine(switching)
  const abort = new AbortController()
  const stream = await upgradeEngine(engineAt(server), abort.signal)
  abort.abort()
  assert.equal(stream.destroyed, false)
  stream.destroy()
})

test('a failed dial is handed on, and where the stream knows better than HTTP it is asked', async () => {
  const failure = new Error('not dialled')
  const engine: Engine = { dial: () => Promise.reject(failure), authority: 'localhost', description: 'it' }
  await assert.rejects(upgradeEngine(engine, never), failure)
  await using server = await listening(net.createServer((socket) => socket.destroy()))
  const explained = new Error('explained')
  const explaining = { ...engineAt(server), explain: () => explained }
  await assert.rejects(upgradeEngine(explaining, never), explained)
})
