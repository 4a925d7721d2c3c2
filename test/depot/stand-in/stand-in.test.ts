import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { CreateBuildRequestSchema, type FinishBuildRequestSchema } from '../../../src/gen/depot/cli_pb.js'
import { Build_Status } from '../../../src/gen/depot/core_pb.js'
import { clients, refused } from './clients.ts'
import { codeNamed } from './codes.ts'
import { FakeMachines } from './fake-machines.ts'
import type { CodeName } from './faults.ts'
import { startStandIn } from './stand-in.ts'

const json = { 'content-type': 'application/json', 'connect-protocol-version': '1' }

test('nothing listens after its scope, neither itself nor its machines', async () => {
  const machines = new FakeMachines()
  const standIn = await startStandIn({ machines: async () => machines })
  const { projectId } = standIn.createProject()
  const running = [
    await machines.acquire(projectId, 'amd64', 'a build'),
    await machines.acquire(projectId, 'arm64', 'a build'),
  ]
  await clients(standIn, standIn.organizationToken, { httpVersion: '1.1' }).projects.listProjects({})
  await standIn[Symbol.asyncDispose]()
  await standIn[Symbol.asyncDispose]()
  for (const url of [standIn.apiUrl, ...running.map(({ endpoint }) => endpoint)]) {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
    await assert.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' })
  }
})

test('curl is enough: JSON over HTTP/1.1', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const reply = await fetch(`${standIn.apiUrl}/depot.cli.v1.BuildService/CreateBuild`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${standIn.organizationToken}`, 'user-agent': 'curl/8' },
    body: JSON.stringify({ projectId }),
  })
  assert.equal(reply.status, 200)
  const { buildId } = (await reply.json()) as { buildId: string }
  const [event] = standIn.journal.of(buildId)
  assert.deepEqual([event?.httpVersion, event?.userAgent, event?.request], ['1.1', 'curl/8', { projectId }])
})

test('a compressed request is understood', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const message = toBinary(CreateBuildRequestSchema, {
    $typeName: 'depot.cli.v1.CreateBuildRequest',
    projectId,
    options: [],
  })
  const reply = await fetch(`${standIn.apiUrl}/depot.cli.v1.BuildService/CreateBuild`, {
    method: 'POST',
    headers: {
      'content-type': 'application/proto',
      'content-encoding': 'gzip',
      authorization: `Bearer ${standIn.organizationToken}`,
    },
    body: gzipSync(message),
  })
  assert.equal(reply.status, 200)
  assert.equal(reply.headers.get('content-type'), 'application/proto')
})

test('an error is a status and JSON, also for what nobody serves', async () => {
  await using standIn = await startStandIn()
  const ask = (path: string) =>
    fetch(`${standIn.apiUrl}/${path}`, { method: 'POST', headers: json, body: '{}' })
  const nobody = await ask('depot.cli.v1.BuildService/ListBuilds')
  assert.deepEqual(
    [nobody.status, await nobody.json()],
    [401, { code: 'unauthenticated', message: 'no valid token' }],
  )
  const unknown = await ask('depot.cli.v1.LoginService/StartLogin')
  assert.deepEqual([unknown.status, unknown.headers.get('content-type')], [404, 'application/json'])
  assert.equal(((await unknown.json()) as { code: string }).code, 'unimplemented')
})

test('over TLS it has a certificate of its own authority, and both versions of HTTP', async () => {
  await using standIn = await startStandIn({ tls: true })
  const { projectId } = standIn.createProject()
  assert.match(standIn.apiUrl, /^https:/)
  for (const httpVersion of ['1.1', '2'] as const)
    await clients(standIn, standIn.organizationToken, { httpVersion }).cli.createBuild({ projectId })
  assert.deepEqual(
    standIn.journal.events.map(({ httpVersion }) => httpVersion),
    ['1.1', '2.0'],
  )
  const distrusting = clients({ apiUrl: standIn.apiUrl }, standIn.organizationToken)
  await refused(distrusting.cli.createBuild({ projectId }), Code.Internal, /self-signed|unable to/)
})

const codes: CodeName[] = ['unauthenticated', 'not_found', 'resource_exhausted', 'unavailable', 'data_loss']

for (const httpVersion of ['1.1', '2'] as const) {
  test(`errors on demand over HTTP/${httpVersion}, unary and streaming`, async () => {
    await using standIn = await startStandIn()
    const { projectId } = standIn.createProject()
    const { cli } = clients(standIn, standIn.organizationToken, { httpVersion })
    for (const code of codes) {
      standIn.faults.add({ method: 'CreateBuild', kind: 'error', code, message: `a ${code}` })
      await refused(cli.createBuild({ projectId }), codeNamed(code), new RegExp(`a ${code}`))
    }
    const { buildId, buildToken } = await cli.createBuild({ projectId })
    const { machines } = clients(standIn, buildToken, { httpVersion })
    standIn.faults.add({ method: 'GetEndpoint', kind: 'error', code: 'unavailable' })
    await refused(machines.getEndpoint({ buildId })[Symbol.asyncIterator]().next(), Code.Unavailable)
    assert.deepEqual(
      standIn.journal.events.map(({ outcome }) => outcome),
      [...codes, 'ok', 'unavailable'],
    )
  })

  test(`a call over HTTP/${httpVersion} that is never answered ends with its caller's deadline`, async () => {
    await using standIn = await startStandIn()
    standIn.faults.add({ method: 'ListProjects', kind: 'silence' })
    const { projects } = clients(standIn, standIn.organizationToken, { httpVersion })
    await refused(projects.listProjects({}, { timeoutMs: 100 }), Code.DeadlineExceeded)
    assert.equal(standIn.journal.events[0]?.outcome, 'silence')
    await projects.listProjects({})
  })

  test(`a connection over HTTP/${httpVersion} is reset in the middle of a call`, async () => {
    await using standIn = await startStandIn()
    standIn.faults.add({ method: 'ListProjects', kind: 'reset' })
    const { projects } = clients(standIn, standIn.organizationToken, { httpVersion })
    await assert.rejects(projects.listProjects({}), /ECONNRESET|reset|aborted|socket hang up|closed/i)
    assert.equal(standIn.journal.events[0]?.outcome, 'reset')
    await projects.listProjects({})
  })

  test(`a connection over HTTP/${httpVersion} and TLS is cut in the middle of a call`, async () => {
    await using standIn = await startStandIn({ tls: true })
    standIn.faults.add({ method: 'ListProjects', kind: 'reset' })
    const { projects } = clients(standIn, standIn.organizationToken, { httpVersion })
    await assert.rejects(projects.listProjects({}), /ECONNRESET|reset|aborted|socket hang up|closed/i)
    assert.equal(standIn.journal.events[0]?.outcome, 'reset')
    await projects.listProjects({})
  })

  test(`a proxy's 502 over HTTP/${httpVersion} is no JSON`, async () => {
    await using standIn = await startStandIn()
    standIn.faults.add({ method: 'ListProjects', kind: 'bad-gateway' })
    const { projects } = clients(standIn, standIn.organizationToken, { httpVersion })
    await refused(projects.listProjects({}), Code.Unavailable, /502/)
    assert.equal(standIn.journal.events[0]?.outcome, 'bad-gateway')
    await projects.listProjects({})
  })
}

test('who goes away before the answer is written down as having left', async () => {
  await using standIn = await startStandIn()
  standIn.faults.add({ method: 'ListProjects', kind: 'delay', delayMs: 60_000 })
  const controller = new AbortController()
  const { projects } = clients(standIn, standIn.organizationToken)
  const call = refused(projects.listProjects({}, { signal: controller.signal }), Code.Canceled)
  await standIn.journal.until(({ method }) => method === 'ListProjects')
  controller.abort()
  await call
  await standIn.journal.until(({ outcome }) => outcome === 'left')
})

test('past builds are shown with how they ended, and shared until that is taken back', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { builds, pastBuilds, cli } = clients(standIn, standIn.organizationToken)
  const ids: string[] = []
  const results: MessageInitShape<typeof FinishBuildRequestSchema>['result'][] = [
    { case: 'success', value: {} },
    { case: 'error', value: { error: 'it broke' } },
    { case: 'canceled', value: {} },
  ]
  for (const result of results) {
    const { buildId, buildToken } = await builds.createBuild({ projectId })
    await clients(standIn, buildToken).cli.finishBuild({ buildId, ...(result && { result }) })
    ids.unshift(buildId)
  }
  const running = await cli.createBuild({ projectId })
  const listed = await pastBuilds.listBuilds({ projectId })
  const { RUNNING, CANCELED, FAILED, SUCCESS } = Build_Status
  assert.deepEqual(
    listed.builds.map(({ buildId, status, finishedAt }) => [buildId, status, finishedAt !== undefined]),
    [
      [running.buildId, RUNNING, false],
      [ids[0], CANCELED, true],
      [ids[1], FAILED, true],
      [ids[2], SUCCESS, true],
    ],
  )
  const [buildId = ''] = ids
  assert.equal((await pastBuilds.getBuild({ buildId })).build?.status, CANCELED)
  const { shareUrl } = await pastBuilds.shareBuild({ buildId })
  assert.ok(shareUrl.endsWith(buildId))
  assert.equal(standIn.build(buildId).shared, true)
  await pastBuilds.stopSharingBuild({ buildId })
  assert.equal(standIn.build(buildId).shared, false)
})

test('a stand-in that cannot start leaves nothing running', async () => {
  const ended: string[] = []
  const pool = {
    acquire: async () => assert.fail(),
    release: async () => {},
    reset: async () => {},
    [Symbol.asyncDispose]: async () => void ended.push('pool'),
  }
  const images = async () => {
    throw new Error('no registry')
  }
  await assert.rejects(startStandIn({ machines: async () => pool, images }), /no registry/)
  assert.deepEqual(ended, ['pool'])
})
