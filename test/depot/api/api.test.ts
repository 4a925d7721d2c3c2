import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Code, ConnectError } from '@connectrpc/connect'
import { BuildkitError } from '../../../src/base/errors.ts'
import { DepotApi, openApi } from '../../../src/depot/api/api.ts'
import { fixedToken } from '../../../src/depot/api/token-source.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { ProjectService } from '../../../src/gen/depot/core_pb.js'
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

  it('does not show what stands where a password could in a URL that it refuses', () => {
    assert.throws(() => openApi('ftp://me:open-sesame@host/'), { received: '"ftp://***@host/"' })
  })
})
