import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { deferred } from '../../../src/base/deferred.ts'
import { Depot } from '../../../src/depot/depot.ts'
import type { MachinePlatform } from '../../../src/depot/machine/machine-platform.ts'
import type { DepotRun } from '../../../src/depot/run/depot-run.ts'
import type { DepotSolveOptions } from '../../../src/depot/run/depot-solve-options.ts'
import { moby } from '../../../src/gen/buildkit.js'
import { digestOf } from '../../../src/registry/client.ts'
import { mergeIndexes } from '../../../src/registry/image-index.ts'
import { staticAuth } from '../../../src/session/auth/auth.ts'
import { dockerContext, storeContexts } from '../../support/docker-contexts.ts'
import { type FakeBuild, failed } from '../../support/fake-buildkitd.ts'
import { listening } from '../../support/listening.ts'
import { tempDir } from '../../support/temp.ts'
import { FakeMachines } from '../stand-in/fake-machines.ts'
import { startStandIn } from '../stand-in/stand-in.ts'

type Solve = (build: FakeBuild) => Promise<Record<string, string>>

/** A Depot with fake machines, and what has been asked of both. */
async function setUp(
  solves: { [P in MachinePlatform]?: Solve },
  { registryHost, env = {} }: { registryHost?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const requests: { [P in MachinePlatform]?: FakeBuild['request'] } = {}
  const machines = new FakeMachines({
    solve(build) {
      const platform = build.request.FrontendAttrs.platform?.includes('arm') ? 'arm64' : 'amd64'
      requests[platform] = build.request
      return solves[platform]!(build)
    },
  })
  const images = {
    host: registryHost ?? '',
    list: async () => [],
    delete: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  const standIn = await startStandIn({
    machines: async () => machines,
    ...(registryHost === undefined ? {} : { images: async () => images }),
    settings: { waitMs: 5 },
  })
  const { projectId, token } = standIn.createProject()
  const depot = new Depot({ apiUrl: standIn.apiUrl, token, env })
  return {
    ...{ standIn, requests, projectId },
    build: (options: DepotSolveOptions) => depot.build({ projectId, ...options }),
    /** As the only one there is. */
    die: async (platform: MachinePlatform) => {
      await machines.running.find(({ architecture }) => architecture === platform)!.die()
    },
    /** What the one build has been finished with, by one call. */
    outcome() {
      const [finish, ...more] = standIn.journal.named('FinishBuild')
      assert.deepEqual(more, [])
      return standIn.build(finish!.buildId!).outcome
    },
    /** What it has failed with. */
    error(): string {
      const outcome = this.outcome()
      assert.equal(outcome?.status, 'failed')
      return outcome.error
    },
    async [Symbol.asyncDispose]() {
      await depot.close()
      await standIn[Symbol.asyncDispose]()
    },
  }
}

const hello: DepotSolveOptions = {
  platforms: ['linux/amd64'],
  localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch' } },
}
const both: DepotSolveOptions = { ...hello, platforms: ['linux/amd64', 'linux/arm64'] }

const done: Solve = async () => ({ 'containerimage.digest': 'sha256:1' })

/** Builds until it is cancelled. */
const endless: Solve = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(failed('context canceled'))))

/** The events of a run in few words, to their end. */
async function eventsOf(run: DepotRun): Promise<string[]> {
  const seen: string[] = []
  for await (const event of run.events) {
    if (event.type === 'build') seen.push('build')
    else if (event.type === 'machine' && event.state.kind === 'pending') continue
    else if (event.type === 'machine') seen.push(`${event.platform} ${event.state.kind}`)
    else if (event.type === 'retry') seen.push(`${event.platform} retries`)
    else for (const { name } of event.status.vertexes ?? []) seen.push(`${event.platform} runs ${name}`)
  }
  return seen
}

const vertex = (name: string) => ({ vertexes: [{ digest: `sha256:${name}`, name }] })

describe('a build on Depot in one call', () => {
  it('is registered, built and finished, and tells what happens', async () => {
    await using it = await setUp({
      amd64: async (build) => {
        await build.say(vertex('a step'))
        return { 'containerimage.digest': 'sha256:1' }
      },
    })
    const run = it.build(hello)
    assert.deepEqual(await eventsOf(run), [
      'build',
      'amd64 requested',
      'amd64 active',
      'amd64 runs a step',
      'amd64 released',
    ])
    const { platforms, buildId, url, ...result } = await run.result
    assert.equal(url, `${it.standIn.apiUrl}/projects/${it.projectId}/builds/${buildId}`)
    assert.deepEqual(result, { projectId: it.projectId, digest: 'sha256:1', tags: [], loaded: [] })
    assert.deepEqual(Object.keys(platforms), ['amd64'])
    assert.equal(platforms.amd64?.digest, 'sha256:1')
    assert.deepEqual(it.outcome(), { status: 'success' })
    assert.equal(it.requests.amd64?.Frontend, 'dockerfile.v0')
    assert.deepEqual(it.requests.amd64?.FrontendAttrs, {
      'build-arg:DEPOT_TARGET': 'default',
      'attest:provenance': 'mode=min,inline-only=true',
      platform: 'linux/amd64',
    })
    assert.equal(it.requests.amd64?.Internal, true)
  })

  it('tells Depot what it is about to do, and saves and pushes in one go', async () => {
    await using it = await setUp({ amd64: done }, { registryHost: 'saved.example' })
    const tags = ['one.example/me/app:1', 'one.example/me/app:2']
    const { buildId, ...result } = await it.build({ ...hello, tags, push: true, save: { tags: ['x'] } })
      .result
    const [created] = it.standIn.journal.named('CreateBuild')
    assert.deepEqual(created?.request, {
      projectId: it.projectId,
      options: [
        {
          ...{ command: 'COMMAND_BUILD', tags, push: true, save: true, saveTags: ['x'] },
          outputs: [{ kind: 'image', attributes: { push: 'true', 'depot.export.image.version': '2' } }],
        },
      ],
    })
    const saved = `saved.example/${it.projectId}`
    const all = [`${saved}:${buildId}`, `${saved}:x`, ...tags]
    assert.deepEqual(result.tags, all)
    assert.deepEqual(
      it.requests.amd64?.Exporters.map(({ Type, Attrs }) => [Type, Attrs]),
      [['image', { name: all.join(','), push: 'true', 'depot.export.image.version': '2' }]],
    )
  })

  it('takes an option that is undefined for one that is not there', async () => {
    await using it = await setUp({ amd64: done }, { env: {} })
    const absent: DepotSolveOptions = {
      ...{ frontend: undefined, definition: undefined, exports: undefined, session: undefined },
      ...{ save: undefined, push: undefined, load: undefined, tags: undefined, pushCredentials: undefined },
      ...{ signal: undefined, finishOnExit: undefined, replaceLostMachine: undefined, onWarning: undefined },
    }
    await it.build({ ...hello, ...absent }).result
    assert.equal(it.requests.amd64?.Frontend, 'dockerfile.v0')
    const [created] = it.standIn.journal.named('CreateBuild')
    assert.deepEqual(created?.request, {
      projectId: it.projectId,
      options: [{ command: 'COMMAND_BUILD' }],
    })
  })

  it('gives each machine its platforms, and an index to push by digest; the names follow', async () => {
    await using registry = await fakeRegistry()
    const pushes = (index: Buffer) => async () => ({ 'containerimage.digest': registry.add('me/app', index) })
    const [amd64, arm64] = [indexOf('a', 'amd64'), indexOf('b', 'arm64')]
    await using it = await setUp({ amd64: pushes(amd64), arm64: pushes(arm64) })
    const tags = [`${registry.host}/me/app:1`, `${registry.host}/me/app`]
    const exports = [{ type: 'local', outputDir: '/nowhere' }] as const
    const login = { username: 'me', password: 'x' }
    const run = it.build({
      ...both,
      ...{
        platforms: ['linux/arm64', 'linux/amd64', 'linux/arm/v7'],
        frontendAttrs: { target: 'x' },
        exports,
      },
      ...{ tags, push: true, pushCredentials: { [registry.host]: login } },
    })
    const { digest, platforms, ...result } = await run.result
    assert.deepEqual(result.tags, tags)
    assert.deepEqual(Object.keys(platforms), ['arm64', 'amd64'])
    assert.deepEqual(it.requests.arm64?.FrontendAttrs, {
      'build-arg:DEPOT_TARGET': 'default',
      'attest:provenance': 'mode=min,inline-only=true',
      target: 'x',
      platform: 'linux/arm64,linux/arm/v7',
      'multi-platform': 'true',
    })
    assert.equal(it.requests.amd64?.FrontendAttrs.platform, 'linux/amd64')
    for (const request of [it.requests.amd64!, it.requests.arm64!])
      assert.deepEqual(
        request.Exporters.map(({ Type, Attrs }) => [Type, Attrs]),
        [
          ['local', {}],
          [
            'image',
            {
              name: `${registry.host}/me/app`,
              push: 'true',
              'push-by-digest': 'true',
              'depot.export.image.version': '2',
            },
          ],
        ],
      )
    const merged = mergeIndexes([arm64, amd64].map(manifestOf))
    assert.equal(digest, merged.digest)
    assert.deepEqual([...registry.tags].sort(), [
      ['me/app:1', merged.bytes.toString()],
      ['me/app:latest', merged.bytes.toString()],
    ])
    assert.deepEqual([...registry.users], ['me'])
    assert.deepEqual(it.outcome(), { status: 'success' })
  })

  it('tries again when the registry is ailing, and writes no name that is there already', async () => {
    await using registry = await fakeRegistry()
    const pushes = (index: Buffer) => async () => ({ 'containerimage.digest': registry.add('me/app', index) })
    await using it = await setUp({
      amd64: pushes(indexOf('a', 'amd64')),
      arm64: pushes(indexOf('b', 'arm64')),
    })
    const pushCredentials = { [registry.host]: { username: 'me', password: 'x' } }
    const tags = [`${registry.host}/me/app:1`]
    registry.ailing = 2
    const first = await it.build({ ...both, pushCredentials, push: true, tags }).result
    assert.deepEqual(registry.puts, ['503', '503', '201'])
    const second = await it.build({ ...both, pushCredentials, push: true, tags }).result
    assert.equal(second.digest, first.digest)
    assert.equal(registry.puts.length, 3)
  })

  it('is failed when the names cannot be pushed, though the machines have done their work', async () => {
    await using registry = await fakeRegistry()
    const pushes = (index: Buffer) => async () => ({ 'containerimage.digest': registry.add('me/app', index) })
    await using it = await setUp({ amd64: pushes(Buffer.from('{}')), arm64: pushes(indexOf('b', 'arm64')) })
    const login = { username: 'me', password: 'x' }
    const session = [staticAuth({ [registry.host]: login })]
    const run = it.build({ ...both, session, push: true, tags: [`${registry.host}/me/app:1`] })
    await assert.rejects(run.result, { code: 'PROTOCOL_ERROR', message: /cannot be merged/ })
    assert.match(it.error(), /sha256:[0-9a-f]{64} cannot be merged/)
    assert.equal(registry.tags.size, 0)
  })

  it('keeps each machine until all are done', async () => {
    const early = deferred()
    await using it = await setUp({
      amd64: async (build) => {
        setImmediate(early.resolve)
        return await done(build)
      },
      arm64: async (build) => {
        await early.promise
        await build.say(vertex('something late'))
        return await done(build)
      },
    })
    const events = await eventsOf(it.build(both))
    assert.deepEqual(events.slice(-3).sort(), [
      'amd64 released',
      'arm64 released',
      'arm64 runs something late',
    ])
    assert.equal(events.at(-3), 'arm64 runs something late')
  })

  it('fails as a whole when one machine fails, and the other one stops', async () => {
    const started = deferred()
    const stopped = deferred()
    await using it = await setUp({
      amd64: (build) => {
        build.signal.addEventListener('abort', () => stopped.resolve())
        started.resolve()
        return endless(build)
      },
      arm64: async () => {
        await started.promise
        throw failed('exit code: 3')
      },
    })
    const run = it.build(both)
    const message = 'arm64: failed to solve: exit code: 3'
    await assert.rejects(run.result, { name: 'SolveError', code: 'SOLVE_FAILED', message })
    await stopped.promise
    assert.deepEqual(it.outcome(), { status: 'failed', error: message })
    await assert.rejects(eventsOf(run), { code: 'SOLVE_FAILED' })
  })

  it('fails as a whole when one machine cannot be had', async () => {
    await using it = await setUp({ amd64: endless })
    it.standIn.faults.add({
      ...{ kind: 'error', code: 'permission_denied', message: 'no arm64 for you' },
      ...{ method: 'GetBuildKitConnection', platform: 'arm64' },
    })
    const run = it.build(both)
    await assert.rejects(run.result, { code: 'PERMISSION_DENIED', message: /no arm64 for you/ })
    assert.match(it.error(), /no arm64 for you/)
  })

  it('is cancelled with a reason, at the machines and at Depot', async () => {
    await using it = await setUp({ amd64: endless, arm64: endless })
    const run = it.build(both)
    const reading = (async () => {
      const active = new Set<string>()
      for await (const event of run.events) {
        if (event.type === 'machine' && event.state.kind === 'active') active.add(event.platform)
        if (active.size === 2) run.cancel('enough')
      }
    })()
    await assert.rejects(reading, { code: 'CANCELLED', cause: 'enough' })
    run.cancel('too late to say')
    await assert.rejects(run.result, { code: 'CANCELLED', cause: 'enough' })
    assert.equal(it.outcome()?.status, 'cancelled')
  })

  it('is cancelled by the signal, of which nothing is left behind', async () => {
    await using it = await setUp({ amd64: endless })
    const stop = new AbortController()
    const run = it.build({ ...hello, signal: stop.signal })
    for await (const event of run.events)
      if (event.type === 'machine' && event.state.kind === 'active') {
        stop.abort('enough')
        break
      }
    await assert.rejects(run.result, { code: 'CANCELLED', cause: 'enough' })
    assert.equal(it.outcome()?.status, 'cancelled')
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  })

  it('is not even registered when the signal has been aborted before', async () => {
    await using it = await setUp({})
    const run = it.build({ ...hello, signal: AbortSignal.abort('early') })
    await assert.rejects(run.result, { code: 'CANCELLED', cause: 'early' })
    assert.deepEqual(it.standIn.journal.events, [])
  })

  it('is cancelled when its scope is left', async () => {
    await using it = await setUp({ amd64: endless })
    let result: Promise<unknown>
    {
      await using run = it.build(hello)
      result = run.result
      for await (const event of run.events)
        if (event.type === 'machine' && event.state.kind === 'active') break
    }
    assert.equal(it.outcome()?.status, 'cancelled')
    await assert.rejects(result, { code: 'CANCELLED' })
  })

  it('goes on when nobody reads its events, and when a reader leaves', async () => {
    await using it = await setUp({ amd64: done })
    const unread = it.build(hello)
    await unread.result
    const left = it.build(hello)
    for await (const _ of left.events) break
    await left.result
    assert.equal(it.standIn.journal.named('FinishBuild').length, 2)
    assert.deepEqual((await eventsOf(left)).at(-1), 'amd64 released')
  })

  it('goes on on a fresh machine when one is lost, if so wanted', async () => {
    let tries = 0
    await using it = await setUp({
      amd64: async (build) => {
        if (tries++ > 0) return await done(build)
        void it.die('amd64')
        return await endless(build)
      },
      arm64: done,
    })
    const run = it.build({ ...both, replaceLostMachine: true })
    const events = await eventsOf(run)
    assert.deepEqual(
      events.filter((event) => event.startsWith('amd64')),
      ['requested', 'active', 'lost', 'requested', 'active', 'released'].map((state) => `amd64 ${state}`),
    )
    assert.equal((await run.result).platforms.amd64?.digest, 'sha256:1')
    assert.equal(tries, 2)
    assert.deepEqual(it.outcome(), { status: 'success' })
  })

  it('fails when a machine is lost, if not wanted otherwise, or lost again', async () => {
    for (const replaceLostMachine of [false, true]) {
      let tries = 0
      await using it = await setUp({
        amd64: (build) => {
          tries++
          void it.die('amd64')
          return endless(build)
        },
      })
      const run = it.build({ ...hello, replaceLostMachine })
      await assert.rejects(run.result, { code: 'MACHINE_LOST' })
      assert.match(it.error(), /the amd64 machine .* was lost/)
      assert.equal(tries, replaceLostMachine ? 2 : 1)
    }
  })

  for (const fault of [
    'inconsistent graph state in edge step with key sha256:x',
    'failed to get state for index 0 on x',
  ])
    it(`is made again after a fault of BuildKit's own: ${fault}`, async () => {
      let solves = 0
      await using it = await setUp({
        amd64: async (build) => {
          if (++solves < 3) throw failed(fault)
          return await done(build)
        },
      })
      const run = it.build(hello)
      const events = await eventsOf(run)
      assert.deepEqual(events.slice(3), ['amd64 retries', 'amd64 retries', 'amd64 released'])
      assert.equal((await run.result).digest, 'sha256:1')
      // The solves that failed do not count.
      assert.deepEqual(it.outcome(), { status: 'success' })
      assert.equal(it.standIn.journal.named('CreateBuild').length, 1)
    })

  it('is made again so often and no more, and not after any other failure', async () => {
    for (const [message, variable, wanted] of [
      ['inconsistent graph state', '2', 3],
      ['inconsistent graph state', '0', 1],
      ['exit code: 1', undefined, 1],
    ] as const) {
      let solves = 0
      const env = variable === undefined ? {} : { DEPOT_BUILDKIT_ERROR_MAX_RETRY_COUNT: variable }
      const solve: Solve = async () => {
        solves++
        throw failed(message)
      }
      await using it = await setUp({ amd64: solve }, { env })
      await assert.rejects(it.build(hello).result, { code: 'SOLVE_FAILED' })
      assert.equal(solves, wanted)
      assert.match(it.error(), new RegExp(message))
    }
  })

  it('says what is the user’s word where the user has one', async () => {
    await using it = await setUp({ amd64: done })
    const attrs = { 'attest:provenance': 'mode=max', 'build-arg:DEPOT_TARGET': 'mine', target: 'stage' }
    await it.build({ ...hello, frontendAttrs: attrs, internal: false }).result
    assert.deepEqual(it.requests.amd64?.FrontendAttrs, { ...attrs, platform: 'linux/amd64' })
    assert.equal(it.requests.amd64?.Internal, false)
    const [created] = it.standIn.journal.named('CreateBuild')
    const { options } = created!.request as { options: Record<string, unknown>[] }
    assert.equal(options[0]?.targetName, 'stage')
    await it.build({ ...hello, provenance: false }).result
    assert.deepEqual(it.requests.amd64?.FrontendAttrs, {
      'build-arg:DEPOT_TARGET': 'default',
      platform: 'linux/amd64',
    })
    // Another frontend may not know what these are.
    await it.build({ ...hello, frontend: 'gateway.v0', frontendAttrs: { source: 'x' } }).result
    assert.deepEqual(it.requests.amd64?.FrontendAttrs, { source: 'x', platform: 'linux/amd64' })
  })

  it('takes over the build of the environment, once, with the token that is the build’s', async () => {
    const machines = new FakeMachines({ solve: done })
    await using standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5 } })
    const { projectId, token } = standIn.createProject()
    await using registrar = new Depot({ apiUrl: standIn.apiUrl, token, env: {} })
    const registered = await registrar.createBuild({ projectId })
    const { buildId } = registered
    const buildToken = standIn.build(buildId).token
    const env = { DEPOT_BUILD_ID: buildId, DEPOT_TOKEN: buildToken }
    await using depot = new Depot({ apiUrl: standIn.apiUrl, env })
    const run = depot.build(hello)
    const result = await run.result
    assert.deepEqual([result.buildId, result.projectId, result.tags], [buildId, projectId, []])
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
    assert.equal(standIn.journal.named('CreateBuild').length, 1)
    assert.deepEqual(
      standIn.journal.named('GetBuild').map(({ token, tokenOf }) => [token, tokenOf]),
      [['build', buildId]],
    )
    await assert.rejects(depot.build(hello).result, { code: 'REFUSED', subject: 'DEPOT_BUILD_ID' })
    assert.equal(standIn.journal.named('FinishBuild').length, 1)
  })

  it('saves a build that is taken over where that is wanted, under its id and the names asked for', async () => {
    let names: string | null | undefined
    const machines = new FakeMachines({
      async solve({ request }) {
        names = request.Exporters[0]?.Attrs?.name
        return { 'containerimage.digest': 'sha256:1' }
      },
    })
    await using standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5 } })
    const { projectId, token } = standIn.createProject()
    await using registrar = new Depot({ apiUrl: standIn.apiUrl, token, env: {} })
    const { buildId } = await registrar.createBuild({ projectId })
    const env = { DEPOT_BUILD_ID: buildId, DEPOT_TOKEN: standIn.build(buildId).token }
    await using depot = new Depot({ apiUrl: standIn.apiUrl, env })
    const { tags } = await depot.build({ ...hello, save: { tags: ['v1'] } }).result
    const repository = `registry.depot.dev/${projectId}`
    assert.deepEqual(tags, [`${repository}:${buildId}`, `${repository}:v1`])
    assert.equal(names, tags.join(','))
  })

  it('is in the project of the depot.json beside the context or the Dockerfile', async () => {
    await using dir = await tempDir()
    await using it = await setUp({ amd64: done })
    const other = it.standIn.createProject()
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(dir.path, path)), { recursive: true })
      await writeFile(join(dir.path, path), text)
      return dirname(join(dir.path, path))
    }
    const organization = new Depot({
      apiUrl: it.standIn.apiUrl,
      token: it.standIn.organizationToken,
      env: {},
    })
    await using depot = organization
    const context = await write('a/b/Dockerfile', 'FROM scratch')
    await write('a/depot.json', JSON.stringify({ id: other.projectId }))
    const memory = { Dockerfile: 'FROM scratch' }
    for (const localDirs of [
      { context, dockerfile: context },
      { context, dockerfile: memory },
      { context: {}, dockerfile: context },
    ]) {
      const { projectId } = await depot.build({ platforms: ['amd64'], localDirs }).result
      assert.equal(projectId, other.projectId)
    }
    const strange = await write('c/depot.yml', `id: ${it.projectId}`)
    await assert.rejects(
      depot.build({ platforms: ['amd64'], localDirs: { context: strange, dockerfile: context } }).result,
      { code: 'INVALID_OPTION', message: /two Depot projects/ },
    )
    const given = { platforms: ['amd64'], localDirs: { context: strange, dockerfile: context } } as const
    const { projectId } = await depot.build({ ...given, projectId: other.projectId }).result
    assert.equal(projectId, other.projectId)
  })

  it('does not ask Depot for anything when the Engine to load into is not there', async () => {
    await using it = await setUp({})
    const load = { engine: 'docker:///nowhere/docker.sock' }
    await assert.rejects(it.build({ ...hello, load }).result, { code: 'UNREACHABLE', message: /nowhere/ })
    assert.deepEqual(it.standIn.journal.events, [])
  })

  it('loads the image into an Engine, and says what has become of it there', async () => {
    const received: Buffer[] = []
    const id = `sha256:${'a'.repeat(64)}`
    const engine = createServer(async (request, response) => {
      if (request.url === '/_ping') response.writeHead(200, { 'api-version': '1.41' }).end()
      else if (request.method === 'GET') response.end(JSON.stringify({ Id: id }))
      else {
        for await (const chunk of request) received.push(chunk)
        response.end('{"stream":"Loaded image: me/app:1"}')
      }
    })
    await using at = await listening(engine)
    const solve: Solve = async (build) => {
      await sendExport(build, Buffer.from('an archive'))
      return { 'containerimage.digest': 'sha256:1' }
    }
    // Named by the options, and by the environment.
    await using dir = await tempDir()
    await storeContexts(dir.path, { mine: { meta: dockerContext(`tcp://127.0.0.1:${at.port}`) } })
    for (const env of [
      { DOCKER_HOST: `tcp://127.0.0.1:${at.port}` },
      { DOCKER_CONFIG: dir.path, DOCKER_CONTEXT: 'mine' },
    ]) {
      await using other = await setUp({ amd64: solve }, { env })
      await other.build({ ...hello, tags: ['me/app:1'], load: true }).result
      assert.equal(Buffer.concat(received.splice(0)).toString(), 'an archive')
    }
    await using it = await setUp({ amd64: solve })
    const load = { engine: `docker://127.0.0.1:${at.port}` }
    const { loaded, tags } = await it.build({ ...hello, tags: ['me/app:1'], load }).result
    assert.deepEqual(loaded, [{ name: 'me/app:1', id }])
    assert.deepEqual(tags, [])
    assert.equal(Buffer.concat(received).toString(), 'an archive')
    const [exporter] = it.requests.amd64!.Exporters
    assert.deepEqual([exporter?.Type, exporter?.Attrs], ['docker', { name: 'me/app:1' }])
    const [created] = it.standIn.journal.named('CreateBuild')
    const request = created?.request as { options: { load: boolean }[] }
    assert.equal(request.options[0]?.load, true)
  })

  it('fails when the Engine does not take the image, with its words', async () => {
    const engine = createServer((request, response) => {
      if (request.url === '/_ping') response.writeHead(200, { 'api-version': '1.41' }).end()
      else request.resume().on('end', () => response.end('{"errorDetail":{"message":"no space left"}}'))
    })
    await using at = await listening(engine)
    await using it = await setUp({
      amd64: async (build) => {
        await sendExport(build, Buffer.from('an archive'))
        return {}
      },
    })
    const run = it.build({ ...hello, load: { engine: `docker://127.0.0.1:${at.port}` } })
    await assert.rejects(run.result, {
      code: 'EXPORT_FAILED',
      message: /has not loaded the image: got no space left/,
    })
    assert.match(
      it.requests.amd64?.Exporters[0]?.Attrs?.name ?? '',
      /^depot-project-[a-z0-9]+:build-[a-z0-9]+$/,
    )
    assert.match(it.error(), /no space left/)
  })

  it('is refused before Depot hears of it where its options contradict each other', async () => {
    await using it = await setUp({})
    const push = { type: 'image', attrs: { name: 'me/a', push: 'true' } } as const
    const cases: [Partial<DepotSolveOptions>, string][] = [
      [{ platforms: ['plan9/mips' as 'amd64'] }, 'platform'],
      [{ push: true }, 'tags'],
      [{ tags: ['UPPER'] }, 'tags'],
      // Text is a list of letters: each would be a name that somebody else may own.
      [{ push: true, tags: 'me/app' as never }, 'tags'],
      [{ save: { tags: 'v1' as never } }, 'save.tags'],
      [{ save: 'v1' as never }, 'save.tags'],
      [{ platforms: 'linux/amd64' as never }, 'platforms'],
      [{ frontendAttrs: { platform: 'linux/amd64' } }, 'frontendAttrs.platform'],
      [{ platforms: ['amd64', 'arm64'], load: true }, 'load'],
      [{ platforms: ['linux/amd64', 'linux/386'], load: true }, 'load'],
      [{ load: { engine: 'tcp://127.0.0.1:1' } }, 'load.engine'],
      [{ platforms: ['amd64', 'arm64'], definition: new Uint8Array() }, 'definition'],
      [{ platforms: ['amd64', 'arm64'], exports: [{ type: 'oci', output: 'x' }] }, 'exports[0]'],
      [{ platforms: ['amd64', 'arm64'], exports: [push], save: true }, 'exports[1]'],
      [{ platforms: ['amd64', 'arm64'], cacheExports: [{ type: 'registry' }] }, 'cacheExports[0]'],
      [
        { pushCredentials: { 'a.example': { username: 'a', password: 'b' } } },
        'pushCredentials["a.example"]',
      ],
      [{ session: [staticAuth({}), staticAuth({})] }, 'session'],
      [{ platform: 'linux/arm64' } as never, 'platform'],
      [{ ref: 'x' } as never, 'ref'],
      [{ load: { engine: 'docker:///x', tsl: {} } as never }, 'load.tsl'],
      [{ exports: [{ ...push, atrs: {} } as never] }, 'exports[0].atrs'],
      [{ exports: 'image' as never }, 'exports'],
      // What the solves themselves would refuse, with a machine waiting.
      [{ localDirs: {} }, 'localDirs.dockerfile'],
      [{ localDirs: { ...hello.localDirs, context: './nope' } }, 'localDirs.context'],
      [{ localDirs: { context: {}, dockerfile: {} } }, 'frontendAttrs.filename'],
      [{ platforms: ['amd64', 'arm64'], exports: [{ type: 'local' } as never] }, 'exports[0].outputDir'],
    ]
    for (const [options, subject] of cases)
      await assert.rejects(it.build({ ...hello, ...options }).result, {
        code: 'INVALID_OPTION',
        subject,
      })
    assert.deepEqual(it.standIn.journal.events, [])
  })
})

/** Sends the first export of a build, as its daemon does; throws what the client answers. */
async function sendExport(build: FakeBuild, content: Buffer): Promise<void> {
  const { rpc } = await build.session()
  const signal = AbortSignal.timeout(20_000)
  const metadata = { 'buildkit-attachable-exporter-id': '0' }
  const call = rpc.open('/moby.filesync.v1.FileSend/DiffCopy', { metadata, signal })
  await call.send(moby.filesync.v1.BytesMessage.encode({ data: content }).finish())
  call.halfClose()
  for await (const _ of call.messages);
}

function indexOf(letter: string, architecture: string): Buffer {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const digest = `sha256:${letter.repeat(64)}`
  const manifests = [{ mediaType, digest, size: 1, platform: { architecture, os: 'linux' } }]
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
}

const indexType = 'application/vnd.oci.image.index.v1+json'

function manifestOf(bytes: Buffer) {
  return { mediaType: indexType, digest: digestOf(bytes), bytes }
}

/** A registry of manifests in memory that lets in whoever names a user. */
async function fakeRegistry() {
  const manifests = new Map<string, Buffer>()
  const registry = {
    tags: new Map<string, string>(),
    users: new Set<string>(),
    /** What it has answered to each that it was to store. */
    puts: [] as string[],
    /** So many more are refused. */
    ailing: 0,
    add(repository: string, bytes: Buffer): string {
      manifests.set(`${repository}:${digestOf(bytes)}`, bytes)
      return digestOf(bytes)
    },
  }
  const server = createServer(async (request, response) => {
    const [, login] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? []
    const name = request.url!.replace('/v2/', '').replace('/manifests/', ':')
    const answer = (status: number, headers: Record<string, string> = {}, bytes?: Buffer) =>
      response.writeHead(status, headers).end(bytes)
    if (login === undefined) return answer(401, { 'www-authenticate': 'Basic realm="x"' })
    registry.users.add(Buffer.from(login, 'base64').toString().split(':')[0]!)
    if (request.method === 'PUT') {
      const bytes = Buffer.concat(await request.toArray())
      const status = registry.ailing-- > 0 ? 503 : 201
      registry.puts.push(`${status}`)
      if (status === 201) registry.tags.set(name, bytes.toString())
      return answer(status)
    }
    const tagged = registry.tags.get(name)
    const bytes = tagged === undefined ? manifests.get(name) : Buffer.from(tagged)
    if (bytes === undefined) return answer(404)
    return answer(200, { 'content-type': indexType, 'docker-content-digest': digestOf(bytes) }, bytes)
  })
  const at = await listening(server)
  return Object.assign(registry, {
    host: `127.0.0.1:${at.port}`,
    [Symbol.asyncDispose]: at[Symbol.asyncDispose],
  })
}
