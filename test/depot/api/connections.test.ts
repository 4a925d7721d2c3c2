import assert from 'node:assert/strict'
import { createServer } from 'node:http2'
import net from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { BuildkitError } from '../../../src/base/errors.ts'
import { callIdempotent, callOnce } from '../../../src/depot/api/account-call.ts'
import { DepotApi, openApi } from '../../../src/depot/api/api.ts'
import { DepotApiError } from '../../../src/depot/api/api-error.ts'
import { fixedToken } from '../../../src/depot/api/token-source.ts'
import { Platform } from '../../../src/gen/depot/buildkit_pb.js'
import { loadTls } from '../../../src/network/tls-options.ts'
import { createAuthority } from '../../support/certificates.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { listening } from '../../support/listening.ts'
import { startProxy } from '../../support/proxy.ts'
import { FakeMachines } from '../stand-in/fake-machines.ts'
import type { Fault } from '../stand-in/faults.ts'
import { type Relay, startRelay } from '../stand-in/relay.ts'
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts'

interface Client extends AsyncDisposable {
  readonly standIn: StandIn
  readonly relay: Relay
  readonly api: DepotApi
  readonly projectId: string
  /** Registers a build as a `Depot` does. */
  createBuild(): Promise<string>
}

/** A stand-in, behind a way on which connections can go wrong, and our client of it. */
async function startClient(options: { faults?: Fault[] } = {}): Promise<Client> {
  const standIn = await startStandIn({ machines: async () => new FakeMachines() })
  const relay = await startRelay(Number(new URL(standIn.apiUrl).port))
  const { projectId, token } = standIn.createProject()
  const channel = openApi(`http://127.0.0.1:${relay.port}`)
  const api = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
  for (const fault of options.faults ?? []) standIn.faults.add(fault)
  return {
    standIn,
    relay,
    api,
    projectId,
    createBuild: async () => (await callOnce((call) => api.cli.createBuild({ projectId }, call))).buildId,
    async [Symbol.asyncDispose]() {
      channel.close()
      await relay[Symbol.asyncDispose]()
      await standIn[Symbol.asyncDispose]()
    },
  }
}

/** The builds that the stand-in has registered. */
function registered({ standIn }: Client): (string | undefined)[] {
  return standIn.journal
    .named('CreateBuild')
    .flatMap(({ buildId, outcome }) => (outcome === 'ok' ? [buildId] : []))
}

const createBuild = 'depot.cli.v1.BuildService/CreateBuild'

describe('a call that must not be processed twice', () => {
  const unprocessed: Fault[] = [
    { method: createBuild, kind: 'refuse-stream', skip: 1 },
    { method: createBuild, kind: 'goaway', taken: false, skip: 1 },
  ]
  for (const fault of unprocessed)
    it(`is made again after ${fault.kind}, and processed once`, async () => {
      await using client = await startClient({ faults: [fault] })
      const builds = [await client.createBuild(), await client.createBuild()]
      assert.deepEqual(registered(client), builds)
      assert.equal(client.standIn.journal.named('CreateBuild').length, 3)
    })

  it('is given up where it is refused again and again', async () => {
    await using client = await startClient({
      faults: [{ method: createBuild, kind: 'refuse-stream', times: Number.POSITIVE_INFINITY }],
    })
    await assert.rejects(
      client.api.cli.createBuild({ projectId: client.projectId }),
      (error: BuildkitError) => {
        assert.ok(error instanceof DepotApiError)
        assert.deepEqual([error.code, error.mayBeProcessed], ['UNREACHABLE', false])
        return true
      },
    )
    assert.equal(client.standIn.journal.named('CreateBuild').length, 4)
  })

  it('is answered on a connection that takes no more calls; the next one goes over another', async () => {
    await using client = await startClient({ faults: [{ method: createBuild, kind: 'goaway', taken: true }] })
    const builds = [await client.createBuild(), await client.createBuild()]
    assert.deepEqual(registered(client), builds)
    assert.equal(client.relay.accepted, 2)
  })

  it('is not made again after a reset, and the error says that it may have been processed', async () => {
    await using client = await startClient({ faults: [{ method: createBuild, kind: 'reset' }] })
    await assert.rejects(client.createBuild(), (error: BuildkitError) => {
      assert.ok(error instanceof DepotApiError)
      assert.deepEqual([error.code, error.mayBeProcessed], ['UNREACHABLE', true])
      assert.match(error.message, /Depot may have processed it/)
      return true
    })
    assert.equal(client.standIn.journal.named('CreateBuild').length, 1)
    await client.createBuild()
  })

  it('is made again until there is a connection', async () => {
    await using standIn = await startStandIn()
    const { projectId, token } = standIn.createProject()
    const port = await freePort()
    const channel = openApi(`http://127.0.0.1:${port}`)
    using _channel = { [Symbol.dispose]: () => channel.close() }
    const api = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
    let dials = 0
    const registering = callOnce((call) => {
      dials++
      return api.cli.createBuild({ projectId }, call)
    })
    while (dials < 2) await turn()
    await using _ = await startRelay(Number(new URL(standIn.apiUrl).port), port)
    const { buildId } = await registering
    assert.equal(standIn.build(buildId).projectId, projectId)
  })

  it('is lost with the connection for few of many: 50 at once, one connection reset', async () => {
    await using client = await startClient({
      faults: [{ method: createBuild, kind: 'reset', skip: 20 }],
    })
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => client.createBuild()))
    const lost = results.filter(({ status }) => status === 'rejected')
    assert.ok(lost.length >= 1 && lost.length <= 8, `${lost.length} of 50 were lost`)
    assert.equal(client.relay.accepted, 8)
    const known = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    assert.equal(new Set(known).size, 50 - lost.length)
    assert.equal(client.standIn.journal.named('CreateBuild').length, 50, 'none was made twice')
  })
})

describe('streams', () => {
  it('that wait for a machine leave room for calls, however many they are', async () => {
    await using client = await startClient()
    const { standIn, api, projectId } = client
    const { buildId } = await api.cli.createBuild({ projectId })
    const channel = openApi(standIn.apiUrl)
    using _channel = { [Symbol.dispose]: () => channel.close() }
    const own = new DepotApi(channel, fixedToken(standIn.build(buildId).token), 'buildkit-client/test')
    standIn.faults.add({
      method: 'GetEndpoint',
      kind: 'pending',
      times: Number.POSITIVE_INFINITY,
      waitMs: 60_000,
    })
    const end = new AbortController()
    const request = { buildId, platform: Platform.AMD64 }
    const streams = Array.from({ length: 250 }, () =>
      own.machines.getEndpoint(request, { signal: AbortSignal.any([end.signal]) })[Symbol.asyncIterator](),
    )
    const pending = await Promise.all(streams.map((stream) => stream.next()))
    assert.deepEqual(new Set(pending.map(({ value }) => value?.connection.case)), new Set(['pending']))
    await own.machines.reportHealth(only(request), { timeoutMs: 5_000 })
    end.abort()
    await Promise.all(streams.map((stream) => stream.next().catch(() => {})))
  })
})

describe('a connection', () => {
  it('on which a call has timed out takes no further call', async () => {
    await using client = await startClient({ faults: [{ method: createBuild, kind: 'silence' }] })
    const { api, relay, standIn, projectId } = client
    const limit = new AbortController()
    const late = api.cli.createBuild({ projectId }, limit)
    await standIn.journal.until(({ method }) => method === 'CreateBuild')
    limit.abort(new DOMException('too late', 'TimeoutError'))
    await assert.rejects(late, { code: 'TIMEOUT' })
    await client.createBuild()
    assert.equal(relay.accepted, 2)
  })

  it('that has fallen silent fails its calls after 5.5 s, and takes no more', async (test) => {
    await using client = await startClient()
    const { api, relay, projectId } = client
    const buildId = await client.createBuild()
    relay.freeze()
    const clock = fakeClock(test)
    await assert.rejects(clock.until(api.cli.listBuilds({ projectId })), { code: 'UNREACHABLE' })
    assert.ok(clock.passedMs >= 5_500 && clock.passedMs < 6_000, `${clock.passedMs} ms`)
    const { builds } = await clock.until(api.cli.listBuilds({ projectId }))
    assert.deepEqual(
      builds.map(({ id }) => id),
      [buildId],
    )
    assert.equal(relay.accepted, 2)
  })

  it('that was silent for long is verified before a call that must not be made twice', async (test) => {
    await using client = await startClient()
    const { relay } = client
    const builds = [await client.createBuild()]
    let now = performance.now() + 11_000
    test.mock.method(performance, 'now', () => now)
    builds.push(await client.createBuild())
    assert.equal(relay.accepted, 1, 'it has answered')
    now += 11_000
    relay.freeze()
    const clock = fakeClock(test)
    builds.push(await clock.until(client.createBuild()))
    assert.deepEqual(registered(client), builds)
    assert.equal(relay.accepted, 2)
  })

  it('is not kept by a server that objects to PING frames, and later ones get none', async (test) => {
    let pings = 0
    const server = createServer().on('stream', (stream) => stream.on('error', () => {}))
    server.on('session', (session) => {
      session
        .on('error', () => {})
        .on('ping', () => {
          pings++
          session.goaway(0xb) // ENHANCE_YOUR_CALM
        })
    })
    await using port = await listening(server)
    const channel = openApi(`http://127.0.0.1:${port.port}`)
    using _channel = { [Symbol.dispose]: () => channel.close() }
    const api = new DepotApi(channel, fixedToken('t'), 'buildkit-client/test')
    const clock = fakeClock(test)
    await assert.rejects(clock.until(api.projects.listProjects({})), { code: 'UNREACHABLE' })
    assert.equal(pings, 1)
    const silent = callIdempotent((call) => api.projects.listProjects({}, call))
    await assert.rejects(clock.until(silent), { code: 'TIMEOUT' })
    assert.equal(pings, 1)
  })

  it('is over TLS and HTTP/2 where the server offers that', async () => {
    const authority = await createAuthority()
    await using standIn = await startStandIn({ tls: authority })
    const { projectId, token } = standIn.createProject()
    const channel = openApi(standIn.apiUrl, { identity: await loadTls({ ca: authority.ca }) })
    using _channel = { [Symbol.dispose]: () => channel.close() }
    const api = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
    await api.cli.createBuild({ projectId })
    assert.deepEqual(
      standIn.journal.named('CreateBuild').map(({ httpVersion }) => httpVersion),
      ['2.0'],
    )
  })

  it('goes through a proxy that inspects TLS and knows HTTP/1.1 only, for calls and streams', async () => {
    const authority = await createAuthority()
    await using standIn = await startStandIn({ tls: authority })
    const { projectId, token } = standIn.createProject()
    const port = Number(new URL(standIn.apiUrl).port)
    await using proxy = await startProxy({ inspect: authority, hosts: { 'api.example.test:443': port } })
    const channel = openApi('https://api.example.test', {
      env: { HTTPS_PROXY: proxy.url },
      identity: await loadTls({ ca: authority.ca }),
    })
    using _channel = { [Symbol.dispose]: () => channel.close() }
    const api = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
    const builds = await Promise.all(Array.from({ length: 12 }, () => api.cli.createBuild({ projectId })))
    const { buildId } = builds[0]!
    const own = new DepotApi(channel, fixedToken(standIn.build(buildId).token), 'buildkit-client/test')
    const request = { buildId, platform: Platform.AMD64 }
    await own.machines.reportHealth(only(request))
    standIn.faults.add({ method: 'GetEndpoint', kind: 'pending' })
    const [first] = await Promise.all([own.machines.getEndpoint(request)[Symbol.asyncIterator]().next()])
    assert.equal(first.value?.connection.case, 'pending')
    const dialled = proxy.requests.length
    for (let call = 0; call < 5; call++) await api.cli.createBuild({ projectId })
    assert.equal(proxy.requests.length, dialled, 'connections are kept')
    const versions = standIn.journal.named('CreateBuild').map(({ httpVersion }) => httpVersion)
    assert.deepEqual(new Set(versions), new Set(['1.1']))
  })
})

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message
}

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  await using server = await listening(net.createServer())
  return server.port
}
