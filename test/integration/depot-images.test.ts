import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Depot } from '../../src/depot/depot.ts'
import type { MachinePlatform } from '../../src/depot/machine/machine-platform.ts'
import type { DepotRun } from '../../src/depot/run/depot-run.ts'
import type { DepotSolveOptions } from '../../src/depot/run/depot-solve-options.ts'
import { RegistryClient } from '../../src/registry/client.ts'
import type { Credentials } from '../../src/registry/credentials.ts'
import { parseReference } from '../../src/registry/reference.ts'
import { registryAuth } from '../../src/registry/registry-auth.ts'
import { staticAuth } from '../../src/session/auth/auth.ts'
import { type RealMachinePool, startMachinePool } from '../depot/stand-in/machine-pool.ts'
import type { RegistryAccess } from '../depot/stand-in/saved-images.ts'
import {
  type SavedImagesRegistry,
  startSavedImagesRegistry,
} from '../depot/stand-in/saved-images-registry.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { busybox } from '../support/daemon.ts'
import { part } from '../support/parts.ts'
import { startBasicAuthRegistry, startRegistry, startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

interface Index {
  readonly mediaType: string
  readonly manifests: readonly {
    readonly digest: string
    readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string }
    readonly annotations?: Readonly<Record<string, string>>
  }[]
}

describe('images of builds on Depot', { skip: skipWithout('buildkitd', 'registry', 'busybox') }, () => {
  let standIn: StandIn
  let pool: RealMachinePool
  let registry: SavedImagesRegistry
  let depot: Depot
  /** What the passwords that were shown to the saved images' token server are good for. */
  const shown: (RegistryAccess | undefined)[] = []

  before(async () => {
    standIn = await startStandIn({
      async machines(settings) {
        pool = await startMachinePool(settings, { buildkitd: part('buildkitd') })
        return pool
      },
      async images(authorize) {
        registry = await startSavedImagesRegistry(part('registry'), (password) => {
          const access = authorize(password)
          shown.push(access)
          return access
        })
        return registry
      },
    })
    depot = depotWith({})
  })
  after(async () => {
    await depot?.close()
    await standIn?.[Symbol.asyncDispose]()
  })

  function depotWith(env: NodeJS.ProcessEnv): Depot {
    return new Depot({ apiUrl: standIn.apiUrl, token: standIn.organizationToken, env })
  }

  const both = ['linux/amd64', 'linux/arm64'] as const

  /** A build of an image with files of the context, of which each platform takes its own. */
  function options(files: Record<string, string>, more: Partial<DepotSolveOptions> = {}): DepotSolveOptions {
    const Dockerfile = 'FROM scratch\nARG TARGETARCH\nCOPY for-$TARGETARCH /file\n'
    const { projectId } = standIn.createProject()
    return { projectId, localDirs: { context: files, dockerfile: { Dockerfile } }, ...more }
  }

  /** Reads from a registry with these credentials, or nobody's. */
  async function indexAt(name: string, credentials?: Credentials): Promise<{ digest: string; index: Index }> {
    await using client = new RegistryClient({ auth: registryAuth(async () => credentials) })
    const { bytes, digest } = await client.manifest(parseReference(name))
    return { digest, index: JSON.parse(bytes.toString()) }
  }

  const organization = (): Credentials => ({ username: 'x-token', password: standIn.organizationToken })

  function platformsIn({ manifests }: Index): string[] {
    return manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`)
  }

  function finishes(buildId: string): unknown[] {
    return standIn.journal.of(buildId).filter(({ method }) => method === 'FinishBuild')
  }

  it('are saved with the credentials of the build alone, under its id and the names asked for', async () => {
    const run = depot.build(
      options({ 'for-amd64': 'saved' }, { save: { tags: ['latest'] }, platforms: ['amd64'] }),
    )
    const { digest, tags, buildId, projectId } = await run.result
    const repository = `${registry.host}/${projectId}`
    assert.deepEqual(tags, [`${repository}:${buildId}`, `${repository}:latest`])
    for (const tag of tags) assert.equal((await indexAt(tag, organization())).digest, digest)
    await assert.rejects(indexAt(tags[0]!), { code: /UNAUTHENTICATED|CREDENTIALS_FAILED/ })
    const listed = await registry.list(projectId)
    assert.deepEqual(listed.map((image) => image.tag).sort(), [buildId, 'latest'].sort())
    assert.equal(finishes(buildId).length, 1)
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
  })

  it('are saved step by step too, with what the build says of itself', async () => {
    const { projectId, ...solve } = options({ 'for-amd64': 'by hand' })
    await using build = await depot.createBuild({ projectId, save: true })
    await using machine = await build.acquireMachine('amd64')
    await using buildkit = await machine.connect()
    const { digest } = await buildkit.solve({
      ...{ frontend: 'dockerfile.v0', frontendAttrs: { platform: 'linux/amd64' }, ...solve },
      exports: [{ type: 'image', attrs: { name: build.savedTags.join(), push: 'true' } }],
      session: [build.auth],
    }).result
    assert.deepEqual(build.savedTags, [`${registry.host}/${build.projectId}:${build.buildId}`])
    assert.equal((await indexAt(build.savedTags[0]!, organization())).digest, digest)
    const { token } = standIn.build(build.buildId)
    await using adopted = await depot.adoptBuild({ buildId: build.buildId, token, saveTags: ['too'] })
    assert.deepEqual(adopted.savedTags, [
      `registry.depot.dev/${projectId}:${build.buildId}`,
      `registry.depot.dev/${projectId}:too`,
    ])
  })

  it('of another project are no base for a build with its own credentials, only with the caller’s', async () => {
    const base = await depot.build(options({ 'for-amd64': 'base' }, { save: true, platforms: ['amd64'] }))
      .result
    const Dockerfile = `FROM ${base.tags[0]}\nCOPY more /more\n`
    const from: Partial<DepotSolveOptions> = {
      save: true,
      platforms: ['amd64'],
      localDirs: { context: { more: 'more' }, dockerfile: { Dockerfile } },
    }
    shown.length = 0
    await assert.rejects(depot.build(options({}, from)).result, (error: Error) => {
      assert.match(error.message, /401|403|denied|authorization|no token/i)
      return true
    })
    assert.equal(shown.length, 0, 'no password is shown for it')
    shown.length = 0
    const session = [staticAuth({ [registry.host]: organization() })]
    const { projectId, tags } = await depot.build(options({}, { ...from, session })).result
    const holders = shown.map((access) =>
      access === undefined ? 'nobody' : (access.projectId ?? 'organization'),
    )
    assert.deepEqual([...new Set(holders)], ['organization', projectId])
    assert.ok((await indexAt(tags[0]!, organization())).digest)
  })

  it('have base images of registries that let everybody read, though nobody has logged in there', async () => {
    await using open = await startTokenRegistry()
    const { host, username, password } = open
    const tags = [`${host}/team/base:1`]
    const push = { push: true, tags, platforms: ['linux/amd64'] } as const
    const pushCredentials = { [host]: { username, password } }
    await depot.build(options({ 'for-amd64': 'base' }, { ...push, pushCredentials })).result
    const before = open.tokenRequests.length
    const Dockerfile = `FROM ${tags[0]}\nCOPY more /more\n`
    const localDirs = { context: { more: 'more' }, dockerfile: { Dockerfile } }
    const from = options({}, { save: true, platforms: ['linux/amd64'], localDirs })
    assert.match((await depot.build(from).result).digest ?? '', /^sha256:/)
    const anonymous = open.tokenRequests.slice(before)
    assert.deepEqual([...new Set(anonymous.map(({ shown }) => shown))], ['nothing'])
  })

  it('are pushed with credentials of the options, and with those of the environment in both ways', async () => {
    await using guarded = await startBasicAuthRegistry()
    const { host, username, password } = guarded
    const login = { username, password }
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const env = { DEPOT_PUSH_REGISTRY_USERNAME: username, DEPOT_PUSH_REGISTRY_PASSWORD: password }
    const ways: [string, NodeJS.ProcessEnv, Partial<DepotSolveOptions>][] = [
      ['option', {}, { pushCredentials: { [host]: login } }],
      ['pair', env, { pushCredentials: { [host]: 'environment' } }],
      ['auth', { DEPOT_PUSH_REGISTRY_AUTH: auth }, { pushCredentials: { [host]: 'environment' } }],
      ['session', {}, { session: [staticAuth({ [host]: login })] }],
    ]
    for (const [name, env, more] of ways) {
      await using depot = depotWith(env)
      const tags = [`${host}/team/app:${name}`, `${host}/team/app:${name}-too`]
      const push = { ...more, platforms: ['linux/amd64'], push: true, tags } as const
      const { digest } = await depot.build(options({ 'for-amd64': name }, push)).result
      for (const tag of tags) assert.equal((await indexAt(tag, login)).digest, digest)
    }
    // Also where the environment has some, whose registry nobody has named.
    for (const variables of [{}, env]) {
      await using depot = depotWith(variables)
      const tags = [`${host}/team/app:nobody`]
      const nobody = depot.build(
        options({ 'for-amd64': 'x' }, { platforms: ['linux/amd64'], push: true, tags }),
      )
      await assert.rejects(nobody.result, {
        code: 'SOLVE_FAILED',
        message: /401|authorization|no basic auth/i,
      })
    }
  })

  it('of two platforms become one, saved and pushed, with every member in each registry', async () => {
    await using open = await startRegistry()
    const names = [`${open.host}/team/app:1`, `${open.host}/other/app`]
    const files = { 'for-amd64': 'of amd64', 'for-arm64': 'of arm64' }
    const attests = { 'attest:provenance': 'mode=min' }
    const run = depot.build(
      options(files, { platforms: both, save: true, push: true, tags: names, frontendAttrs: attests }),
    )
    const ran = await vertexesOf(run)
    const { digest, tags, platforms, buildId } = await run.result
    assert.deepEqual(tags.slice(1), names)
    const all = await Promise.all(
      tags.map((tag) => indexAt(tag, tag === tags[0] ? organization() : undefined)),
    )
    for (const { digest: own, index } of all) {
      assert.equal(own, digest)
      assert.equal(index.mediaType, 'application/vnd.oci.image.index.v1+json')
      assert.deepEqual(platformsIn(index), [
        'linux/amd64',
        'unknown/unknown',
        'linux/arm64',
        'unknown/unknown',
      ])
      const [amd64, ofAmd64, arm64, ofArm64] = index.manifests
      assert.equal(ofAmd64?.annotations?.['vnd.docker.reference.digest'], amd64?.digest)
      assert.equal(ofArm64?.annotations?.['vnd.docker.reference.digest'], arm64?.digest)
    }
    for (const name of names)
      for (const { digest: member } of all[0]!.index.manifests)
        assert.ok(await indexAt(`${name.replace(/:1$/, '')}@${member}`), 'the registry has every member')
    for (const platform of ['amd64', 'arm64'] as const) {
      assert.match(platforms[platform]?.digest ?? '', /^sha256:/)
      assert.notEqual(platforms[platform]?.digest, digest)
      assert.ok(
        ran[platform].some((name) => name.includes(`COPY for-${platform}`) || name.includes('COPY for-')),
      )
    }
    assert.equal(finishes(buildId).length, 1)
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
  })

  it('of two platforms are written into one folder, each into its own part of it', async () => {
    await using dir = await tempDir()
    const outputDir = join(dir.path, 'out')
    const files = { 'for-amd64': 'of amd64', 'for-arm64': 'of arm64' }
    await depot.build(options(files, { platforms: both, exports: [{ type: 'local', outputDir }] })).result
    assert.deepEqual((await readdir(outputDir)).sort(), ['linux_amd64', 'linux_arm64'])
    for (const platform of ['amd64', 'arm64'])
      assert.equal(await readFile(join(outputDir, `linux_${platform}`, 'file'), 'utf8'), `of ${platform}`)
  })

  it('of several platforms of one machine come from one solve', async () => {
    await using open = await startRegistry()
    const Dockerfile =
      'FROM scratch\nARG TARGETARCH\nARG TARGETVARIANT\nCOPY for-$TARGETARCH$TARGETVARIANT /file\n'
    const context = { 'for-arm64': '64', 'for-armv7': '7' }
    const run = depot.build(
      options(
        {},
        {
          ...{
            platforms: ['linux/arm64', 'linux/arm/v7'],
            push: true,
            provenance: false,
            tags: [`${open.host}/team/app:arm`],
          },
          localDirs: { context, dockerfile: { Dockerfile } },
        },
      ),
    )
    const { digest, platforms, buildId } = await run.result
    assert.deepEqual(Object.keys(platforms), ['arm64'])
    assert.equal(platforms.arm64?.digest, digest)
    const { index } = await indexAt(`${open.host}/team/app:arm`)
    assert.deepEqual(platformsIn(index), ['linux/arm64', 'linux/arm'])
    const asked = standIn.journal.of(buildId).filter(({ method }) => method === 'GetBuildKitConnection')
    assert.deepEqual([...new Set(asked.map(({ platform }) => platform))], ['arm64'])
  })

  it('are not pushed under any name when one machine fails, and the build is finished once', async () => {
    await using open = await startRegistry()
    const tags = [`${open.host}/team/app:1`]
    const run = depot.build(options({ 'for-amd64': 'only' }, { platforms: both, push: true, tags }))
    await assert.rejects(run.result, { code: 'SOLVE_FAILED', message: /for-arm64.*not found/s })
    await assert.rejects(indexAt(tags[0]!), { code: 'NOT_FOUND' })
    const [finish] = standIn.journal.named('FinishBuild').slice(-1)
    assert.equal(finishes(finish!.buildId!).length, 1)
    const outcome = standIn.build(finish!.buildId!).outcome
    assert.equal(outcome?.status, 'failed')
    assert.match((outcome as { error: string }).error, /for-arm64/)
  })

  it('are built on a fresh machine when one dies, the other machine keeps its work', async () => {
    await using dir = await tempDir()
    await using open = await startRegistry()
    const context = join(dir.path, 'context')
    await mkdir(context)
    await copyFile(busybox(), join(context, 'busybox'))
    // Steps of another platform need no emulation as long as they are none.
    const Dockerfile =
      'FROM scratch AS amd64\nCOPY busybox /bin/sh\nRUN ["/bin/sh","-c","echo begun; sleep 2; echo done > /file"]\n' +
      'FROM scratch AS arm64\nCOPY busybox /file\nFROM $TARGETARCH\n'
    const platforms = both
    const run = depot.build(
      options(
        {},
        {
          ...{ platforms, replaceLostMachine: true, push: true, tags: [`${open.host}/team/app:1`] },
          localDirs: { context, dockerfile: { Dockerfile: `ARG TARGETARCH\n${Dockerfile}` } },
        },
      ),
    )
    let projectId = ''
    const states: string[] = []
    let killed = false
    for await (const event of run.events) {
      if (event.type === 'build') ({ projectId } = event)
      else if (event.type === 'machine' && event.platform === 'amd64') states.push(event.state.kind)
      else if (
        event.type === 'status' &&
        event.platform === 'amd64' &&
        !killed &&
        event.status.logs?.length
      ) {
        killed = true
        await pool.machine(projectId, 'amd64').kill()
      }
    }
    const { digest, buildId } = await run.result
    assert.deepEqual(
      states.filter((state) => state !== 'pending'),
      ['requested', 'active', 'lost', 'requested', 'active', 'released'],
    )
    const { index, digest: own } = await indexAt(`${open.host}/team/app:1`)
    assert.equal(own, digest)
    // Each image with its provenance, as Depot’s CLI has it.
    assert.deepEqual(platformsIn(index), ['linux/amd64', 'unknown/unknown', 'linux/arm64', 'unknown/unknown'])
    assert.equal(finishes(buildId).length, 1)
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
  })
})

/** The names of the steps that ran on each machine. */
async function vertexesOf(run: DepotRun): Promise<Record<MachinePlatform, string[]>> {
  const names: Record<MachinePlatform, Set<string>> = { amd64: new Set(), arm64: new Set() }
  for await (const event of run.events)
    if (event.type === 'status')
      for (const { name = '' } of event.status.vertexes ?? []) names[event.platform].add(name)
  return { amd64: [...names.amd64], arm64: [...names.arm64] }
}
