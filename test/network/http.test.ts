import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { test } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { HttpClient, type HttpClientOptions, type HttpRequest } from '../../src/network/http.ts'
import { loadTls } from '../../src/network/tls-options.ts'
import { createAuthority } from '../support/certificates.ts'
import { listening } from '../support/listening.ts'
import { startProxy } from '../support/proxy.ts'

const authority = await createAuthority()
const { ca } = authority
const own = await authority.issue({ names: ['far.example', '127.0.0.1'] })
const trusting = { identityFor: () => loadTls({ ca }) }

/** One request of a client that is gone afterwards. */
async function send(url: string, options: HttpClientOptions = {}, request: Partial<HttpRequest> = {}) {
  await using client = new HttpClient({ env: {}, ...options })
  return await client.request({
    method: 'GET',
    url: new URL(url),
    maxBytes: 100,
    timeoutMs: 5_000,
    ...request,
  })
}

/** Says what it was sent. */
const echo: http.RequestListener = async (asked, answer) => {
  const { host, authorization } = asked.headers
  const sent = Buffer.concat(await asked.toArray()).toString()
  answer.end([asked.method, asked.url, host, authorization, sent].filter(Boolean).join(' '))
}

test('a request is sent and its reply read whole, of any status', async () => {
  await using server = await listening(
    http.createServer((asked, answer) => {
      answer.statusCode = 418
      answer.setHeader('x-own', 'a')
      void echo(asked, answer)
    }),
  )
  const url = `http://127.0.0.1:${server.port}/path?a=b`
  const reply = await send(url, {}, { method: 'POST', body: 'hello', headers: { authorization: 'me' } })
  assert.equal(reply.status, 418)
  assert.equal(reply.headers['x-own'], 'a')
  assert.equal(reply.body.toString(), `POST /path?a=b 127.0.0.1:${server.port} me hello`)
  assert.equal(reply.url.href, url)
  assert.equal((await send(url, {}, { method: 'HEAD' })).body.length, 0)
})

test('connections are kept for the next request, and gone after the client', async () => {
  await using server = await listening(http.createServer(echo))
  {
    await using client = new HttpClient({ env: {} })
    const url = new URL(`http://127.0.0.1:${server.port}/`)
    for (let i = 0; i < 5; i++) await client.request({ method: 'GET', url, maxBytes: 100, timeoutMs: 5_000 })
    assert.ok(server.sockets.size < 5)
  }
  for (const socket of server.sockets) await once(socket, 'close')
  assert.equal(server.sockets.size, 0)
})

test('a reply that is too long is TOO_LARGE, one that never comes TIMEOUT, one that breaks off UNREACHABLE', async () => {
  await using server = await listening(
    http.createServer((asked, answer) => {
      if (asked.url === '/long') answer.end('x'.repeat(101))
      if (asked.url === '/cut')
        answer.writeHead(200, { 'content-length': 10 }).write('x', () => answer.destroy())
      if (asked.url === '/slow') answer.write('x')
    }),
  )
  const origin = `http://127.0.0.1:${server.port}`
  await assert.rejects(send(`${origin}/long`), {
    code: 'TOO_LARGE',
    message: `${origin} answers too much: expected at most 100 bytes, got more`,
  })
  await assert.rejects(send(`${origin}/cut`), { code: 'UNREACHABLE', subject: origin })
  for (const path of ['/slow', '/never'])
    await assert.rejects(send(origin + path, {}, { timeoutMs: 50 }), {
      code: 'TIMEOUT',
      message: `no answer from ${origin}: expected one within 50 ms, got none`,
    })
})

test('what does not listen, does not speak HTTP or shows another certificate has its code', async () => {
  await using closed = await listening(net.createServer())
  const { port } = closed
  await closed[Symbol.asyncDispose]()
  await assert.rejects(send(`http://127.0.0.1:${port}/`), {
    code: 'UNREACHABLE',
    subject: `http://127.0.0.1:${port}`,
  })
  await using rude = await listening(net.createServer((socket) => socket.end('SSH-2.0-hello\r\n')))
  await assert.rejects(send(`http://127.0.0.1:${rude.port}/`), {
    code: 'UNREACHABLE',
    received: 'something else than HTTP',
  })
  await using secure = await listening(https.createServer(own, echo))
  await assert.rejects(send(`https://127.0.0.1:${secure.port}/`), {
    code: 'TLS_FAILED',
    advice: /NODE_EXTRA_CA_CERTS/,
  })
  const reply = await send(`https://127.0.0.1:${secure.port}/`, trusting)
  assert.equal(reply.body.toString(), `GET / 127.0.0.1:${secure.port}`)
})

test('the signal ends a request with its reason, at each of its stages', async () => {
  const reason = new Error('no longer wanted')
  await assert.rejects(send('http://127.0.0.1:1/', {}, { signal: AbortSignal.abort(reason) }), reason)
  const abort = {
    connecting: new AbortController(),
    waiting: new AbortController(),
    reading: new AbortController(),
  }
  await using silent = await listening(net.createServer(() => abort.connecting.abort(reason)))
  const env = { HTTPS_PROXY: `http://127.0.0.1:${silent.port}` }
  const { signal } = abort.connecting
  await assert.rejects(send('https://far.example/', { env }, { signal }), reason)
  await using server = await listening(
    http.createServer((asked, answer) => {
      if (asked.url === '/waiting') abort.waiting.abort(reason)
      else answer.write('x', () => abort.reading.abort(reason))
    }),
  )
  for (const stage of ['waiting', 'reading'] as const) {
    const { signal } = abort[stage]
    await assert.rejects(send(`http://127.0.0.1:${server.port}/${stage}`, {}, { signal }), reason)
  }
})

test('redirects are the caller’s to allow, with headers and methods as they should be', async () => {
  await using server = await listening(
    http.createServer((asked, answer) => {
      const [, status, to] = /^\/(\d+)(.*)$/.exec(asked.url!) ?? []
      if (status === undefined) return void echo(asked, answer)
      answer.writeHead(Number(status), to === '' ? {} : { location: to }).end()
    }),
  )
  const origin = `http://127.0.0.1:${server.port}`
  const headers = { authorization: 'me' }
  assert.equal((await send(`${origin}/302/a`)).status, 302)
  for (const [method, status, arrives] of [
    ['GET', 302, 'GET /a'],
    ['POST', 302, 'GET /a'],
    ['PUT', 303, 'GET /a'],
    ['POST', 307, 'POST /a'],
    ['PUT', 308, 'PUT /a'],
  ] as const) {
    const body = method === 'GET' ? undefined : 'sent'
    const seen: string[] = []
    const reply = await send(
      `${origin}/${status}/a`,
      {},
      {
        method,
        body,
        headers,
        redirect: ({ from, to, method }) => {
          seen.push(`${method} ${from.href} ${to.href}`)
          return {}
        },
      },
    )
    const kept = arrives.startsWith('GET') ? '' : ' sent'
    assert.equal(reply.body.toString(), `${arrives} 127.0.0.1:${server.port}${kept}`)
    assert.deepEqual(seen, [`${arrives.split(' ')[0]} ${origin}/${status}/a ${origin}/a`])
  }
  const follow = { redirect: () => ({}) }
  assert.equal((await send(`${origin}/302/a`, {}, { redirect: () => undefined })).status, 302)
  await assert.rejects(send(`${origin}/302`, {}, follow), {
    code: 'PROTOCOL_ERROR',
    received: 'one to nowhere',
  })
  const loop = '/302'.repeat(6)
  await assert.rejects(send(`${origin}${loop}/a`, {}, follow), {
    code: 'PROTOCOL_ERROR',
    expected: 'at most 5 redirects',
  })
})

test('https goes through a tunnel of the proxy, http is handed to it with its whole URL', async () => {
  await using secure = await listening(https.createServer(own, echo))
  await using plain = await listening(http.createServer(echo))
  for (const login of [undefined, 'me:p@ss:word']) {
    await using proxy = await startProxy({
      login,
      hosts: { 'far.example:443': secure.port, 'far.example': plain.port },
    })
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
    const reply = await send('https://far.example/a?b', { ...trusting, env })
    assert.equal(reply.body.toString(), 'GET /a?b far.example')
    const other = await send('http://far.example/a?b', { env }, { method: 'POST', body: 'sent' })
    assert.equal(other.body.toString(), 'POST /a?b far.example sent')
    assert.deepEqual(proxy.requests, ['CONNECT far.example:443', 'POST http://far.example/a?b'])
  }
})

test('an https proxy is spoken to over TLS, and its certificate is checked', async () => {
  await using proxy = await startProxy({ tls: own })
  const env = { HTTPS_PROXY: proxy.url }
  await assert.rejects(send('https://far.example/', { ...trusting, env }), {
    code: 'TLS_FAILED',
    subject: `the proxy ${proxy.url} (HTTPS_PROXY)`,
  })
  assert.deepEqual(proxy.requests, [])
})

test('a proxy that is not there or refuses is named, and its password is not', async () => {
  await using proxy = await startProxy({ login: 'me:secret-word', status: 403 })
  const origin = proxy.url.replace('me:secret-word@', '')
  const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
  await assert.rejects(send('https://far.example/', { env }), {
    code: 'UNREACHABLE',
    message:
      `the proxy ${origin} (HTTPS_PROXY) does not lead to far.example:443: got status 403 Forbidden. ` +
      'Ask its operator, or name the host in NO_PROXY',
  })
  for (const [scheme, to] of [
    ['https', 'far.example:443'],
    ['http', 'http://far.example'],
  ])
    await assert.rejects(
      send(`${scheme}://far.example/`, { env: { ...env, HTTPS_PROXY: origin, HTTP_PROXY: origin } }),
      {
        code: 'UNREACHABLE',
        subject: to,
        received: 'status 407 Proxy Authentication Required',
        advice: 'Put user and password into its URL: http://user:password@proxy.example:3128',
      },
    )
  await proxy[Symbol.asyncDispose]()
  await assert.rejects(send('https://far.example/', { env }), {
    code: 'UNREACHABLE',
    subject: `the proxy ${origin} (HTTPS_PROXY)`,
    advice: /Nothing listens there/,
  })
})

test('a proxy that repeats what it was shown does not have it shown', async () => {
  const [user, password] = ['me', 'secret-word']
  const encoded = Buffer.from(`${user}:${password}`).toString('base64')
  for (const [repeated, shown] of [
    [password, '***'],
    [`${user}:${password}`, '***'],
    [`Basic ${encoded}`, 'Basic ***'],
  ]) {
    await using proxy = await listening(
      net.createServer((socket) => socket.on('error', () => {}).end(`HTTP/1.1 407 no ${repeated}\r\n\r\n`)),
    )
    const env = { HTTPS_PROXY: `http://${user}:${password}@127.0.0.1:${proxy.port}` }
    await assert.rejects(send('https://far.example/', { env }), {
      code: 'UNREACHABLE',
      received: `status 407 no ${shown}`,
    })
  }
})

test('a proxy that inspects TLS is passed with its authority', async () => {
  const company = await createAuthority('Company')
  const server = await company.issue({ names: ['far.example'] })
  await using secure = await listening(https.createServer(server, echo))
  await using proxy = await startProxy({ inspect: company, hosts: { 'far.example:443': secure.port } })
  const env = { HTTPS_PROXY: proxy.url }
  const identityFor = () => loadTls({ ca: company.ca })
  const reply = await send('https://far.example/a', { env, identityFor })
  assert.equal(reply.body.toString(), 'GET /a far.example')
  assert.deepEqual(proxy.inspected, ['GET https://far.example:443/a'])
  await assert.rejects(send('https://far.example/a', { env }), { code: 'TLS_FAILED' })
})

test('what is still going on ends with the client, connecting too', async () => {
  const connected = deferred()
  await using silent = await listening(net.createServer(() => connected.resolve()))
  const client = new HttpClient({ env: { HTTPS_PROXY: `http://127.0.0.1:${silent.port}` } })
  const url = new URL('https://far.example/')
  const sent = client.request({ method: 'GET', url, maxBytes: 100, timeoutMs: 60_000 })
  await connected.promise
  const closed = Promise.all([...silent.sockets].map((socket) => once(socket.resume(), 'close')))
  await Promise.all([assert.rejects(sent, { code: 'UNREACHABLE' }), client[Symbol.asyncDispose]()])
  await closed
})

test('a proxy that never answers is ended by the deadline', async () => {
  await using silent = await listening(net.createServer())
  const env = { HTTPS_PROXY: `http://127.0.0.1:${silent.port}` }
  await assert.rejects(send('https://far.example/', { env }, { timeoutMs: 50 }), { code: 'TIMEOUT' })
})
