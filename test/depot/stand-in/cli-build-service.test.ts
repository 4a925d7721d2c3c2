import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { moby } from '../../../src/gen/buildkit.js'
import {
  type GetBuildKitConnectionResponse_ActiveConnection as ActiveConnection,
  BuilderPlatform,
  BuildStatus,
  type GetBuildKitConnectionResponse,
} from '../../../src/gen/depot/cli_pb.js'
import { clients, refused } from './clients.ts'
import { FakeMachines } from './fake-machines.ts'
import type { MachineDefect } from './faults.ts'
import type { SavedImages } from './saved-images.ts'
import { type StandIn, type StandInOptions, startStandIn } from './stand-in.ts'

const platform = BuilderPlatform.AMD64

for (const httpVersion of ['1.1', '2'] as const)
  for (const useBinaryFormat of [true, false])
    test(`a build over HTTP/${httpVersion} in ${useBinaryFormat ? 'binary' : 'JSON'}: created, alive, on a machine, finished`, async () => {
      await using site = await newSite()
      const { standIn, projectId } = site
      const options = { httpVersion, useBinaryFormat }
      const caller = clients(standIn, standIn.organizationToken, options)
      const build = await caller.cli.createBuild({ projectId })
      const { buildId } = build
      assert.equal(build.projectId, projectId)
      assert.ok(build.buildUrl.startsWith(standIn.apiUrl) && build.buildUrl.endsWith(buildId), build.buildUrl)
      assert.deepEqual([build.additionalTags, build.additionalCredentials], [[], []])

      const { cli } = clients(standIn, build.buildToken, options)
      assert.deepEqual(
        await cli.getBuild({ buildId }).then((got) => [got.buildId, got.projectId, got.buildUrl]),
        [buildId, projectId, build.buildUrl],
      )
      assert.equal((await cli.reportBuildHealth({ buildId, platform })).cancelsAt, undefined)
      const { active, pendings } = await untilActive(() => cli.getBuildKitConnection({ buildId, platform }))
      assert.ok(pendings.every((waitMs) => waitMs > 0))
      await greeted(active)
      await cli.finishBuild({ buildId, result: { case: 'success', value: {} } })

      assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
      const http = httpVersion === '2' ? '2.0' : '1.1'
      const [created, ...rest] = standIn.journal.of(buildId)
      assert.deepEqual(
        [created?.token, created?.tokenOf, created?.projectId, created?.httpVersion],
        ['organization', standIn.organizationId, projectId, http],
      )
      for (const { token, tokenOf, outcome } of rest)
        assert.deepEqual([token, tokenOf, outcome], ['build', buildId, 'ok'])
      const last = rest.at(-1)
      assert.deepEqual([last?.method, last?.request], ['FinishBuild', { buildId, success: {} }])
    })

test('asking again gives the same machine and the same certificate, and each build its own certificate', async () => {
  await using site = await newSite()
  const [one, other] = [await site.newBuild(), await site.newBuild()]
  const first = await one.active()
  assert.deepEqual(await one.active(), first)
  const second = await other.active()
  assert.equal(second.endpoint, first.endpoint, 'one project has one machine for an architecture')
  assert.notEqual(second.cert?.cert, first.cert?.cert)
  const identity = new X509Certificate(first.cert?.cert ?? '').subjectAltName
  assert.match(identity ?? '', new RegExp(one.buildId))
})

test('two platforms are two machines, and an unspecified one is refused', async () => {
  await using site = await newSite()
  const { cli, buildId, active } = await site.newBuild()
  const endpoints = [await active(), await active(BuilderPlatform.ARM64)].map(({ endpoint }) => endpoint)
  assert.equal(new Set(endpoints).size, 2)
  const unspecified = cli.getBuildKitConnection({ buildId, platform: BuilderPlatform.UNSPECIFIED })
  await refused(unspecified, Code.InvalidArgument, /platform 0/)
})

test('the end of a build gives its machines back', async () => {
  await using site = await newSite()
  const { cli, buildId, active } = await site.newBuild()
  await active()
  assert.deepEqual([...site.machines.running[0]!.builds], [buildId])
  await cli.finishBuild({ buildId, result: { case: 'canceled', value: {} } })
  assert.deepEqual([...site.machines.running[0]!.builds], [])
  await refused(cli.getBuildKitConnection({ buildId, platform }), Code.FailedPrecondition, /has ended/)
})

test('the first end of a build stands; heartbeats and statuses may still come', async () => {
  await using site = await newSite()
  const { cli, buildId } = await site.newBuild()
  await refused(cli.finishBuild({ buildId }), Code.InvalidArgument, /result/)
  await cli.finishBuild({ buildId, result: { case: 'error', value: { error: 'it broke' } } })
  await cli.finishBuild({ buildId, result: { case: 'success', value: {} } })
  assert.deepEqual(await site.standIn.build(buildId).ended, { status: 'failed', error: 'it broke' })
  await cli.reportBuildHealth({ buildId, platform })
  await cli.reportStatusStream(streamOf([{ buildId }]))
})

test('a machine that cannot be had is said once for each attempt', async () => {
  const starts: string[] = []
  const machines = new FakeMachines()
  machines.acquire = async (_, architecture) => {
    starts.push(architecture)
    throw new Error('no room')
  }
  await using site = await newSite({ machines: async () => machines })
  const { cli, buildId } = await site.newBuild()
  for (const attempts of [1, 2]) {
    const failed = untilActive(() => cli.getBuildKitConnection({ buildId, platform }))
    await refused(failed, Code.Unavailable, /no room/)
    assert.equal(starts.length, attempts)
  }
})

test('a build without heartbeats is cancelled, and its machine taken away', async () => {
  await using site = await newSite()
  const { cli, buildId, active } = await site.newBuild()
  await active()
  site.standIn.settings.heartbeatTimeoutMs = 50
  await cli.reportBuildHealth({ buildId, platform })
  const outcome = await site.standIn.build(buildId).ended
  assert.deepEqual(outcome, { status: 'cancelled', by: 'stand-in' })
  assert.deepEqual([...site.machines.running[0]!.builds], [])
  const { cancelsAt } = await cli.reportBuildHealth({ buildId, platform })
  assert.ok(cancelsAt && timestampDate(cancelsAt) <= new Date())
  await refused(cli.getBuildKitConnection({ buildId, platform }), Code.FailedPrecondition, /cancelled/)
  await cli.finishBuild({ buildId, result: { case: 'success', value: {} } })
  assert.equal(site.standIn.build(buildId).outcome, outcome)
})

test('the silence of one platform is enough, though the other is heard of', async () => {
  await using site = await newSite({ settings: { heartbeatTimeoutMs: 200 } })
  const { cli, buildId } = await site.newBuild()
  await cli.reportBuildHealth({ buildId, platform: BuilderPlatform.ARM64 })
  const build = site.standIn.build(buildId)
  while (build.outcome === undefined) await cli.reportBuildHealth({ buildId, platform })
  assert.deepEqual(build.outcome, { status: 'cancelled', by: 'stand-in' })
})

test('cancels_at is told with every heartbeat, on demand', async () => {
  await using site = await newSite()
  const { cli, buildId } = await site.newBuild()
  const at = new Date(Date.now() + 60_000)
  site.standIn.cancelBuild(buildId, at)
  const { cancelsAt } = await cli.reportBuildHealth({ buildId, platform })
  assert.deepEqual(cancelsAt && timestampDate(cancelsAt), at)
  assert.equal(site.standIn.build(buildId).outcome, undefined)
})

test('cancels_at as a fault is for so many heartbeats, in the past or the future', async () => {
  await using site = await newSite()
  const { cli, buildId } = await site.newBuild()
  site.standIn.faults.add({ method: 'ReportBuildHealth', kind: 'cancels-at', inMs: -5000 })
  const past = await cli.reportBuildHealth({ buildId, platform })
  assert.ok(past.cancelsAt && timestampDate(past.cancelsAt) < new Date())
  const after = await cli.reportBuildHealth({ buildId, platform })
  assert.equal(after.cancelsAt, undefined)
})

test('acquire faults: pending for so long, then empty, then what there is', async () => {
  await using site = await newSite()
  const { cli, buildId, active } = await site.newBuild()
  await active()
  const method = 'GetBuildKitConnection'
  site.standIn.faults.add({ method, kind: 'pending', times: 2, waitMs: 0 })
  site.standIn.faults.add({ method, kind: 'empty' })
  const replies: GetBuildKitConnectionResponse['connection'][] = []
  for (let index = 0; index < 4; index++)
    replies.push((await cli.getBuildKitConnection({ buildId, platform })).connection)
  assert.deepEqual(
    replies.map(({ case: arm, value }) => (arm === 'pending' ? value.waitMs : arm)),
    [0, 0, undefined, 'active'],
  )
})

for (const [defect, expected] of [
  ['wrong-ca', /SELF_SIGNED|UNABLE_TO/],
  ['wrong-server-name', /ERR_TLS_CERT_ALTNAME_INVALID/],
  // The fake machine's TLS hangs up where BuildKit's says why.
  ['expired', /the machine hung up/],
  ['wrong-usage', /the machine hung up/],
  ['wrong-authority', /the machine hung up/],
  ['wrong-key', /KEY_VALUES_MISMATCH/],
  ['missing-certificates', /SELF_SIGNED|UNABLE_TO/],
  ['dead-port', /ECONNREFUSED/],
] as const satisfies [MachineDefect, RegExp][])
  test(`acquire fault: ${defect}`, async () => {
    await using site = await newSite()
    const { active } = await site.newBuild()
    await greeted(await active())
    site.standIn.faults.add({ method: 'GetBuildKitConnection', kind: 'machine', defect })
    await assert.rejects(greeted(await active()), (error: NodeJS.ErrnoException) => {
      assert.match(`${error.code ?? error.message}`, expected)
      return true
    })
    await greeted(await active())
  })

test('acquire fault: a port that takes connections and never says a word', async () => {
  await using site = await newSite()
  const { active } = await site.newBuild()
  await active()
  site.standIn.faults.add({ method: 'GetBuildKitConnection', kind: 'machine', defect: 'silent-port' })
  const { endpoint } = await active()
  const socket = net.connect(Number(new URL(endpoint).port), '127.0.0.1')
  await once(socket, 'connect')
  assert.notEqual(endpoint, site.machines.running[0]?.endpoint)
  const closed = once(socket, 'close')
  await site.standIn[Symbol.asyncDispose]()
  await closed
  assert.equal(socket.bytesRead, 0)
})

test('acquire fault: a port that opens late, and then is the machine', async () => {
  await using site = await newSite()
  const { active } = await site.newBuild()
  await active()
  const method = 'GetBuildKitConnection'
  site.standIn.faults.add({ method, kind: 'machine', defect: 'late-port', opensInMs: 100 })
  const connection = await active()
  await assert.rejects(greeted(connection), /ECONNREFUSED/)
  const deadline = Date.now() + 10_000
  for (;;)
    try {
      await greeted(connection)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || Date.now() > deadline) throw error
    }
})

test('the compressor is told when the settings have one', async () => {
  await using site = await newSite()
  const { active } = await site.newBuild()
  assert.equal((await active()).compressor.case, undefined)
  site.standIn.settings.compressor = 'gzip'
  assert.equal((await active()).compressor.case, 'gzip')
})

test('builds are listed by pages, latest first', async () => {
  await using site = await newSite()
  const builds = [await site.newBuild(), await site.newBuild(), await site.newBuild()]
  const [first, second, third] = builds
  await first!.cli.finishBuild({ buildId: first!.buildId, result: { case: 'success', value: {} } })
  await second!.cli.finishBuild({ buildId: second!.buildId, result: { case: 'error', value: {} } })
  const { cli } = clients(site.standIn, site.standIn.organizationToken)
  const one = await cli.listBuilds({ projectId: site.projectId, pageSize: 2 })
  const { nextPageToken: pageToken } = one
  const two = await cli.listBuilds({ projectId: site.projectId, pageSize: 2, pageToken })
  assert.deepEqual(
    [...one.builds, ...two.builds].map(({ id, status }) => [id, status]),
    [
      [third!.buildId, BuildStatus.RUNNING],
      [second!.buildId, BuildStatus.FAILED],
      [first!.buildId, BuildStatus.FINISHED],
    ],
  )
  assert.equal(two.nextPageToken, '')
})

test('statuses that are reported become the steps of the build, with their logs', async () => {
  await using site = await newSite()
  const { cli, buildId } = await site.newBuild()
  const { Vertex, VertexLog, StatusResponse } = moby.buildkit.v1
  const at = (seconds: number) => ({ seconds, nanos: 0 })
  const started = new Vertex({ digest: 'sha256:1', name: 'RUN make', started: at(1) })
  const completed = new Vertex({ ...started, completed: at(3), error: 'exit 2' })
  const log = new VertexLog({ vertex: 'sha256:1', msg: Buffer.from('no rule\n'), timestamp: at(2) })
  const encoded = (status: object) => StatusResponse.encode(status).finish()
  await cli.reportStatusStream(
    streamOf([
      { buildId, statuses: [encoded({ vertexes: [started] })] },
      { buildId, statuses: [encoded({ vertexes: [completed], logs: [log] })] },
    ]),
  )
  const { projectId } = site
  const { builds } = clients(site.standIn, site.standIn.organizationToken)
  const { buildSteps } = await builds.getBuildSteps({ projectId, buildId })
  assert.deepEqual(
    buildSteps.map(({ name, digest, error, hasLogs }) => [name, digest, error, hasLogs]),
    [['RUN make', 'sha256:1', 'exit 2', true]],
  )
  assert.deepEqual(buildSteps[0]?.completedAt && timestampDate(buildSteps[0].completedAt), new Date(3000))
  const { logs } = await builds.getBuildStepLogs({ projectId, buildId, buildStepDigest: 'sha256:1' })
  assert.deepEqual(
    logs.map(({ message, timestamp }) => [message, timestamp && timestampDate(timestamp)]),
    [['no rule\n', new Date(2000)]],
  )
  const [event] = site.standIn.journal.named('ReportStatusStream')
  assert.deepEqual([event?.messages, event?.outcome], [2, 'ok'])
})

test('a build that saves gets tags and credentials for the registry, and only such a build', async () => {
  const images = new FakeImages()
  await using site = await newSite({ images: async () => images })
  const { projectId } = site
  const { cli } = clients(site.standIn, site.standIn.organizationToken)
  const options = [{ save: true, saveTags: ['v1', 'latest', 'v1'] }]
  const saved = await cli.createBuild({ projectId, options })
  assert.deepEqual(
    saved.additionalTags.map(({ tag, push }) => [tag, push]),
    [saved.buildId, 'v1', 'latest'].map((tag) => [`registry.test:5000/${projectId}:${tag}`, true]),
  )
  const [credential] = saved.additionalCredentials
  assert.equal(credential?.host, 'registry.test:5000')
  assert.equal(Buffer.from(credential.token, 'base64').toString(), `x-token:${saved.buildToken}`)

  const unsaved = await cli.createBuild({ projectId, options: [{ push: true }] })
  assert.deepEqual([unsaved.additionalTags, unsaved.additionalCredentials], [[], []])
})

test('what pulls: the reference and its password, and tokens for a build, a project or all', async () => {
  const granted: Parameters<NonNullable<StandInOptions['images']>>[0][] = []
  await using site = await newSite({
    images: async (authorize) => {
      granted.push(authorize)
      return new FakeImages()
    },
  })
  const authorize = granted[0]!
  const { projectId, standIn } = site
  const { cli } = clients(standIn, standIn.organizationToken)
  const { buildId, buildToken } = await cli.createBuild({ projectId, options: [{ save: true }] })
  const info = await cli.getPullInfo({ buildId })
  assert.deepEqual(
    [info.reference, info.username, info.registryHost, info.options.map(({ save }) => save)],
    [`registry.test:5000/${projectId}:${buildId}`, 'x-token', 'registry.test:5000', [true]],
  )
  assert.deepEqual(authorize(info.password), { projectId, push: false })
  const tokenFor = async (request: { projectId?: string; buildId?: string }) =>
    authorize((await cli.getPullToken(request)).token)
  assert.deepEqual(await tokenFor({ buildId }), { projectId, push: false })
  assert.deepEqual(await tokenFor({ projectId, buildId: '' }), { projectId, push: false })
  assert.deepEqual(await tokenFor({}), { projectId: undefined, push: false })
  assert.deepEqual(authorize(buildToken), { projectId, push: true })
  assert.deepEqual(authorize(standIn.organizationToken), { projectId: undefined, push: true })
  assert.equal(authorize('made-up'), undefined)
  standIn.expireToken(buildToken)
  assert.equal(authorize(buildToken), undefined)
})

test('saved images are listed by pages and deleted by tag', async () => {
  const images = new FakeImages()
  await using site = await newSite({ images: async () => images })
  const { projectId } = site
  images.saved.set(projectId, ['c', 'b', 'a'])
  const client = clients(site.standIn, site.standIn.organizationToken).images
  const one = await client.listImages({ projectId, pageSize: 2 })
  const two = await client.listImages({ projectId, pageSize: 2, pageToken: one.nextPageToken ?? '' })
  const listed = [...one.images, ...two.images]
  assert.deepEqual(
    listed.map(({ tag, digest, sizeBytes }) => [tag, digest, sizeBytes]),
    [
      ['c', 'sha256:c', 7n],
      ['b', 'sha256:b', 7n],
      ['a', 'sha256:a', 7n],
    ],
  )
  assert.deepEqual(listed[0]?.pushedAt && timestampDate(listed[0].pushedAt), new Date(1000))
  await client.deleteImage({ projectId, imageTags: ['c', 'a'] })
  assert.deepEqual(images.saved.get(projectId), ['b'])
})

/** A stand-in with fake machines and a project. */
async function newSite(options: StandInOptions = {}) {
  const machines = new FakeMachines()
  const standIn = await startStandIn({
    machines: async () => machines,
    ...options,
    settings: { waitMs: 1, ...options.settings },
  })
  const { projectId } = standIn.createProject()
  return {
    standIn,
    machines,
    projectId,
    newBuild: () => newBuild(standIn, projectId),
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  }
}

async function newBuild(standIn: StandIn, projectId: string) {
  const { buildId, buildToken } = await clients(standIn, standIn.organizationToken).cli.createBuild({
    projectId,
  })
  const { cli } = clients(standIn, buildToken)
  const active = async (of = platform) =>
    (await untilActive(() => cli.getBuildKitConnection({ buildId, platform: of }))).active
  return { buildId, buildToken, cli, active }
}

/** Polls, as a client does. */
async function untilActive(poll: () => Promise<GetBuildKitConnectionResponse>) {
  const pendings: number[] = []
  for (;;) {
    const { connection } = await poll()
    if (connection.case === 'active') return { active: connection.value, pendings }
    assert.equal(connection.case, 'pending')
    pendings.push(connection.value.waitMs)
    await new Promise((resolve) => setTimeout(resolve, connection.value.waitMs))
  }
}

/** A TLS handshake in which both sides prove who they are, up to the machine's first bytes. */
async function greeted({ endpoint, serverName, cert, caCert }: ActiveConnection): Promise<void> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: Number(new URL(endpoint).port),
    servername: serverName,
    ALPNProtocols: ['h2'],
    ...(caCert && { ca: caCert.cert }),
    ...cert,
  })
  // The machine's settings, which it sends only to a client whose certificate it has taken.
  const closed = once(socket, 'close').then(() => {
    throw new Error('the machine hung up')
  })
  await Promise.race([once(socket, 'data'), closed]).finally(() => socket.destroy())
  await closed.catch(() => {})
}

async function* streamOf<T>(messages: readonly T[]): AsyncGenerator<T> {
  yield* messages
}

class FakeImages implements SavedImages {
  readonly host = 'registry.test:5000'
  /** Tags by project. */
  readonly saved = new Map<string, string[]>()

  async list(projectId: string) {
    const tags = this.saved.get(projectId) ?? []
    return tags.map((tag) => ({ tag, digest: `sha256:${tag}`, pushedAt: new Date(1000), sizeBytes: 7 }))
  }

  async delete(projectId: string, tags: readonly string[]) {
    const rest = this.saved.get(projectId)?.filter((tag) => !tags.includes(tag)) ?? []
    this.saved.set(projectId, rest)
  }

  async [Symbol.asyncDispose]() {}
}
