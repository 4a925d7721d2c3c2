import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { RegistryNetwork } from '../../src/registry/registry-network.ts'
import { fetchToken, type TokenRequest } from '../../src/registry/token.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly form: Record<string, string>
}

type Respond = (response: ServerResponse, seen: Seen) => void

/** Of a process without proxies. */
const network = new RegistryNetwork({ env: {} })

/** A token server that answers by `respond` and keeps what it was asked. */
async function tokenServer(respond: Respond) {
  const requests: Seen[] = []
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const body = Buffer.concat(await incoming.toArray()).toString()
    const seen: Seen = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      authorization: incoming.headers.authorization,
      contentType: incoming.headers['content-type'],
      form: Object.fromEntries(new URLSearchParams(body)),
    }
    requests.push(seen)
    respond(response, seen)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (more: Partial<TokenRequest> = {}) =>
    fetchToken({
      host: 'localhost:5000',
      realm: `${origin}/token`,
      service: 'registry',
      scopes: ['repository:a/b:pull'],
      credentials: undefined,
      network,
      signal: new AbortController().signal,
      ...more,
    })
  return {
    requests,
    origin,
    server,
    ask,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const json =
  (value: unknown, status = 200): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }

/** What to answer to a POST, and to a GET. */
const byMethod =
  (post: Respond, get: Respond): Respond =>
  (response, seen) =>
    (seen.method === 'POST' ? post : get)(response, seen)

const login = { username: 'me', password: 'hunter2' }
const basic = `Basic ${Buffer.from('me:hunter2').toString('base64')}`

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; subject?: string }> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  assert.ok(error instanceof Error, 'it must reject')
  const everything = inspect(error, { depth: 9 }) + JSON.stringify(error)
  for (const secret of ['hunter2', basic.slice('Basic '.length), 'leaked'])
    assert.ok(!everything.includes(secret), everything)
  return error
}

describe('fetchToken', () => {
  it('asks by OAuth with a password', async () => {
    await using at = await tokenServer(
      json({ access_token: 't', expires_in: 300, issued_at: '2026-01-02T03:04:05.678901234Z' }),
    )
    const scopes = ['repository:a/b:pull,push', 'repository:c:pull']
    assert.deepEqual(await at.ask({ credentials: login, scopes }), {
      token: 't',
      expiresIn: 300,
      issuedAt: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
    })
    assert.deepEqual(at.requests, [
      {
        method: 'POST',
        url: '/token',
        authorization: undefined,
        contentType: 'application/x-www-form-urlencoded; charset=utf-8',
        form: {
          scope: 'repository:a/b:pull,push repository:c:pull',
          service: 'registry',
          client_id: 'buildkit-client',
          grant_type: 'password',
          username: 'me',
          password: 'hunter2',
        },
      },
    ])
  })

  it('asks by OAuth with an identity token, and leaves the scope out where there is none', async () => {
    await using at = await tokenServer(json({ access_token: 't' }))
    await at.ask({ credentials: { identityToken: 'idt' }, scopes: [] })
    assert.deepEqual(at.requests[0]!.form, {
      service: 'registry',
      client_id: 'buildkit-client',
      grant_type: 'refresh_token',
      refresh_token: 'idt',
    })
  })

  it('asks by GET without credentials, keeping the query of the realm', async () => {
    await using at = await tokenServer(json({ token: 't' }))
    const scopes = ['repository:a/b:pull', 'repository:c d:pull']
    assert.deepEqual(await at.ask({ realm: `${at.origin}/token?account=x`, scopes }), {
      token: 't',
      expiresIn: 60,
      issuedAt: 0,
    })
    const url =
      '/token?account=x&service=registry&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac+d%3Apull'
    assert.deepEqual(at.requests, [
      { method: 'GET', url, authorization: undefined, contentType: undefined, form: {} },
    ])
  })

  it('adds nothing to the realm where the challenge says nothing', async () => {
    await using at = await tokenServer(json({ token: 't' }))
    await at.ask({ service: '', scopes: [] })
    assert.equal(at.requests[0]!.url, '/token')
  })

  it('prefers access_token to token in the answer to a GET', async () => {
    await using at = await tokenServer(json({ token: 'a', access_token: 'b' }))
    assert.equal((await at.ask()).token, 'b')
  })

  it('reads an answer as Go does: keys of any case, text behind the object', async () => {
    await using at = await tokenServer((response) =>
      response.end('\uFEFF{"TOKEN":"t","token":null,"Expires_In":7} {}'),
    )
    assert.deepEqual(await at.ask(), { token: 't', expiresIn: 7, issuedAt: 0 })
  })

  const refusals: [string, Respond][] = [
    ...[400, 401, 403, 404, 405, 415, 422, 500, 501, 503].map((status): [string, Respond] => [
      `status ${status}`,
      json({ no: 'leaked' }, status),
    ]),
    [
      'a redirect that turns it into a GET',
      (response) => response.writeHead(302, { location: '/moved' }).end(),
    ],
    ['no token', json({ token: 'leaked' })],
    ['no JSON', (response) => response.end('<html>leaked')],
  ]
  for (const [name, refusal] of refusals) {
    it(`asks by GET where a POST with a password gets ${name}`, async () => {
      await using at = await tokenServer(byMethod(refusal, json({ token: 't' })))
      assert.equal((await at.ask({ credentials: login })).token, 't')
      assert.deepEqual(
        at.requests.map(({ method, url, authorization }) => [method, url, authorization]),
        [
          ['POST', '/token', undefined],
          ['GET', '/token?service=registry&scope=repository%3Aa%2Fb%3Apull', basic],
        ],
      )
    })
  }

  it('asks by GET where a POST with an identity token is refused, but not at 405', async () => {
    for (const status of [400, 404, 401, 405]) {
      await using at = await tokenServer(byMethod(json({}, status), json({ token: 't' })))
      const asked = at.ask({ credentials: { identityToken: 'hunter2' } })
      if (status === 405) {
        assert.match((await rejection(asked)).message, /expected a token, got status 405/)
        assert.equal(at.requests.length, 1)
        continue
      }
      assert.equal((await asked).token, 't')
      const expected = `Basic ${Buffer.from(':hunter2').toString('base64')}`
      assert.equal(at.requests[1]!.authorization, expected, String(status))
    }
  })

  const failures: [
    post: number | Respond,
    get: number | Respond,
    code: string,
    reported: string,
    calls: number,
  ][] = [
    [401, 401, 'UNAUTHENTICATED', '401', 2],
    [404, 401, 'UNAUTHENTICATED', '401', 2],
    [400, 403, 'PERMISSION_DENIED', '403', 2],
    [403, 404, 'PERMISSION_DENIED', '403', 2],
    [401, 405, 'UNAUTHENTICATED', '401', 2],
    [json({ error: 'invalid_grant' }, 400), 404, 'UNAUTHENTICATED', '400', 2],
    [json({ error: 'invalid_request' }, 400), 404, 'PROTOCOL_ERROR', '400', 2],
    [404, 404, 'PROTOCOL_ERROR', '404', 2],
    [404, 503, 'UNREACHABLE', '503', 4],
    [503, 401, 'UNREACHABLE', '503', 4],
    [503, 503, 'UNREACHABLE', '503', 4],
    [501, 401, 'UNAUTHENTICATED', '401', 2],
    [429, json({ token: 't' }), 'RESOURCE_EXHAUSTED', '429', 2],
  ]
  const respond = (reply: number | Respond) =>
    typeof reply === 'number' ? json({ no: 'leaked' }, reply) : reply
  for (const [post, get, code, reported, calls] of failures) {
    it(`says ${code} after ${typeof post === 'number' ? post : reported} and ${typeof get === 'number' ? get : 'nothing'}`, async () => {
      await using at = await tokenServer(byMethod(respond(post), respond(get)))
      const error = await rejection(at.ask({ credentials: login }))
      assert.equal(error.code, code)
      assert.match(error.message, new RegExp(`got status ${reported}`))
      assert.equal(at.requests.length, calls)
    })
  }

  const passing: [string, Respond][] = [
    ['502', json({}, 502)],
    ['503', json({}, 503)],
    ['504', json({}, 504)],
    ['429', json({}, 429)],
    ['a reset', (response) => response.destroy()],
    [
      'an answer cut short',
      (response) => response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
    ],
  ]
  for (const [name, failing] of passing) {
    for (const credentials of [undefined, login]) {
      it(`asks once more after ${name}, ${credentials === undefined ? 'anonymously' : 'with a password'}`, async () => {
        let failed = false
        await using at = await tokenServer((response, seen) => {
          if (failed && !(seen.method === 'GET' && credentials !== undefined))
            return json({ access_token: 't' })(response, seen)
          failed = true
          failing(response, seen)
        })
        assert.equal((await at.ask({ credentials })).token, 't')
        assert.equal(at.requests.filter(({ method }) => method === at.requests[0]?.method).length, 2)
      })
    }
  }

  it('asks no more where the server wants to be left alone for long, and says for how long', async () => {
    await using at = await tokenServer((response) => response.writeHead(429, { 'retry-after': '30' }).end())
    const error = await rejection(at.ask({ credentials: login }))
    assert.equal(error.code, 'RESOURCE_EXHAUSTED')
    assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 30_000)
    assert.equal(at.requests.length, 1)
  })

  it('waits as long as the server says before it asks once more', async () => {
    const times: number[] = []
    await using at = await tokenServer((response, seen) => {
      times.push(performance.now())
      if (times.length === 1) response.writeHead(503, { 'retry-after': '1' }).end()
      else json({ token: 't' })(response, seen)
    })
    assert.equal((await at.ask()).token, 't')
    assert.ok(times[1]! - times[0]! > 990, String(times))
  })

  it('says that the credentials are refused, and what to do', async () => {
    await using at = await tokenServer(json({ errors: ['leaked'] }, 401))
    const error = await rejection(at.ask({ credentials: login }))
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.equal(error.subject, 'localhost:5000')
    assert.equal(
      error.message,
      `no token for localhost:5000: ${at.origin}/token refused the credentials: got status 401. Log in anew, or ask for access`,
    )
    assert.deepEqual(
      at.requests.map(({ method }) => method),
      ['POST', 'GET'],
    )
  })

  it('says that there are no credentials where they are needed', async () => {
    await using at = await tokenServer(json({}, 403))
    const error = await rejection(at.ask())
    assert.equal(error.code, 'PERMISSION_DENIED')
    assert.match(error.message, /\/token requires credentials: got status 403\. Log in to the registry/)
  })

  it('gives a registry token as it is, and calls nobody', async () => {
    await using at = await tokenServer(json({ token: 't' }))
    const token = await at.ask({ credentials: { registryToken: 'rt' }, realm: 'http://evil.example/' })
    assert.deepEqual(token, { token: 'rt', expiresIn: 60, issuedAt: 0 })
    assert.equal(at.requests.length, 0)
  })

  const times: [string, object, { expiresIn: number; issuedAt: number }][] = [
    ['no expiry', {}, { expiresIn: 60, issuedAt: 0 }],
    ['an expiry of 0', { expires_in: 0 }, { expiresIn: 60, issuedAt: 0 }],
    ['a negative expiry', { expires_in: -5 }, { expiresIn: 60, issuedAt: 0 }],
    ['an expiry that is no number', { expires_in: '300' }, { expiresIn: 60, issuedAt: 0 }],
    ['an expiry beyond all bounds', { expires_in: 1e300 }, { expiresIn: 60, issuedAt: 0 }],
    ['an expiry with a fraction', { expires_in: 12.7 }, { expiresIn: 12, issuedAt: 0 }],
    ['a date that is none', { issued_at: 'today' }, { expiresIn: 60, issuedAt: 0 }],
    ['a date that is a number', { issued_at: 7 }, { expiresIn: 60, issuedAt: 0 }],
    ["Go's zero time", { issued_at: '0001-01-01T00:00:00Z' }, { expiresIn: 60, issuedAt: 0 }],
    ['a date of another zone', { issued_at: '1970-01-01T02:00:10+02:00' }, { expiresIn: 60, issuedAt: 10 }],
  ]
  for (const [name, fields, expected] of times) {
    it(`understands an answer with ${name}`, async () => {
      await using at = await tokenServer(json({ token: 't', ...fields }))
      assert.deepEqual(await at.ask(), { token: 't', ...expected })
    })
  }

  const garbage: [string, string][] = [
    ['nothing', ''],
    ['text', 'leaked'],
    ['broken JSON', '{"token":"leaked"'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '["leaked"]'],
    ['an empty token', '{"token":""}'],
    ['a token that is no text', '{"token":{"leaked":1}}'],
  ]
  for (const [name, body] of garbage) {
    it(`refuses an answer of ${name}`, async () => {
      await using at = await tokenServer((response) => response.end(body))
      const error = await rejection(at.ask())
      assert.equal(error.code, 'PROTOCOL_ERROR')
      assert.equal(
        error.message,
        `no token for localhost:5000 from ${at.origin}/token: expected JSON with access_token or token, got none`,
      )
    })
  }

  it('stops reading an answer that is too long', async () => {
    await using at = await tokenServer((response) => {
      const fill = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', fill)
      }
      fill()
    })
    const error = await rejection(at.ask({ credentials: login }))
    assert.equal(error.code, 'TOO_LARGE')
    assert.match(error.message, /expected at most 1048576 bytes, got more/)
  })

  it('waits no longer than its deadline, for the headers or for the body', async () => {
    for (const begin of [false, true]) {
      await using at = await tokenServer((response) => {
        if (begin) response.write('{')
      })
      const error = await rejection(at.ask({ credentials: login, timeoutMs: 200 }))
      assert.equal(error.code, 'TIMEOUT')
      assert.match(error.message, /expected an answer within 200 ms, got none/)
    }
  })

  it('throws the reason of the signal, and leaves no listener on it', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    await using at = await tokenServer(() => abort.abort(reason))
    await assert.rejects(at.ask({ signal: abort.signal }), (error) => error === reason)
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), [])
    await assert.rejects(at.ask({ signal: abort.signal }), (error) => error === reason)
    assert.equal(at.requests.length, 1)
  })

  it('says that the server cannot be reached', async () => {
    let realm: string
    {
      await using at = await tokenServer(json({}))
      realm = `${at.origin}/token?secret=leaked`
    }
    const error = await rejection(
      fetchToken({
        host: 'localhost:5000',
        realm,
        service: '',
        scopes: [],
        credentials: login,
        network,
        signal: new AbortController().signal,
      }),
    )
    assert.equal(error.code, 'UNREACHABLE')
    assert.match(
      error.message,
      /^no token for localhost:5000: cannot reach http:\/\/127\.0\.0\.1:\d+: got .*ECONNREFUSED/,
    )
  })

  it('says that the server has hung up, twice', async () => {
    await using at = await tokenServer((response) => response.destroy())
    const error = await rejection(at.ask({ credentials: login }))
    assert.equal(error.code, 'UNREACHABLE')
    assert.match(error.message, /^no token for localhost:5000: cannot reach http:\/\/127\.0\.0\.1:\d+: got /)
    assert.equal(at.requests.length, 2)
  })

  it('sends no credentials over plain HTTP to another machine', async () => {
    await using at = await tokenServer(json({ token: 't' }))
    const asked = at.ask({
      host: 'registry.example',
      realm: 'http://registry.example/token',
      credentials: login,
    })
    const error = await rejection(asked)
    assert.equal(error.code, 'CREDENTIALS_FAILED')
    assert.match(error.message, /expected https, unless registry and token server are on this machine/)
  })

  it('calls nothing on this machine for a registry elsewhere', async () => {
    await using at = await tokenServer(json({ token: 't' }))
    const error = await rejection(at.ask({ host: 'evil.example' }))
    assert.equal(error.code, 'CREDENTIALS_FAILED')
    assert.equal(at.requests.length, 0)
  })

  describe('where the server redirects', () => {
    const redirect =
      (location: string, status = 307): Respond =>
      (response) =>
        response.writeHead(status, { location }).end('leaked')

    it('follows on the same server, with the same request', async () => {
      await using at = await tokenServer((response, seen) =>
        (seen.url === '/token' ? redirect('/moved') : json({ access_token: 't' }))(response, seen),
      )
      assert.equal((await at.ask({ credentials: login })).token, 't')
      const [first, second] = at.requests
      assert.deepEqual(second, { ...first, url: '/moved' })
    })

    it('follows to another server without credentials', async () => {
      await using other = await tokenServer(json({ token: 't' }))
      await using at = await tokenServer(redirect(`${other.origin}/moved`))
      assert.equal((await at.ask()).token, 't')
      assert.equal(other.requests[0]!.url, '/moved')
    })

    for (const status of [301, 302, 303, 307, 308]) {
      it(`takes no credentials to another server (${status})`, async () => {
        await using other = await tokenServer(json({ access_token: 't', token: 't' }))
        const away = redirect(`${other.origin}/moved?leaked`, status)
        await using posted = await tokenServer(away)
        await using got = await tokenServer(byMethod(json({}, 404), away))
        for (const at of [posted, got]) {
          const error = await rejection(at.ask({ credentials: login }))
          assert.equal(error.code, 'CREDENTIALS_FAILED')
          assert.match(
            error.message,
            /expected no redirect of credentials to another server, got one to http:\/\/127\.0\.0\.1:\d+\/moved$/,
          )
        }
        assert.equal(other.requests.length, 0)
      })
    }

    it('follows nowhere that a realm may not be', async () => {
      for (const location of ['http://169.254.169.254/x', 'file:///etc/passwd', 'http://me:pw@127.0.0.1/']) {
        await using at = await tokenServer(redirect(location))
        const error = await rejection(at.ask())
        assert.match(error.message, /its token server is not called/, location)
      }
    })

    it('gives up in a circle, and at a redirect to nowhere', async () => {
      await using circle = await tokenServer(redirect('/token'))
      assert.match((await rejection(circle.ask())).message, /expected at most 5 redirects, got more/)
      assert.equal(circle.requests.length, 6)
      await using nowhere = await tokenServer((response) => response.writeHead(302).end())
      assert.match(
        (await rejection(nowhere.ask())).message,
        /expected a redirect with a target, got one to nowhere/,
      )
    })
  })
})
