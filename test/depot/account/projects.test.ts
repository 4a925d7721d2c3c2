import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import { type NewProject, type ProjectChanges, Projects } from '../../../src/depot/account/projects.ts'
import { Hardware, ProjectService } from '../../../src/gen/depot/core_pb.js'
import { fakeService } from '../fake-service.ts'

type Handlers = Partial<ServiceImpl<typeof ProjectService>>

/** The projects of a service with these handlers. */
async function account(handlers: Handlers) {
  const service = await fakeService((router) => router.service(ProjectService, handlers))
  return { ...service, projects: new Projects(service.api) }
}

const createdAt = new Date('2026-02-03T04:05:06.789Z')
const wire = {
  projectId: 'krt0wtn195',
  organizationId: '3d1h48dqlh',
  name: 'my-project',
  regionId: 'us-east-1',
  createdAt: timestampFromDate(createdAt),
  cachePolicy: { keepGb: 50, keepDays: 14 },
  hardware: Hardware.HARDWARE_64X128,
}
const project = { ...wire, createdAt, hardware: '64x128' }

describe('a project', () => {
  it('is a plain object: a Date, numbers, and text for its hardware', async () => {
    await using service = await account({ listProjects: () => ({ projects: [wire] }) })
    const [first, ...rest] = await service.projects.list()
    assert.deepEqual(first, project)
    assert.equal(Object.getPrototypeOf(first), Object.prototype)
    assert.deepEqual(rest, [])
    assert.deepEqual(service.calls, [{ method: 'ListProjects', token: 't' }])
  })

  it('is listed with all others, page by page, of all regions or of one', async () => {
    const requests: unknown[] = []
    const all = Array.from({ length: 250 }, (_, index) => ({ ...wire, name: `p${index}` }))
    await using service = await account({
      listProjects({ regionId, pageSize, pageToken }) {
        requests.push([regionId, pageSize, pageToken])
        const start = Number(pageToken ?? 0)
        const end = start + pageSize!
        return { projects: all.slice(start, end), ...(end < all.length && { nextPageToken: `${end}` }) }
      },
    })
    const listed = await service.projects.list()
    assert.deepEqual(
      listed.map(({ name }) => name),
      all.map(({ name }) => name),
    )
    assert.deepEqual(requests.splice(0), [
      [undefined, 100, undefined],
      [undefined, 100, '100'],
      [undefined, 100, '200'],
    ])
    assert.equal((await service.projects.list({ regionId: 'eu-central-1', pageSize: 250 })).length, 250)
    assert.deepEqual(requests, [['eu-central-1', 250, undefined]])
    await assert.rejects(service.projects.list({ regionId: '' }), {
      code: 'INVALID_OPTION',
      subject: 'regionId',
    })
    await assert.rejects(service.projects.list({ region: 'x' } as never), {
      code: 'INVALID_OPTION',
      subject: 'region',
    })
  })

  it('has the default hardware where Depot says nothing, and `unknown` where it is newer', async () => {
    const hardware = [Hardware.HARDWARE_UNSPECIFIED, 99 as Hardware]
    await using service = await account({
      listProjects: () => ({ projects: hardware.map((hardware) => ({ ...wire, hardware })) }),
    })
    const found = await service.projects.list()
    assert.deepEqual(
      found.map(({ hardware }) => hardware),
      ['16x32', 'unknown'],
    )
  })

  it('has its cache counted in GB, also where an older client has set bytes', async () => {
    const policies = [
      { keepBytes: 53_687_091_200n, keepDays: 7 },
      { keepGb: 20, keepBytes: 21_474_836_480n, keepDays: 1 },
      undefined,
    ]
    await using service = await account({
      listProjects: () => ({
        projects: policies.map((cachePolicy) => ({ ...wire, ...{ cachePolicy: cachePolicy! } })),
      }),
    })
    const found = await service.projects.list()
    assert.deepEqual(
      found.map(({ cachePolicy }) => cachePolicy),
      [{ keepGb: 50, keepDays: 7 }, { keepGb: 20, keepDays: 1 }, undefined],
    )
  })

  it('has no date where Depot sends none that could be one', async () => {
    const beyond = { seconds: 9_000_000_000_000_000n, nanos: 0 }
    await using service = await account({
      listProjects: () => ({
        projects: [{ ...wire, createdAt: beyond }, { projectId: 'bare' }],
      }),
    })
    const found = await service.projects.list()
    assert.deepEqual(
      found.map(({ createdAt }) => createdAt),
      [undefined, undefined],
    )
  })
})

describe('the calls for projects', () => {
  it('say what the caller said, and nothing of what the caller left out', async () => {
    const seen: unknown[] = []
    const answer = (request: { $typeName: string }) => {
      const { $typeName, $unknown, ...fields } = request as { $typeName: string; $unknown?: unknown }
      const named = Object.entries(fields).filter(([, value]) => value !== undefined)
      seen.push([$typeName.slice('depot.core.v1.'.length), Object.fromEntries(named)])
      return { project: wire }
    }
    const empty = (request: { $typeName: string }) => {
      answer(request)
      return {}
    }
    await using service = await account({
      getProject: answer,
      createProject: answer,
      updateProject: answer,
      deleteProject: empty,
      resetProject: empty,
    })
    const { projects } = service
    assert.deepEqual(await projects.get('p1'), project)
    assert.deepEqual(await projects.create({ name: 'a', regionId: 'us-east-1' }), project)
    await projects.create({
      name: 'b',
      regionId: 'eu-central-1',
      organizationId: 'o1',
      cachePolicy: { keepGb: 50, keepDays: 14 },
      hardware: '4x4',
    })
    assert.deepEqual(await projects.update('p1', { hardware: '192x384' }), project)
    await projects.update('p1', { name: 'c', cachePolicy: { keepGb: 1, keepDays: 0 } })
    assert.equal(await projects.reset('p1'), undefined)
    assert.equal(await projects.delete('p1'), undefined)
    const policy = (fields: object) => ({ $typeName: 'depot.core.v1.CachePolicy', ...fields })
    assert.deepEqual(seen, [
      ['GetProjectRequest', { projectId: 'p1' }],
      ['CreateProjectRequest', { name: 'a', regionId: 'us-east-1' }],
      [
        'CreateProjectRequest',
        {
          name: 'b',
          regionId: 'eu-central-1',
          organizationId: 'o1',
          cachePolicy: policy({ keepGb: 50, keepDays: 14 }),
          hardware: Hardware.HARDWARE_4X4,
        },
      ],
      ['UpdateProjectRequest', { projectId: 'p1', hardware: Hardware.HARDWARE_192X384 }],
      [
        'UpdateProjectRequest',
        { projectId: 'p1', name: 'c', cachePolicy: policy({ keepGb: 1, keepDays: 0 }) },
      ],
      ['ResetProjectRequest', { projectId: 'p1' }],
      ['DeleteProjectRequest', { projectId: 'p1' }],
    ])
  })

  it('fail with API_FAILED when the project is missing from the reply', async () => {
    await using service = await account({ getProject: () => ({}) })
    await assert.rejects(service.projects.get('p1'), {
      code: 'API_FAILED',
      subject: 'depot.core.v1.ProjectService/GetProject',
      expected: 'a project',
    })
  })

  const wrong: [string, (projects: Projects) => Promise<unknown>][] = [
    ['projectId', (projects) => projects.get('')],
    ['projectId', (projects) => projects.delete('a b')],
    ['projectId', (projects) => projects.reset(undefined as unknown as string)],
    ['projectId', (projects) => projects.update('', { name: 'a' })],
    ['changes', (projects) => projects.update('p1', {})],
    ['name', (projects) => projects.update('p1', { name: '' })],
    ['name', (projects) => projects.create({ regionId: 'us-east-1' } as NewProject)],
    ['regionId', (projects) => projects.create({ name: 'a' } as NewProject)],
    ['regionId', (projects) => projects.create({ name: 'a', regionId: 'us east' })],
    [
      'organizationId',
      (projects) => projects.create({ name: 'a', regionId: 'us-east-1', organizationId: '' }),
    ],
    ['hardware', (projects) => projects.update('p1', { hardware: '1x1' } as unknown as ProjectChanges)],
    ['hardware', (projects) => projects.update('p1', { hardware: 'toString' } as unknown as ProjectChanges)],
    ...[-1, 1.5, Number.NaN, 2 ** 31].map((keepGb): [string, (projects: Projects) => Promise<unknown>] => [
      'cachePolicy.keepGb',
      (projects) => projects.update('p1', { cachePolicy: { keepGb, keepDays: 1 } }),
    ]),
    [
      'cachePolicy.keepDays',
      (projects) => projects.update('p1', { cachePolicy: { keepGb: 1 } } as unknown as ProjectChanges),
    ],
  ]
  it('say what a region is where none is given', async () => {
    await using service = await account({})
    const message =
      /regionId cannot be used: expected the place of a project's machines.* us-east-1 .*, got nothing/
    await assert.rejects(service.projects.create({ name: 'a' } as NewProject), { message })
  })

  for (const [index, [subject, call]] of wrong.entries()) {
    it(`are not made with an unusable ${subject} (${index})`, async () => {
      await using service = await account({})
      await assert.rejects(call(service.projects), { code: 'INVALID_OPTION', subject })
      assert.deepEqual(service.calls, [])
    })
  }
})

describe('the tokens of a project', () => {
  it('are listed, made, described anew and deleted', async () => {
    const seen: unknown[] = []
    await using service = await account({
      listTokens: ({ projectId }) => {
        seen.push(['list', projectId])
        return { tokens: [{ tokenId: 't1', description: 'one' }] }
      },
      createToken: ({ projectId, description }) => {
        seen.push(['create', projectId, description])
        return { tokenId: 't2', secret: 'hunter2' }
      },
      updateToken: ({ tokenId, description }) => {
        seen.push(['update', tokenId, description])
        return {}
      },
      deleteToken: ({ tokenId }) => {
        seen.push(['delete', tokenId])
        return {}
      },
    })
    const { tokens } = service.projects
    assert.deepEqual(await tokens.list('p1'), [{ tokenId: 't1', description: 'one' }])
    const { tokenId, secret } = await tokens.create('p1', { description: 'two' })
    assert.deepEqual([tokenId, secret], ['t2', 'hunter2'])
    await tokens.update('t2', { description: 'three' })
    await tokens.delete('t2')
    assert.deepEqual(seen, [
      ['list', 'p1'],
      ['create', 'p1', 'two'],
      ['update', 't2', 'three'],
      ['delete', 't2'],
    ])
  })

  it('keep their secret out of JSON and of what console.log prints', async () => {
    await using service = await account({ createToken: () => ({ tokenId: 't2', secret: 'hunter2' }) })
    const token = await service.projects.tokens.create('p1', { description: 'two' })
    assert.equal(JSON.stringify(token), '{"tokenId":"t2"}')
    assert.doesNotMatch(inspect(token), /hunter2/)
  })

  it('are not asked for without a project, a token and a description', async () => {
    await using service = await account({})
    const { tokens } = service.projects
    await assert.rejects(tokens.list(''), { code: 'INVALID_OPTION', subject: 'projectId' })
    await assert.rejects(tokens.create('', { description: 'x' }), { subject: 'projectId' })
    await assert.rejects(tokens.create('p1', { description: '' }), { subject: 'description' })
    await assert.rejects(tokens.update('', { description: 'x' }), { subject: 'tokenId' })
    await assert.rejects(tokens.update('t1', { description: ' ' }), { subject: 'description' })
    await assert.rejects(tokens.delete(''), { subject: 'tokenId' })
    assert.deepEqual(service.calls, [])
  })
})
