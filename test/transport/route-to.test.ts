import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Warning } from '../../src/base/warning.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { engineAt, routeTo } from '../../src/transport/route-to.ts'
import { createAuthority } from '../support/certificates.ts'
import { fakeEngine, switching } from '../support/fake-engine.ts'
import { listening } from '../support/listening.ts'
import { tempDir } from '../support/temp.ts'

const never = new AbortController().signal
const authority = await createAuthority()
const { ca } = authority
const own = await authority.issue({ names: ['build.example', '127.0.0.1'] })

const greeter = () => net.createServer((socket) => socket.end('hello'))

test('a Unix socket', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'b.sock')
  await using _ = await listening(greeter(), path)
  const route = await routeTo(`unix://${path}`)
  assert.equal(route.description, `unix://${path}`)
  assert.equal(route.authority, 'localhost')
  assert.equal(route.scheme, 'http')
  assert.equal(route.kind, 'buildkit')
  assert.equal(await text(await route.dial(never)), 'hello')
})

test('an abstract Unix socket', { skip: process.platform !== 'linux' && 'Linux only' }, async () => {
  const name = `buildkit-client-test-${process.pid}`
  await using _ = await listening(greeter(), `\0${name}`)
  const route = await routeTo(`unix://@${name}`)
  assert.equal(route.description, `unix://@${name}`)
  assert.equal(await text(await route.dial(never)), 'hello')
  await assert.rejects((await routeTo(`unix://@${name}-other`)).dial(never), {
    code: 'UNREACHABLE',
    subject: `unix://@${name}-other`,
  })
})

test('a TCP port', async () => {
  await using server = await listening(greeter())
  const route = await routeTo(`tcp://127.0.0.1:${server.port}`)
  assert.equal(route.description, `tcp://127.0.0.1:${server.port}`)
  assert.equal(route.authority, `127.0.0.1:${server.port}`)
  assert.equal(route.scheme, 'http')
  assert.equal(route.explain, undefined)
  assert.equal(await text(await route.dial(never)), 'hello')
})

test('an IPv6 address keeps its brackets, and its zone at home', async () => {
  const route = await routeTo('tcp://[fe80::1%eth0]:1234', { onWarning: () => {} })
  assert.equal(route.description, 'tcp://[fe80::1%eth0]:1234')
  assert.equal(route.authority, '[fe80::1]:1234')
})

test('a TCP port with TLS carries HTTP/2, by address or by the name it is given', async () => {
  await using server = await listening(http2.createSecureServer({ ...own }))
  const address = `tcp://127.0.0.1:${server.port}`
  for (const [serverName, authorityName] of [
    [undefined, `127.0.0.1:${server.port}`],
    ['build.example', 'build.example'],
  ] as const) {
    const route = await routeTo(address, { tls: { ca, ...(serverName && { serverName }) } })
    assert.equal(route.authority, authorityName)
    assert.equal(route.scheme, 'https')
    const connection = await openConnection(route)
    assert.equal(connection.state, 'ready')
    await connection.close()
  }
})

test('a refused certificate is TLS_FAILED on the whole way, also after the handshake', async () => {
  await using server = await listening(
    http2.createSecureServer({
      ...own,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    }),
  )
  const route = await routeTo(`tcp://127.0.0.1:${server.port}`, { tls: { ca } })
  await assert.rejects(openConnection(route), {
    code: 'TLS_FAILED',
    subject: `tcp://127.0.0.1:${server.port}`,
    received: 'it refuses our certificate, or the lack of one',
  })
})

test('the Docker Engine, on a socket of its usual name or by its scheme', async () => {
  await using dir = await tempDir()
  const usual = join(dir.path, 'docker.sock')
  const other = join(dir.path, 'other.sock')
  for (const [path, address] of [
    [usual, `unix://${usual}`],
    [other, `docker://${other}`],
  ] as const) {
    await using server = await fakeEngine(`${switching}hello`, path)
    const route = await routeTo(address)
    assert.equal(route.description, `docker://${path}`)
    const stream = await route.dial(never)
    assert.deepEqual(await once(stream, 'data'), [Buffer.from('hello')])
    stream.destroy()
    assert.equal(route.kind, 'engine')
    assert.deepEqual(
      server.requests.map(({ method, path }) => `${method} ${path}`),
      ['POST /grpc'],
    )
  }
})

test('the API of an Engine is reached without its BuildKit', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'docker.sock')
  await using server = await listening(
    http.createServer((_, response) => response.end('OK')),
    path,
  )
  assert.equal(server.port, 0)
  for (const address of [`unix://${path}`, `docker://${path}`]) {
    const engine = await engineAt(address)
    assert.equal(engine.description, `docker://${path}`)
    const stream = await engine.dial(never)
    stream.end('GET /_ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    assert.match(await text(stream), /^HTTP\/1.1 200 OK\r\n.*OK$/s)
  }
  await assert.rejects(engineAt('tcp://127.0.0.1:1', {}, 'load.engine'), {
    code: 'INVALID_OPTION',
    subject: 'load.engine',
    message: /the address of a Docker Engine/,
  })
})

test('the Docker Engine over TCP with TLS speaks HTTP/1.1 there', async () => {
  const server = https.createServer({ ...own })
  const protocols: unknown[] = []
  server.on('secureConnection', (socket) => protocols.push(socket.alpnProtocol))
  server.on('upgrade', (_request: http.IncomingMessage, socket: net.Socket) =>
    socket.end(`${switching}hello`),
  )
  await using at = await listening(server)
  const route = await routeTo(`docker://127.0.0.1:${at.port}`, { tls: { ca } })
  assert.equal(route.description, `docker://127.0.0.1:${at.port}`)
  assert.equal(await text(await route.dial(never)), 'hello')
  assert.deepEqual(protocols, ['http/1.1'])
  const untrusting = await routeTo(`docker://127.0.0.1:${at.port}`, { tls: {} })
  await assert.rejects(untrusting.dial(never), { code: 'TLS_FAILED' })
})

test('an Engine that refuses our certificate is TLS_FAILED', async () => {
  const demanding = {
    ...own,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3' as const,
  }
  await using at = await listening(https.createServer(demanding))
  const route = await routeTo(`docker://127.0.0.1:${at.port}`, { tls: { ca } })
  await assert.rejects(route.dial(never), {
    code: 'TLS_FAILED',
    received: 'it refuses our certificate, or the lack of one',
  })
})

test('a custom dialer, plain and under TLS', async () => {
  await using plain = await listening(greeter())
  const dialTo = (port: number) => async (signal: AbortSignal) => {
    const socket = net.connect({ port, host: '127.0.0.1', signal })
    await once(socket, 'connect')
    return socket
  }
  const route = await routeTo(dialTo(plain.port))
  assert.equal(route.description, 'a custom dialer')
  assert.equal(route.authority, 'localhost')
  assert.equal(route.scheme, 'http')
  assert.equal(await text(await route.dial(never)), 'hello')
  await using secure = await listening(http2.createSecureServer({ ...own }))
  const named = await routeTo(dialTo(secure.port), { tls: { ca, serverName: 'build.example' } })
  assert.equal(named.authority, 'build.example')
  const connection = await openConnection(named)
  await connection.close()
  const unnamed = await routeTo(dialTo(secure.port), { tls: { ca } })
  await assert.rejects(openConnection(unnamed), {
    code: 'TLS_FAILED',
    expected: 'a certificate for localhost',
  })
})

test('bad options are refused before anything is dialled', async () => {
  await assert.rejects(routeTo('gopher://host:70'), { code: 'INVALID_OPTION', subject: 'address' })
  await assert.rejects(routeTo(undefined as never), {
    message: 'option address cannot be used: expected the address of a daemon, or a dialer, got nothing',
  })
  for (const address of ['unix:///run/b.sock', 'docker://'])
    await assert.rejects(routeTo(address, { tls: { ca } }), { code: 'INVALID_OPTION', subject: 'tls' })
  await assert.rejects(routeTo('tcp://127.0.0.1:1', { tls: { cert: own.cert } }), { subject: 'tls.key' })
})

test('plain TCP to another machine warns with what to do, everything else is silent', async () => {
  const warned: string[] = []
  const onWarning = ({ code, message }: Warning) => warned.push(`${code}: ${message}`)
  for (const address of [
    'tcp://127.0.0.1:1',
    'tcp://127.1.2.3:1',
    'tcp://localhost:1',
    'tcp://[::1]:1',
    'tcp://[0:0:0:0:0:0:0:1]:1',
    'docker://localhost:2375',
    'unix:///run/b.sock',
  ])
    await routeTo(address, { onWarning })
  await routeTo('tcp://build.example:1', { onWarning, tls: {} })
  assert.equal(warned.join(), '')
  for (const host of ['build.example', '10.0.0.1', '[fd00::1]', 'localhost.example', 'a.localhost'])
    await routeTo(`tcp://${host}:1234`, { onWarning })
  await routeTo('docker://build.example:2375', { onWarning })
  assert.equal(warned.length, 6)
  const first =
    /^PLAINTEXT_TCP: The connection to tcp:\/\/build\.example:1234 is not encrypted: .* tls option/
  assert.match(warned[0]!, first)
})

test('without a hook the process warns once for each address', async () => {
  const seen: (string | undefined)[] = []
  const onWarning = (warning: Error & { code?: string }) =>
    seen.push(`${warning.code} ${warning.message.split(' ')[3]}`)
  process.on('warning', onWarning)
  for (const host of ['one.example', 'one.example', 'two.example']) await routeTo(`tcp://${host}:1`)
  await promisify(setImmediate)()
  process.off('warning', onWarning)
  assert.deepEqual(seen, ['PLAINTEXT_TCP tcp://one.example:1', 'PLAINTEXT_TCP tcp://two.example:1'])
})
