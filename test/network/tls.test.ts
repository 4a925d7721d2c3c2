import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import http2 from 'node:http2'
import net from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { RpcClient } from '../../src/grpc/client.ts'
import { openSocket } from '../../src/network/socket.ts'
import { openTls, type TlsPeer } from '../../src/network/tls.ts'
import { tlsFailure } from '../../src/network/tls-failure.ts'
import { loadTls, type TlsOptions } from '../../src/network/tls-options.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { createAuthority } from '../support/certificates.ts'
import { startDaemon } from '../support/daemon.ts'
import { listening } from '../support/listening.ts'
import { skipWithout } from '../support/skip.ts'

const never = new AbortController().signal
const authority = await createAuthority()
const { ca } = authority
const own = await authority.issue({ names: ['build.example', '127.0.0.1'] })

/** A TLS server; what it makes of our certificate is up to its options. */
function secureServer(options: tls.TlsOptions = {}) {
  return listening(tls.createServer({ ...own, ALPNProtocols: ['h2'], ...options }))
}

/** Dials a TLS server, and gives what it was dialled with. */
async function dial(port: number, options: TlsOptions = { ca }) {
  const identity = await loadTls(options)
  const stream = await openSocket({ host: '127.0.0.1', port }, 'it', never)
  return openTls(stream, { ...peer, identity }, never)
}

const peer: TlsPeer = { host: '127.0.0.1', description: 'it', protocols: ['h2'] }

test('a certificate for the address, and one for the name that is asked for, are accepted', async () => {
  const asked: unknown[] = []
  await using server = await secureServer({
    SNICallback: (name, done) => {
      asked.push(name)
      done(null)
    },
  })
  for (const options of [{ ca }, { ca, serverName: 'build.example' }]) {
    const socket = await dial(server.port, options)
    assert.equal(socket.authorized, true)
    assert.equal(socket.alpnProtocol, 'h2')
    socket.destroy()
  }
  assert.deepEqual(asked, ['build.example'], 'an address is no server name')
})

test('a server without ALPN is accepted: a proxy may end TLS before the daemon', async () => {
  await using server = await listening(tls.createServer(own))
  const socket = await dial(server.port)
  assert.equal(socket.alpnProtocol, false)
  socket.destroy()
})

test('another authority is TLS_FAILED, also one of the same name', async () => {
  await using server = await secureServer()
  const namesake = await createAuthority()
  const stranger = await createAuthority('Another authority')
  for (const options of [{ ca: namesake.ca }, { ca: stranger.ca }, {}])
    await assert.rejects(dial(server.port, options), {
      code: 'TLS_FAILED',
      subject: 'it',
      message:
        'TLS with it failed: got its certificate comes from an authority that is not trusted. ' +
        'Give that authority’s certificate as tls.ca or tls.caFile',
    })
})

test('another name is TLS_FAILED with both names', async () => {
  await using server = await secureServer()
  await assert.rejects(dial(server.port, { ca, serverName: 'other.example' }), {
    code: 'TLS_FAILED',
    expected: 'a certificate for other.example',
    received: 'one for DNS:build.example, IP Address:127.0.0.1',
    advice: 'Set tls.serverName to the name that the daemon goes by',
  })
  await assert.rejects(dial(server.port, { ca, serverName: '127.0.0.2' }), {
    code: 'TLS_FAILED',
    expected: 'a certificate for 127.0.0.2',
  })
})

test('a server’s certificate outside its dates is TLS_FAILED', async () => {
  const past = await authority.issue({
    names: ['127.0.0.1'],
    from: new Date('2020-01-01'),
    to: new Date('2020-02-01'),
  })
  await using expired = await secureServer(past)
  await assert.rejects(dial(expired.port), {
    code: 'TLS_FAILED',
    received: 'its certificate, or that of its authority, has expired',
  })
  const ahead = await authority.issue({
    names: ['127.0.0.1'],
    from: new Date('2090-01-01'),
    to: new Date('2090-02-01'),
  })
  await using future = await secureServer(ahead)
  await assert.rejects(dial(future.port), {
    code: 'TLS_FAILED',
    received: 'its certificate, or that of its authority, is not valid yet',
  })
})

test('a server without TLS is TLS_FAILED', async () => {
  await using server = await listening(
    net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  await assert.rejects(dial(server.port), {
    code: 'TLS_FAILED',
    received: 'it does not speak TLS',
    advice: 'Leave tls out, or check the port',
  })
})

test('a server that speaks another protocol is TLS_FAILED', async () => {
  await using server = await secureServer({ ALPNProtocols: ['http/1.1'] })
  await assert.rejects(dial(server.port), {
    code: 'TLS_FAILED',
    received: 'it offers no protocol that a daemon speaks over TLS',
  })
})

test('a stream that ends during the handshake is UNREACHABLE', async () => {
  await using server = await listening(net.createServer((socket) => socket.destroy()))
  await assert.rejects(dial(server.port), { code: 'UNREACHABLE', subject: 'it' })
  const [ours, theirs] = duplexPair()
  const dialled = openTls(ours, { ...peer, identity: await loadTls({}) }, never)
  theirs.once('data', () => ours.destroy())
  await assert.rejects(dialled, { code: 'UNREACHABLE', subject: 'it' })
})

test('the signal ends a handshake that nobody answers, and the stream below it', async () => {
  await using server = await listening(net.createServer())
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const below = await openSocket({ host: '127.0.0.1', port: server.port }, 'it', never)
  const dialled = openTls(below, { ...peer, identity: await loadTls({}) }, abort.signal)
  setImmediate(() => abort.abort(reason))
  await assert.rejects(dialled, reason)
  assert.equal(below.destroyed, true)
})

/** What a process that is set to weak TLS makes of a server: with the authority given, with none, without options. */
async function outcomes(port: number, ca: string, flags: string[], env = {}): Promise<string[]> {
  const program = join(import.meta.dirname, 'weak-tls-program.ts')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--import', 'tsx', '--no-warnings', program, String(port), ca],
    { env: { ...process.env, ...env } },
  )
  return stdout.trim().split('\n')
}

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch off what TLS options ask for', async () => {
  await using server = await secureServer()
  const stranger = await createAuthority('Another authority')
  const seen = await outcomes(server.port, stranger.ca, [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
  assert.deepEqual(seen, ['TLS_FAILED', 'TLS_FAILED', 'accepted'])
})

test('TLS older than 1.2 is not spoken, whatever flags Node has', async () => {
  await using server = await secureServer({
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const flags = ['--tls-min-v1.0', '--tls-cipher-list=DEFAULT@SECLEVEL=0']
  const seen = await outcomes(server.port, ca, flags, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
  assert.deepEqual(seen, ['TLS_FAILED', 'TLS_FAILED', 'TLS_FAILED'])
})

test('our certificate is shown to a server that asks for it', async () => {
  const client = await authority.issue()
  const server = tls.createServer({ ...own, ca, requestCert: true, ALPNProtocols: ['h2'] })
  await using at = await listening(server)
  const accepted = new Promise<tls.TLSSocket>((resolve) => server.once('secureConnection', resolve))
  const socket = await dial(at.port, { ca, cert: client.cert, key: client.key })
  assert.equal((await accepted).authorized, true)
  socket.destroy()
})

test('a server that asks for a certificate and gets none is TLS_FAILED, before or after the handshake', async () => {
  const giveOne =
    'Give a certificate that it accepts as tls.cert and tls.key, or tls.certFile and tls.keyFile'
  for (const [maxVersion, received] of [
    ['TLSv1.2', 'it breaks off, as daemons do that ask for a certificate'],
    ['TLSv1.3', 'it refuses our certificate, or the lack of one'],
  ] as const) {
    const demanding = { ...own, ca, requestCert: true, rejectUnauthorized: true, maxVersion }
    await using server = await listening(http2.createSecureServer(demanding))
    await assert.rejects(
      dial(server.port)
        .then((socket) => new RpcClient(socket, { authority: 'localhost', scheme: 'https' }).ready)
        .catch((error: unknown) => Promise.reject(tlsFailure(error, 'it', { option: 'tls' }))),
      { code: 'TLS_FAILED', received, advice: giveOne },
    )
  }
})

test('buildkitd takes a certificate of its authority and no other', {
  skip: skipWithout('buildkitd'),
}, async () => {
  const [client, stranger] = [
    await authority.issue(),
    await (await createAuthority('Another authority')).issue(),
  ]
  await using daemon = await startDaemon({ tcp: { ca, ...own } })
  const connection = await openConnection(await routeTo(daemon.ready.tcp!, { tls: { ca, ...client } }))
  assert.equal(connection.state, 'ready')
  await connection.close()
  for (const tls of [{ ca }, { ca, ...stranger }])
    await assert.rejects(openConnection(await routeTo(daemon.ready.tcp!, { tls })), {
      code: 'TLS_FAILED',
      subject: daemon.ready.tcp,
      received: 'it refuses our certificate, or the lack of one',
    })
})

test('only what TLS has caused is a failure of TLS', () => {
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  for (const error of [undefined, 'text', reset, new Error('wrapped', { cause: reset })])
    assert.equal(tlsFailure(error, 'it'), undefined)
  const alert = Object.assign(new Error('x'), {
    code: 'ERR_SSL_SSL/TLS_ALERT_UNKNOWN_CA',
    reason: 'ssl/tls alert unknown ca',
  })
  const failure = tlsFailure(new Error('wrapped', { cause: alert }), 'it')
  assert.equal(failure?.received, 'it refuses our certificate, or the lack of one')
  assert.equal(failure?.cause, alert)
  assert.equal(tlsFailure(failure, 'elsewhere'), failure, 'it is not wrapped twice')
})
