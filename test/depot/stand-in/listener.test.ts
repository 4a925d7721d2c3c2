import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import tls from 'node:tls'
import { createAuthority } from '../../support/certificates.ts'
import { type Answer, listen } from './listener.ts'

const answer: Answer = (request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.end(`HTTP/${request.httpVersion} ${request.url}`)
}

test('HTTP/1.1 and HTTP/2 are answered on one port', async () => {
  await using listener = await listen(answer)
  const url = `http://127.0.0.1:${listener.port}`
  assert.equal(await (await fetch(`${url}/one`)).text(), 'HTTP/1.1 /one')
  assert.equal(await getOverHttp2(http2.connect(url), '/two'), 'HTTP/2.0 /two')
})

test('a start that arrives byte by byte is understood, in both versions', async () => {
  await using listener = await listen(answer)
  const first = net.connect(listener.port, '127.0.0.1')
  await dribble(first, 'POST /one HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  assert.match(await text(first), /\nHTTP\/1\.1 \/one\r\n/)

  const second = net.connect(listener.port, '127.0.0.1')
  const emptySettings = '\0\0\0\x04\0\0\0\0\0'
  await dribble(second, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${emptySettings}`)
  const [reply] = (await once(second, 'data')) as [Buffer]
  assert.equal(reply[3], 4, 'the server begins with its own settings')
  second.destroy()
})

test('over TLS, ALPN decides', async () => {
  const authority = await createAuthority()
  await using listener = await listen(answer, await authority.issue())
  const url = `https://localhost:${listener.port}`
  assert.equal(await getOverHttp2(http2.connect(url, { ca: authority.ca }), '/two'), 'HTTP/2.0 /two')

  const { port } = listener
  const socket = tls.connect({ port, ca: authority.ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
  socket.write('GET /one HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  assert.match(await text(socket), /HTTP\/1\.1 \/one/)
})

test('it closes with connections open, those that have not said a word included', async () => {
  const listener = await listen(answer)
  const silent = net.connect(listener.port, '127.0.0.1')
  const client = http2.connect(`http://127.0.0.1:${listener.port}`).on('error', () => {})
  await Promise.all([once(silent, 'connect'), once(client, 'connect')])
  const closed = Promise.all([once(silent, 'close'), once(client, 'close')])
  await listener[Symbol.asyncDispose]()
  await closed
})

async function getOverHttp2(client: http2.ClientHttp2Session, path: string): Promise<string> {
  const request = client.request({ ':path': path })
  const reply = await text(request)
  client.close()
  return reply
}

/** One byte in one packet, as far as that can be had. */
async function dribble(socket: net.Socket, bytes: string): Promise<void> {
  socket.setNoDelay(true)
  for (const byte of bytes) {
    await new Promise((resolve) => socket.write(byte, 'latin1', resolve))
    await turn()
  }
}
