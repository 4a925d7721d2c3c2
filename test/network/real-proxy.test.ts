import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { after, test } from 'node:test'
import { startTinyproxy } from '../../scripts/parts/tinyproxy.ts'
import { connect } from '../../src/buildkit.ts'
import { HttpClient } from '../../src/network/http.ts'
import { loadTls } from '../../src/network/tls-options.ts'
import { createAuthority } from '../support/certificates.ts'
import { startDaemon } from '../support/daemon.ts'
import { farHost } from '../support/far-host.ts'
import { listening } from '../support/listening.ts'
import { part } from '../support/parts.ts'
import { startProxy } from '../support/proxy.ts'
import { skipWithout } from '../support/skip.ts'

/** Loopback addresses are never reached through a proxy: a name, which a second proxy leads to this machine. */
const far = 'far.test'

const authority = await createAuthority()
const { ca } = authority
const own = await authority.issue({ names: [far] })
const behind = await startProxy()
after(() => behind[Symbol.asyncDispose]())
const upstream = `127.0.0.1:${behind.port}`
const login = { user: 'me', password: 'secret-word' }

/** `Name: value` of what tinyproxy was asked for, by its log. */
const requests = async (log: string) =>
  [...(await readFile(log, 'utf8')).matchAll(/Request \(file descriptor \d+\): (.*) HTTP\/1\.1/g)].map(
    ([, line]) => line,
  )

test('requests by https and http pass a real proxy', { skip: skipWithout('tinyproxy') }, async () => {
  await using proxy = await startTinyproxy(part('tinyproxy'), { upstream, login })
  const answer: http.RequestListener = ({ method, url, headers }, reply) =>
    reply.end(`${method} ${url} ${headers.host} ${headers['proxy-authorization']}`)
  await using secure = await listening(https.createServer(own, answer))
  await using plain = await listening(http.createServer(answer))
  const proxyUrl = `http://${login.user}:${login.password}@${proxy.ready}`
  const env = { HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl }
  await using client = new HttpClient({ env, identityFor: () => loadTls({ ca }) })
  const get = async (url: string) =>
    (
      await client.request({ method: 'GET', url: new URL(url), maxBytes: 1000, timeoutMs: 10_000 })
    ).body.toString()
  assert.equal(await get(`https://${far}:${secure.port}/a?b`), `GET /a?b ${far}:${secure.port} undefined`)
  assert.equal(await get(`http://${far}:${plain.port}/a?b`), `GET /a?b ${far}:${plain.port} undefined`)
  assert.deepEqual(await requests(proxy.log), [
    `CONNECT ${far}:${secure.port}`,
    `GET http://${far}:${plain.port}/a?b`,
  ])
})

test('a daemon with TLS is reached through a real proxy, and directly where NO_PROXY says so', {
  skip: skipWithout('tinyproxy', 'buildkitd'),
}, async () => {
  const client = await authority.issue()
  await using daemon = await startDaemon({ tcp: { ca, ...own } })
  await using proxy = await startTinyproxy(part('tinyproxy'), { upstream, login })
  const address = daemon.ready.tcp!.replace('127.0.0.1', far)
  const tls = { ca, ...client }
  const HTTPS_PROXY = `http://${login.user}:${login.password}@${proxy.ready}`
  using _ = farHost(far)
  for (const env of [{ HTTPS_PROXY }, { HTTPS_PROXY, NO_PROXY: far }]) {
    await using buildkit = await connect(address, { tls, env })
    assert.equal((await buildkit.listWorkers()).length, 1)
  }
  assert.deepEqual(await requests(proxy.log), [`CONNECT ${address.slice('tcp://'.length)}`])
})

test('a real proxy that refuses is named, with its status and without the password', {
  skip: skipWithout('tinyproxy'),
}, async () => {
  await using proxy = await startTinyproxy(part('tinyproxy'), { upstream, login, connectPorts: [443] })
  const connecting = (user: string) =>
    connect(`tcp://${far}:1234`, { tls: {}, env: { HTTPS_PROXY: `http://${user}@${proxy.ready}` } })
  await assert.rejects(connecting(`${login.user}:${login.password}`), {
    code: 'UNREACHABLE',
    message:
      `the proxy http://${proxy.ready} (HTTPS_PROXY) does not lead to ${far}:1234: got status 403 Access violation. ` +
      'Ask its operator, or name the host in NO_PROXY',
  })
  await assert.rejects(connecting('me:wrong-word'), {
    code: 'UNREACHABLE',
    received: /^status 40[17] /,
    advice: /^Check user and password/,
  })
})
