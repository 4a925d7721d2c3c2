import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HttpProxy, proxyFor } from '../../src/network/proxy.ts'

const far = { host: 'far.example', port: 443 }
const url = 'http://proxy.example:3128'

test('HTTPS_PROXY is for TLS and HTTP_PROXY for what travels in clear, in upper or lower case', () => {
  const env = { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2' }
  assert.equal(proxyFor(far, true, env)?.origin, 'http://a:1')
  assert.equal(proxyFor(far, false, env)?.origin, 'http://b:2')
  const lower = { https_proxy: 'http://a:1', http_proxy: 'http://b:2' }
  assert.equal(proxyFor(far, true, lower)?.origin, 'http://a:1')
  assert.equal(proxyFor(far, false, lower)?.origin, 'http://b:2')
  assert.equal(proxyFor(far, true, { ...env, ...lower, https_proxy: 'http://c:3' })?.origin, 'http://a:1')
  assert.equal(proxyFor(far, true, { HTTPS_PROXY: '', https_proxy: 'http://c:3' })?.origin, 'http://c:3')
  assert.equal(proxyFor(far, true, { HTTP_PROXY: url, ALL_PROXY: url }), undefined)
  assert.equal(proxyFor(far, true, {}), undefined)
})

test('in a CGI program the header of a request does not become a proxy', () => {
  const env = { HTTP_PROXY: url, HTTPS_PROXY: url, REQUEST_METHOD: 'GET' }
  assert.equal(proxyFor(far, false, env), undefined)
  assert.equal(proxyFor(far, true, env)?.origin, url)
})

test('by default the environment is the process’s own, read at each call', (t) => {
  t.after(() => delete process.env.HTTPS_PROXY)
  assert.equal(proxyFor({ host: 'far.example', port: 443 }, true), undefined)
  process.env.HTTPS_PROXY = url
  assert.equal(proxyFor({ host: 'far.example', port: 443 }, true)?.origin, url)
})

test('a proxy is named by a URL, or by host and port', () => {
  const parsed = (value: string) => proxyFor(far, true, { HTTPS_PROXY: value }) as HttpProxy
  for (const [value, host, port, secure] of [
    ['http://proxy.example:3128', 'proxy.example', 3128, false],
    ['proxy.example:3128', 'proxy.example', 3128, false],
    ['10.0.0.1:3128', '10.0.0.1', 3128, false],
    ['proxy.example', 'proxy.example', 80, false],
    ['HTTPS://proxy.example/', 'proxy.example', 443, true],
    ['http://[fd00::1]:3128', 'fd00::1', 3128, false],
  ] as const) {
    const { origin: _, authorization, description: __, ...rest } = parsed(value)
    assert.deepEqual(rest, { host, port, secure }, value)
    assert.equal(authorization, undefined)
  }
})

test('user and password of the URL become an authorization, and stand in no text', () => {
  const proxy = proxyFor(far, true, { https_proxy: 'http://me:p%40ss%3A@proxy.example:3128' })!
  assert.equal(proxy.authorization, `Basic ${Buffer.from('me:p@ss:').toString('base64')}`)
  assert.equal(proxy.origin, 'http://proxy.example:3128')
  assert.equal(proxy.description, 'the proxy http://proxy.example:3128 (https_proxy)')
})

test('what is no URL of an http or https proxy is INVALID_OPTION, without its user', () => {
  for (const value of [
    'socks5://me:secret@proxy.example',
    'http://',
    'http://me:secret%zz@proxy.example',
    '://',
  ])
    assert.throws(
      () => proxyFor(far, true, { HTTPS_PROXY: value }),
      (error: Error & { code?: string; subject?: string }) =>
        error.code === 'INVALID_OPTION' &&
        error.subject === 'HTTPS_PROXY' &&
        !error.message.includes('secret'),
      value,
    )
  // What is reached directly needs no proxy that works.
  assert.equal(proxyFor({ host: 'localhost', port: 1 }, true, { HTTPS_PROXY: 'socks5://x' }), undefined)
})
