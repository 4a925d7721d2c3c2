import assert from 'node:assert/strict'
import { createServer } from 'node:http2'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Code, ConnectError } from '@connectrpc/connect'
import { deferred } from '../../../src/base/deferred.ts'
import { BuildkitError } from '../../../src/base/errors.ts'
import { DepotApi, openApi } from '../../../src/depot/api/api.ts'
import { DepotApiError } from '../../../src/depot/api/api-error.ts'
import { fixedToken } from '../../../src/depot/api/token-source.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { ProjectService } from '../../../src/gen/depot/core_pb.js'
import { listening } from '../../support/listening.ts'
import { all, fakeService } from '../fake-service.ts'

describe('DepotApi', () => {
  it('shows the token and the user agent that it was given', async () => {
    const seen: unknown[] = []
    await using service = await fakeService((router) =>
      router.rpc(ProjectService.method.listProjects, (_, { requestHeader }) => {
        seen.push(requestHeader.get('authorization'), requestHeader.get('user-agent'))
        return {}
      }),
    )
    await service.api.projects.listProjects({})
    assert.deepEqual(seen, ['Bearer t', 'buildkit-client/test'])
  })

  it('throws errors with codes of ours, from a call and in the middle of a stream', async () => {
    await using service = await fakeService((router) => {
      router.rpc(ProjectService.method.getProject, () => {
        throw new ConnectError('no such project', Code.NotFound)
      })
      router.rpc(BuildKitService.method.getEndpoint, async function* () {
        yield { connection: { case: 'pending', value: {} } } as const
        throw new ConnectError('no machine left', Code.ResourceExhausted)
      })
    })
    await assert.rejects(service.api.projects.getProject({ projectId: 'x' }), {
      name: 'DepotApiError',
      code: 'NOT_FOUND',
      subject: 'depot.core.v1.ProjectService/GetProject',
      received: 'NotFound: no such project',
    })
    await assert.rejects(all(service.api.machines.getEndpoint({ buildId: 'x' })), {
      name: 'DepotApiError',
      code: 'RESOURCE_EXHAUSTED',
      subject: 'depot.buildkit.v1.BuildKitService/GetEndpoint',
    })
  })

  it('shows the token nowhere in an error, though the service echoes it, and keeps the error short', async () => {
    const token = 'dpt_0123456789'
    await using service = await fakeService((router) =>
      router.rpc(ProjectService.method.getProject, (_, { requestHeader }) => {
        const echo = `bad header ${requestHeader.get('authorization')} `
        throw new ConnectError(echo.repeat(10_000), Code.Unauthenticated, { 'x-echo': echo })
      }),
    )
    const channel = openApi(service.url)
    const api = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
    const error = await api.projects.getProject({ projectId: 'x' }).catch((thrown) => thrown)
    channel.close()
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.match(error.received, /^Unauthenticated: bad header Bearer \*\*\* bad/)
    const shown = inspect(error, { depth: 20, showHidden: true })
    assert.ok(!shown.includes(token), shown)
    assert.ok(shown.length < 10_000, `${shown.length} characters`)
  })

  it('keeps the token of each call out of that call’s error, also when another has been shown since', async () => {
    const tokens = ['dpt_first_0123456789', 'dpt_second_0123456789']
    const both = deferred()
    let calls = 0
    await using service = await fakeService((router) =>
      router.rpc(ProjectService.method.getProject, async (_, { requestHeader }) => {
        if (++calls === 2) both.resolve()
        await both.promise
        throw new ConnectError(`bad ${requestHeader.get('authorization')}`, Code.Internal)
      }),
    )
    const left = [...tokens]
    const channel = openApi(service.url)
    const api = new DepotApi(channel, { token: () => left.shift()!, refused: () => false }, 'test')
    const results = await Promise.allSettled(tokens.map(() => api.projects.getProject({ projectId: 'x' })))
    channel.close()
    for (const result of results) {
      assert.equal(result.status, 'rejected')
      const shown = inspect(result.reason, { depth: 20, showHidden: true })
      for (const token of tokens) assert.ok(!shown.includes(token), shown)
    }
  })

  /** Accepts one token only, and counts the calls. */
  async function accepting(accepted: string) {
    const shown: (string | null)[] = []
    const service = await fakeService((router) =>
      router.rpc(ProjectService.method.createProject, (_, { requestHeader }) => {
        shown.push(requestHeader.get('authorization'))
        if (shown.at(-1) !== `Bearer ${accepted}`) throw new ConnectError('expired', Code.Unauthenticated)
        return {}
      }),
    )
    return { ...service, shown }
  }

  it('makes a call once more with another token when the first was refused', async () => {
    await using service = await accepting('second')
    const refused: string[] = []
    const tokens = {
      token: () => (refused.length === 0 ? 'first' : 'second'),
      refused(token: string) {
        refused.push(token)
        return true
      },
    }
    const channel = openApi(service.url)
    await new DepotApi(channel, tokens, 'test').projects.createProject({ name: 'x' })
    channel.close()
    assert.deepEqual(service.shown, ['Bearer first', 'Bearer second'])
    assert.deepEqual(refused, ['first'])
  })

  it('shows a refused token no second time', async () => {
    await using service = await accepting('none')
    for (const again of [true, false]) {
      const channel = openApi(service.url)
      const api = new DepotApi(channel, { token: () => 'same', refused: () => again }, 'test')
      await assert.rejects(api.projects.createProject({ name: 'x' }), { code: 'UNAUTHENTICATED' })
      channel.close()
    }
    assert.equal(service.shown.length, 2)
  })

  it('has the id of the request, its details and when to ask again in an error, bounded and without the token', async () => {
    const token = 'dpt_0123456789'
    const detail = {
      type: 'google.rpc.ErrorInfo',
      value: Buffer.from('x').toString('base64'),
      debug: { reason: 'QUOTA', echo: token, long: 'x'.repeat(5_000) },
    }
    const server = createServer((_, response) => {
      const headers = { 'x-request-id': `req-1 ${token}`, 'retry-after': '7' }
      response.writeHead(429, { 'content-type': 'application/json', ...headers })
      response.end(
        JSON.stringify({ code: 'resource_exhausted', message: 'slow down', details: Array(50).fill(detail) }),
      )
    })
    await using port = await listening(server)
    const channel = openApi(`http://127.0.0.1:${port.port}`)
    const api = new DepotApi(channel, fixedToken(token), 'test')
    const error = await api.projects.listProjects({}).catch((thrown) => thrown)
    channel.close()
    assert.ok(error instanceof DepotApiError, String(error))
    assert.deepEqual(
      [error.code, error.apiCode, error.requestId, error.retryAfterMs, error.mayBeProcessed],
      ['RESOURCE_EXHAUSTED', 'resource_exhausted', 'req-1 ***', 7_000, false],
    )
    assert.match(error.message, /got ResourceExhausted: slow down \(request req-1 \*\*\*\)/)
    assert.equal(error.details.length, 10)
    const { type, json = '' } = error.details[0]!
    assert.equal(type, 'google.rpc.ErrorInfo')
    assert.match(json, /^\{"reason":"QUOTA","echo":"\*\*\*","long":"x+$/)
    assert.equal(json.length, 1_000)
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(token))
  })

  it('throws CLOSED once its channel is closed', async () => {
    await using service = await fakeService((router) =>
      router.rpc(ProjectService.method.listProjects, () => ({})),
    )
    const channel = openApi(service.url)
    const api = new DepotApi(channel, fixedToken('t'), 'buildkit-client/test')
    await api.projects.listProjects({})
    channel.close()
    await assert.rejects(api.projects.listProjects({}), { code: 'CLOSED', mayBeProcessed: false })
    assert.equal(service.calls.length, 1)
  })

  it('throws what the search for the token has thrown', async () => {
    const noToken = new BuildkitError('UNAUTHENTICATED', 'no token was found')
    const channel = openApi('http://127.0.0.1:9')
    const api = new DepotApi(
      channel,
      { token: () => Promise.reject(noToken), refused: () => false },
      'buildkit-client/test',
    )
    await assert.rejects(api.projects.listProjects({}), (error) => error === noToken)
    channel.close()
  })

  it('says UNREACHABLE where nobody listens', async () => {
    const service = await fakeService(() => {})
    await service[Symbol.asyncDispose]()
    const channel = openApi(service.url)
    const api = new DepotApi(channel, fixedToken('t'), 'buildkit-client/test')
    await assert.rejects(api.projects.listProjects({}), { code: 'UNREACHABLE', received: /ECONNREFUSED/ })
    channel.close()
  })
})

describe('openApi', () => {
  for (const url of ['', 'api.depot.dev', 'ftp://api.depot.dev', 'unix:///x'])
    it(`refuses ${JSON.stringify(url)}`, () => {
      assert.throws(() => openApi(url), { code: 'INVALID_OPTION', subject: 'apiUrl' })
    })

  for (const url of [
    'https://me:open-sesame@host/',
    'https://host/?key=open-sesame',
    'https://host/#open-sesame',
  ])
    it(`refuses ${url.slice(0, 14)}… with what it would not send, and does not show it`, () => {
      assert.throws(
        () => openApi(url),
        (error: BuildkitError) => {
          assert.equal(error.code, 'INVALID_OPTION')
          assert.doesNotMatch(error.message, /sesame/)
          return true
        },
      )
    })

  it('warns of tokens in clear, except to this machine', () => {
    const warnings: string[] = []
    const onWarning = ({ code }: { code: string }) => warnings.push(code)
    for (const url of ['https://api.example', 'http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])
      openApi(url, { onWarning })
    assert.deepEqual(warnings, [])
    openApi('http://api.example:1', { onWarning })
    assert.deepEqual(warnings, ['PLAINTEXT_TCP'])
  })

  it('does not show what stands where a password could in a URL that it refuses', () => {
    assert.throws(() => openApi('ftp://me:open-sesame@host/'), { received: '"ftp://***@host/"' })
  })
})
