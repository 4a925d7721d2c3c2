import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import net from 'node:net'
import { after, before, describe, it } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { version } from '../../src/base/version.ts'
import { RpcClient } from '../../src/grpc/client.ts'
import { binaryValues, encodeMessage, encodeTimeout } from '../../src/grpc/headers.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { type Listening, listening } from '../support/listening.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'

/** A server of `/t.T/Echo`, `Fail`, `Seen` and `Headers`, as `tools/grpc-peer` has them. */
interface Peer extends AsyncDisposable {
  readonly port: number
}

const words = 'no naïve "thing" 100%\n'

async function goPeer(): Promise<Peer> {
  const child = spawn(part('grpcPeer'), { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return {
    port: Number(String(line)),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}

async function grpcJsPeer(): Promise<Peer> {
  const asIs = (bytes: Buffer) => bytes
  const define = (name: string) => ({
    path: `/t.T/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  })
  type Call = grpc.ServerDuplexStream<Buffer, Buffer>
  const server = new grpc.Server()
  server.addService(
    { Echo: define('Echo'), Fail: define('Fail'), Seen: define('Seen'), Headers: define('Headers') },
    {
      Echo: (call: Call) => {
        call.on('data', (message) => call.write(message))
        call.on('end', () => call.end())
      },
      Fail: (call: Call) => {
        const metadata = new grpc.Metadata()
        metadata.set('grpc-status-details-bin', Buffer.from([1, 2, 253]))
        call.emit('error', { code: Number(call.metadata.get('code')[0]), details: words, metadata })
      },
      Seen: (call: Call) => {
        const deadline = call.getDeadline()
        const left = deadline === Number.POSITIVE_INFINITY ? -1 : Number(deadline) - Date.now()
        call.write(Buffer.from(`${left} ${call.metadata.get('user-agent')[0]}`))
        call.end()
      },
      Headers: (call: Call) => {
        const metadata = new grpc.Metadata()
        for (let i = 0; i < 300; i++) metadata.add('x-many', String(i))
        metadata.add('x-some-bin', Buffer.from([0, 255]))
        metadata.add('x-some-bin', Buffer.from('second'))
        call.sendMetadata(metadata)
        call.write(Buffer.alloc(0))
        call.end()
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() }
}

const ok = { ':status': 200, 'content-type': 'application/grpc' }
type Respond = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void

/** A server of Node's HTTP/2 alone: what it answers is written here down to the header. */
async function nodePeer(respond: Respond): Promise<Listening> {
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    respond(stream, headers)
  })
  return await listening(server)
}

const answers: Record<string, Respond> = {
  '/t.T/Echo': (stream) => {
    stream.respond(ok, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.pipe(stream)
  },
  '/t.T/Fail': (stream, { code }) =>
    stream.respond(
      {
        ...ok,
        'grpc-status': code,
        'grpc-message': encodeMessage(words),
        // Without padding, and one of two.
        'grpc-status-details-bin': 'AQL9,AAA',
      },
      { endStream: true },
    ),
  '/t.T/Seen': (stream, headers) => {
    stream.respond(ok, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '00' }))
    const text = `${headers['grpc-timeout']?.toString().replace(/m$/, '') ?? -1} ${headers['user-agent']}`
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)]))
  },
  '/t.T/Headers': (stream) => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, '']))
    stream.respond(
      {
        ...many,
        ...ok,
        'x-many': Array.from({ length: 300 }, (_, i) => String(i)),
        'x-some-bin': 'AP8=,c2Vjb25k',
      },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  },
}

async function clientOf({ port }: { port: number }): Promise<RpcClient & Disposable> {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const client = new RpcClient(socket, { authority: 'localhost', scheme: 'http' })
  await client.ready
  return Object.assign(client, { [Symbol.dispose]: () => client.close() })
}

const peers: [string, () => Promise<Peer>, string | false][] = [
  ['Node', () => nodePeer((stream, headers) => answers[headers[':path']!]!(stream, headers)), false],
  ['grpc-js', grpcJsPeer, false],
  ['grpc-go', goPeer, skipWithout('grpcPeer')],
]

for (const [name, start, skip] of peers)
  describe(`gRPC with a server of ${name}`, { skip }, () => {
    let peer: Peer
    before(async () => {
      peer = await start()
    })
    after(() => peer[Symbol.asyncDispose]())

    it('has messages of all sizes, the empty one too', async () => {
      using client = await clientOf(peer)
      for (const length of [0, 1, 16_384, 1 << 20]) {
        const message = Buffer.alloc(length, 7)
        assert.ok((await client.unary('/t.T/Echo', message)).equals(message))
      }
    })

    it('has every status with its text and details', async () => {
      using client = await clientOf(peer)
      for (const code of Object.values(Code).filter((value) => value !== Code.OK))
        await assert.rejects(
          client.unary('/t.T/Fail', Buffer.alloc(0), { metadata: { code: String(code) } }),
          (error: RpcError) => {
            assert.ok(error instanceof RpcError)
            assert.deepEqual([error.grpcCode, error.message], [code, words])
            assert.ok(error.details!.length > 0)
            if (name !== 'grpc-go') assert.deepEqual([...error.details!], [1, 2, 253])
            return true
          },
        )
    })

    it('is told how long the call may take, and who calls', async () => {
      using client = await clientOf(peer)
      for (const timeoutMs of [undefined, 20_000]) {
        const reply = await client.unary(
          '/t.T/Seen',
          Buffer.alloc(0),
          timeoutMs === undefined ? {} : { timeoutMs },
        )
        const [left, agent] = reply.toString().split(' ')
        if (timeoutMs === undefined) assert.equal(left, '-1')
        else assert.ok(Number(left) > 10_000 && Number(left) <= 20_000, `${left} ms left`)
        // Libraries of clients put theirs behind ours, and one server keeps only the first word.
        assert.equal(agent, `buildkit-client/${version}`)
      }
    })

    it('has hundreds of response headers, and binary ones', async () => {
      using client = await clientOf(peer)
      const call = client.serverStream('/t.T/Headers', Buffer.alloc(0))
      for await (const message of call.messages) assert.equal(message.length, 0)
      const headers = await call.headers
      assert.deepEqual(
        headers.get('x-many'),
        Array.from({ length: 300 }, (_, i) => String(i)),
      )
      assert.deepEqual(binaryValues(headers, 'x-some-bin'), [Buffer.from([0, 255]), Buffer.from('second')])
    })
  })

describe('an answer that is no gRPC', () => {
  /** The error of a call that is answered so. */
  async function errorOf(respond: Respond): Promise<RpcError> {
    await using peer = await nodePeer(respond)
    using client = await clientOf(peer)
    return await client.unary('/t.T/X', Buffer.alloc(0)).then(
      () => assert.fail('it succeeded'),
      (error) => error,
    )
  }

  const html = { 'content-type': 'text/html' }
  const rows: [string, Respond, Code, string][] = [
    ...(
      [
        [400, Code.Internal],
        [401, Code.Unauthenticated],
        [403, Code.PermissionDenied],
        [404, Code.Unimplemented],
        [429, Code.Unavailable],
        [502, Code.Unavailable],
        [503, Code.Unavailable],
        [504, Code.Unavailable],
        [500, Code.Unknown],
        [418, Code.Unknown],
      ] as const
    ).map(([status, code]): [string, Respond, Code, string] => [
      `HTTP ${status}`,
      (stream) => {
        stream.respond({ ':status': status, ...html })
        stream.end('<html>')
      },
      code,
      `the daemon answered HTTP ${status}`,
    ]),
    [
      'HTTP 503 with a grpc-status',
      (stream) =>
        stream.respond(
          { ':status': 503, ...html, 'grpc-status': '9', 'grpc-message': 'not%20now' },
          { endStream: true },
        ),
      Code.FailedPrecondition,
      'not now',
    ],
    [
      'a web page',
      (stream) => {
        stream.respond({ ':status': 200, ...html })
        stream.end('<html>')
      },
      Code.Unknown,
      'the daemon answered with text/html, which is not gRPC',
    ],
    [
      'something of another name',
      (stream) =>
        stream.respond({ ':status': 200, 'content-type': 'application/grpcweb' }, { endStream: true }),
      Code.Unknown,
      'the daemon answered with application/grpcweb, which is not gRPC',
    ],
    [
      'no content-type',
      (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
      Code.Unknown,
      'the daemon answered without a content-type, which is not gRPC',
    ],
    [
      'a status without content-type',
      (stream) => stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true }),
      Code.NotFound,
      '',
    ],
    [
      'gRPC with a suffix and an odd status',
      (stream) =>
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-status': 'x' },
          { endStream: true },
        ),
      Code.Unknown,
      '',
    ],
  ]
  for (const [what, respond, code, message] of rows)
    it(`${what} is ${code}`, async () => {
      const error = await errorOf(respond)
      assert.ok(error instanceof RpcError)
      assert.deepEqual([error.grpcCode, error.message], [code, message])
    })

  it('a reset is the code that HTTP/2’s stands for', async () => {
    const { Internal, Unavailable, Canceled, ResourceExhausted, PermissionDenied } = Code
    // In the order of HTTP/2's codes, from PROTOCOL_ERROR on; STREAM_CLOSED has none of its own.
    const codes: number[] = [
      Internal,
      Internal,
      Internal,
      Internal,
      Internal,
      Internal,
      Unavailable,
      Canceled,
    ]
    codes.push(Internal, Internal, ResourceExhausted, PermissionDenied)
    for (const [index, code] of codes.entries()) {
      const error = await errorOf((stream) => stream.close(index + 1))
      assert.equal(error.grpcCode, code, `HTTP/2 code ${index + 1}: ${error.message}`)
    }
  })
})

it('a timeout is sent in at most eight digits, and never as none', () => {
  for (const [ms, text] of [
    [0, '1m'],
    [0.2, '1m'],
    [15_000, '15000m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [1e15, '99999999S'],
  ] as const)
    assert.equal(encodeTimeout(ms), text)
})

it('a request that no daemon takes is refused before any of it is sent', async () => {
  let asked = 0
  await using peer = await nodePeer((stream, headers) => {
    asked++
    answers['/t.T/Echo']!(stream, headers)
  })
  using client = await clientOf(peer)
  const most = Buffer.alloc(16 << 20)
  assert.equal((await client.unary('/t.T/Echo', most)).length, most.length)
  await assert.rejects(client.unary('/t.T/Echo', Buffer.alloc(most.length + 1)), {
    code: 'TOO_LARGE',
    subject: '/t.T/Echo',
    expected: `${most.length} bytes at most`,
    received: `${most.length + 1}`,
  })
  assert.equal(asked, 1)
})
