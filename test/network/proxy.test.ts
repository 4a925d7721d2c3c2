import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { endpointOf, type HttpProxy, proxyFor } from '../../src/network/proxy.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'

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

test('NO_PROXY names hosts, domains, addresses and networks, each with a port or without', () => {
  const direct = (NO_PROXY: string, host: string, port = 443) =>
    proxyFor({ host, port }, true, { HTTPS_PROXY: url, NO_PROXY }) === undefined
  for (const [entry, reached, through] of [
    ['*', ['far.example', '10.0.0.1', 'fd00::1'], []],
    [
      'far.example',
      ['far.example', 'a.far.example', 'FAR.example'],
      ['notfar.example', 'example', 'far.example.org'],
    ],
    ['.far.example', ['a.far.example', 'a.b.far.example'], ['far.example', 'notfar.example']],
    ['*.far.example', ['a.far.example'], ['far.example']],
    ['far.example:443', ['far.example', 'a.far.example'], []],
    ['far.example:80', [], ['far.example', 'a.far.example']],
    ['far.example:', ['far.example'], []],
    [':443', [], ['far.example']],
    ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.2', '110.0.0.1']],
    ['10.0.0.1:443', ['10.0.0.1'], []],
    ['10.0.0.1:80', [], ['10.0.0.1']],
    ['10.0.0.0/8', ['10.0.0.1', '10.255.0.1', '::ffff:10.1.1.1'], ['11.0.0.1', '10.example', 'fd00::1']],
    ['10.0.0.0/33', [], ['10.0.0.1']],
    ['0.0.0.0/0', ['10.0.0.1'], ['fd00::1', 'far.example']],
    ['::/0', ['fd00::1'], ['10.0.0.1', '::ffff:10.0.0.1']],
    ['fd00::/8', ['fd00::1', 'fd12::1%eth0'], ['fe80::1']],
    ['fd00::1', ['fd00::1'], ['fd00::2']],
    ['[fd00::1]:443', ['fd00::1'], []],
    ['[fd00::1]:80', [], ['fd00::1']],
    ['fe80::1%eth0', [], ['fe80::1']],
    ['bücher.example', ['xn--bcher-kva.example', 'a.xn--bcher-kva.example'], ['xn--bcher-kva.org']],
    [' a.example , far.example,', ['far.example', 'b.a.example'], ['b.example']],
    ['', [], ['far.example']],
  ] as const) {
    for (const host of reached) assert.equal(direct(entry, host), true, `${host} with ${entry}`)
    for (const host of through) assert.equal(direct(entry, host), false, `${host} with ${entry}`)
  }
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    assert.equal(direct('', host), true, host)
})

interface Case {
  readonly URL: string
  readonly HTTPProxy?: string
  readonly HTTPSProxy?: string
  readonly NoProxy?: string
  readonly CGI?: boolean
}

/** What Go's tools and we make of one: the proxy's origin, `direct`, or `error`. */
const go = (cases: readonly Case[]): string[] =>
  JSON.parse(execFileSync(part('httpproxy'), { input: JSON.stringify(cases) }).toString())

function ours({ URL: target, HTTPProxy, HTTPSProxy, NoProxy, CGI }: Case): string {
  const env = {
    HTTP_PROXY: HTTPProxy,
    HTTPS_PROXY: HTTPSProxy,
    NO_PROXY: NoProxy,
    REQUEST_METHOD: CGI ? 'GET' : undefined,
  }
  const url = new URL(target)
  return proxyFor(endpointOf(url), url.protocol === 'https:', env)?.origin ?? 'direct'
}

const originOf = (proxy: string) => (proxy.includes('://') ? new URL(proxy).origin : proxy)

const hosts = [
  ...[
    'example.com',
    'a.example.com',
    'a.b.example.com',
    'notexample.com',
    'example.com.',
    'EXAMPLE.com',
    'com',
  ],
  ...[
    'localhost',
    'a.localhost',
    'localhost.example.com',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ],
  ...[
    '10.0.0.1',
    '10.1.2.3',
    '11.0.0.1',
    '192.168.1.1',
    '[fd00::1]',
    '[fd00::2]',
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
  ],
  ...['xn--bcher-kva.example', 'a.xn--bcher-kva.example', 'a_b.example.com', 'x'],
]

const entries = [
  ...[
    '',
    ' ',
    'example.com',
    '.example.com',
    '*.example.com',
    '*example.com',
    '..example.com',
    '*.',
    '.',
    '*.*',
  ],
  ...[
    'EXAMPLE.COM',
    'example.com.',
    'example.com:443',
    '.example.com:8080',
    '*.example.com:80',
    'example.com:',
    ':80',
  ],
  ...['http://example.com', 'example.com/path', 'com', '.com', 'x', 'localhost', '127.0.0.1', '[::1]'],
  ...[
    '10.0.0.1',
    '10.0.0.1:443',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.1.2.3/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
  ],
  ...[
    '010.0.0.1',
    '0.0.0.0/0',
    '::/0',
    'fd00::1',
    '[fd00::1]',
    '[fd00::1]:443',
    'fd00::/8',
    'fd00::/129',
    'fe80::1%eth0',
  ],
  ...[
    '::ffff:10.0.0.1',
    '::ffff:10.0.0.0/104',
    '10.0.0',
    '10.*',
    'bücher.example',
    '.bücher.example',
    'a_b.example.com',
  ],
  ...['a,b', 'example.com:443:1', '[example.com]:443', '[10.0.0.1]:443'],
]

test('each host and each entry of NO_PROXY is as in Go', { skip: skipWithout('httpproxy') }, () => {
  const cases = hosts.flatMap((host) =>
    [...entries, '*', 'example.com, *', 'a, ,10.0.0.1 ,'].flatMap((NoProxy) =>
      ['https://', 'http://'].flatMap((scheme) =>
        ['', ':443', ':8080'].map((port) => ({
          URL: `${scheme}${host}${port}/`,
          HTTPProxy: 'http://a.proxy:1',
          HTTPSProxy: 'b.proxy:2',
          NoProxy,
        })),
      ),
    ),
  )
  const different = go(cases).flatMap((expected, index) => {
    const { URL: url, NoProxy } = cases[index]!
    const got = ours(cases[index]!)
    return got === originOf(expected) ? [] : [`${url} with ${NoProxy}: ${got} instead of ${expected}`]
  })
  assert.deepEqual(different, [])
})

test('a proxy’s URL is read as in Go', { skip: skipWithout('httpproxy') }, () => {
  const cases = [
    ...[
      'http://p',
      'http://p:3128',
      'https://p',
      'p',
      'p:3128',
      '10.0.0.1:3128',
      '[fd00::1]:3128',
      'http://u:v@p:1',
    ],
    ...['HTTP://P:1', 'http://p:80', 'https://p:443', 'http://p/path?query', 'u:v@p:1', ''],
  ].flatMap((proxy) => [
    { URL: 'https://far.example/', HTTPSProxy: proxy },
    { URL: 'http://far.example/', HTTPProxy: proxy },
  ])
  const withoutUser = (proxy: string) => originOf(proxy)
  assert.deepEqual(cases.map(ours), go(cases).map(withoutUser))
})

test('in a CGI program Go refuses what we reach directly', { skip: skipWithout('httpproxy') }, () => {
  const cases = ['http', 'https'].map((scheme) => ({
    URL: `${scheme}://far.example/`,
    HTTPProxy: 'http://a:1',
    HTTPSProxy: 'http://b:2',
    CGI: true,
  }))
  assert.deepEqual(go(cases), ['error', 'http://b:2'])
  assert.deepEqual(cases.map(ours), ['direct', 'http://b:2'])
})
