import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import type { BuildkitError } from '../../../src/base/errors.ts'
import { type OidcOptions, oidcProviders, oidcToken } from '../../../src/depot/identity/oidc.ts'
import { listening } from '../../support/listening.ts'
import { startProxy } from '../../support/proxy.ts'

type Handler = (request: IncomingMessage & { text: string }, response: ServerResponse) => void

/** A service that gives out tokens. */
async function service(handle: Handler) {
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString()
    handle(Object.assign(request, { text }), response)
  })
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server)
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose }
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const noSignal = new AbortController().signal

/** The token of the first provider whose job this is. */
function ask(name: string, env: NodeJS.ProcessEnv, options: Partial<OidcOptions> = {}) {
  const provider = oidcProviders.find((candidate) => candidate.name === name)
  assert.ok(provider, name)
  return oidcToken(provider, env, { signal: noSignal, ...options })
}

const github = (url: string) => ({
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-secret',
  ACTIONS_ID_TOKEN_REQUEST_URL: url,
})

function fails(code: string, ...words: RegExp[]) {
  return (error: BuildkitError) => {
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.match(error.message, word)
    const everything = `${error.stack}${JSON.stringify(error)}${(error.cause as Error)?.stack}`
    assert.doesNotMatch(everything, /request-secret|job-secret/)
    return true
  }
}

describe('the providers', () => {
  it('are asked in the order of the documentation', () => {
    assert.deepEqual(
      oidcProviders.map(({ name }) => name),
      ['GitHub Actions', 'GitLab', 'CircleCI', 'Buildkite'],
    )
  })

  it('have nothing to say outside of their jobs', async () => {
    const partial = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.test',
      DEPOT_OIDC_TOKEN: 'x',
      BUILDKITE_JOB_ID: 'x',
    }
    for (const env of [{}, partial])
      for (const { name } of oidcProviders) assert.equal(await ask(name, env), undefined, name)
    assert.equal(
      await ask('GitHub Actions', { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' }),
      undefined,
      'GitHub needs both',
    )
    assert.equal(await ask('GitLab', { GITLAB_CI: 'true' }), undefined, 'no id_tokens in the job')
    assert.equal(await ask('CircleCI', { CIRCLE_OIDC_TOKEN_V2: '' }), undefined)
  })

  it('GitLab and CircleCI put it into the environment', async () => {
    assert.equal(await ask('GitLab', { GITLAB_CI: 'true', DEPOT_OIDC_TOKEN: 'a.b.c' }), 'a.b.c')
    assert.equal(await ask('CircleCI', { CIRCLE_OIDC_TOKEN_V2: 'd.e.f' }), 'd.e.f')
  })
})

describe('the OIDC token of GitHub Actions', () => {
  it('is asked for Depot, with the request token', async () => {
    const seen: unknown[] = []
    await using server = await service((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization)
      json(response, 200, { count: 1, value: 'job.token.x' })
    })
    assert.equal(await ask('GitHub Actions', github(`${server.url}/jobs/1?api-version=2.0`)), 'job.token.x')
    assert.equal(await ask('GitHub Actions', github(`${server.url}/jobs/2`)), 'job.token.x')
    const audience = 'audience=https%3A%2F%2Fdepot.dev'
    assert.deepEqual(seen, [
      ...['GET', `/jobs/1?api-version=2.0&${audience}`, 'bearer request-secret'],
      ...['GET', `/jobs/2?${audience}`, 'bearer request-secret'],
    ])
  })

  it('is asked for through the proxy that the environment names', async () => {
    await using proxy = await startProxy({ status: 403 })
    const env = { ...github('https://far.example/jobs/1'), HTTPS_PROXY: proxy.url }
    await assert.rejects(
      ask('GitHub Actions', env),
      fails('UNREACHABLE', /status 403 Forbidden/, /name the host in NO_PROXY/),
    )
    assert.ok(proxy.requests.length > 0)
    assert.deepEqual(new Set(proxy.requests), new Set(['CONNECT far.example:443']))
  })

  it('is asked for again while the service is unwell', async () => {
    const statuses = [503, 429, 200]
    await using server = await service((_, response) =>
      json(response, statuses.shift() ?? 500, { value: 'job.token.x' }),
    )
    assert.equal(await ask('GitHub Actions', github(server.url)), 'job.token.x')
    assert.deepEqual(statuses, [])
  })

  it('is given up after three tries', async () => {
    let asked = 0
    await using server = await service((_, response) => {
      asked++
      json(response, 500, { value: 'job-secret' })
    })
    await assert.rejects(
      ask('GitHub Actions', github(server.url)),
      fails('API_FAILED', /GitHub Actions has given no OIDC token: got status 500/),
    )
    assert.equal(asked, 3)
  })

  const answers: [string, number, string, RegExp][] = [
    ['a refusal', 403, '{"value":"job-secret"}', /got status 403/],
    ['a redirect', 302, '', /got status 302/],
    ['an answer without a token', 200, '{"values":"job-secret"}', /JSON with a text value, got none/],
    ['an empty token', 200, '{"value":""}', /JSON with a text value, got none/],
    ['a token that is no text', 200, '{"value":["job-secret"]}', /JSON with a text value, got none/],
    ['an answer that is no JSON', 200, 'job-secret', /JSON with a text value, got none/],
    ['null', 200, 'null', /JSON with a text value, got none/],
  ]
  for (const [what, status, body, words] of answers) {
    it(`is not had from ${what}, which is not asked again`, async () => {
      let asked = 0
      await using server = await service((_, response) => {
        asked++
        response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body)
      })
      await assert.rejects(ask('GitHub Actions', github(server.url)), fails('REFUSED', words))
      assert.equal(asked, 1)
    })
  }

  it('is not had from an endless answer', async () => {
    await using server = await service((_, response) => {
      response.writeHead(200)
      const more = () => response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more))
      more()
    })
    await assert.rejects(
      ask('GitHub Actions', github(server.url)),
      fails('REFUSED', /at most 262144 bytes, got more/),
    )
  })

  it('is waited for until the deadline only, tries included', async () => {
    await using server = await service(() => {})
    await assert.rejects(
      ask('GitHub Actions', github(server.url), { timeoutMs: 50 }),
      fails('TIMEOUT', /an answer within 50 ms, got none/),
    )
    await using unwell = await service((_, response) => json(response, 500, {}))
    await assert.rejects(ask('GitHub Actions', github(unwell.url), { timeoutMs: 50 }), fails('TIMEOUT'))
  })

  it('is given up when the caller cancels', async () => {
    const controller = new AbortController()
    await using server = await service(() => controller.abort(new Error('enough')))
    await assert.rejects(
      ask('GitHub Actions', github(server.url), { signal: controller.signal }),
      (error: BuildkitError) => {
        assert.deepEqual(error.cause, new Error('enough'))
        return fails('CANCELLED')(error)
      },
    )
  })

  it('is asked for through the proxy that the environment names', async () => {
    await using proxy = await startProxy({ status: 403 })
    const env = { ...github('https://oidc.example.test/token'), HTTPS_PROXY: proxy.url }
    await assert.rejects(ask('GitHub Actions', env), fails('UNREACHABLE', /got status 403/))
    assert.deepEqual(new Set(proxy.requests), new Set(['CONNECT oidc.example.test:443']))
  })

  it('is not had where nobody listens', async () => {
    const { url, [Symbol.asyncDispose]: stop } = await service(() => {})
    await stop()
    await assert.rejects(ask('GitHub Actions', github(url)), fails('UNREACHABLE', /ECONNREFUSED/))
  })

  for (const url of [
    'http://actions.example/token?x=job-secret',
    'http://localhost.example/',
    'http://127.0.0.1.example/',
    'ftp://127.0.0.1/',
    'not a URL job-secret',
  ]) {
    it(`is not asked for at ${url}, where the request token would go out in clear`, async () => {
      await assert.rejects(ask('GitHub Actions', github(url)), fails('REFUSED', /an https URL/))
    })
  }
})

describe('the OIDC token of Buildkite', () => {
  it('is asked of the agent, for the job', async () => {
    const seen: unknown[] = []
    await using server = await service((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization, JSON.parse(request.text))
      json(response, 200, { token: 'job.token.x' })
    })
    const env = {
      BUILDKITE_AGENT_ACCESS_TOKEN: 'request-secret',
      BUILDKITE_AGENT_ENDPOINT: `${server.url}/v3/`,
      BUILDKITE_JOB_ID: 'job/1',
    }
    assert.equal(await ask('Buildkite', env), 'job.token.x')
    assert.deepEqual(seen, [
      'POST',
      '/v3/jobs/job%2F1/oidc/tokens',
      'Token request-secret',
      { audience: 'https://depot.dev' },
    ])
  })

  it('needs the id of the job', async () => {
    await assert.rejects(
      ask('Buildkite', { BUILDKITE_AGENT_ACCESS_TOKEN: 'request-secret' }),
      fails('UNAUTHENTICATED', /expected the id of the job/),
    )
  })
})
