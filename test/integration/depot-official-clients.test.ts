import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import * as tar from 'tar-stream'
import { Depot } from '../../src/depot/index.ts'
import { type ClientRun, depotCli, depotSdk } from '../depot/official-clients.ts'
import type { JournalEvent } from '../depot/stand-in/journal.ts'
import { startMachinePool } from '../depot/stand-in/machine-pool.ts'
import {
  type SavedImagesRegistry,
  startSavedImagesRegistry,
} from '../depot/stand-in/saved-images-registry.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { part } from '../support/parts.ts'
import { registryGet } from '../support/registry-get.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

const needs = { skip: skipWithout('buildkitd', 'registry', 'depotCli', 'depotSdk') }

describe('Depot’s own clients at the stand-in', needs, () => {
  let standIn: StandIn
  let registry: SavedImagesRegistry
  let dir: TempDir
  before(async () => {
    dir = await tempDir()
    standIn = await startStandIn({
      machines: (settings) =>
        startMachinePool(settings, { buildkitd: part('buildkitd'), depotRegistry: () => registry.host }),
      images: async (authorize) => {
        registry = await startSavedImagesRegistry(part('registry'), authorize)
        return registry
      },
    })
  })
  after(async () => {
    await standIn?.[Symbol.asyncDispose]()
    await dir?.[Symbol.asyncDispose]()
  })

  /** A context of its own for one test. */
  async function context(name: string, dockerfile = 'FROM scratch\nCOPY file /\n'): Promise<string> {
    const folder = join(dir.path, name)
    await mkdir(folder)
    await writeFile(join(folder, 'file'), `of ${name}\n`)
    await writeFile(join(folder, 'Dockerfile'), dockerfile)
    return folder
  }

  /** With the organization's token, as a person would. */
  function build(folder: string, projectId: string, ...args: string[]): Promise<ClientRun> {
    const { apiUrl, organizationToken: token } = standIn
    return depotCli(['build', '--progress=plain', ...args, '.'], folder, { apiUrl, token, projectId })
  }

  /** The only build of a project. */
  function buildIdOf(projectId: string): string {
    const created = standIn.journal
      .named('CreateBuild')
      .filter((event) => event.projectId === projectId)
      .map(({ buildId }) => buildId)
    assert.equal(created.length, 1)
    return created[0]!
  }

  function callsOf(buildId: string, method: string): JournalEvent[] {
    return standIn.journal.of(buildId).filter((event) => event.method === method)
  }

  /** What has to hold for every build, however it was made and however it ended. */
  function assertLifeCycle(buildId: string, result: object, platforms: readonly string[]): void {
    const [created, ...others] = standIn.journal.of(buildId)
    assert.deepEqual([created?.method, created?.token], ['CreateBuild', 'organization'])
    for (const { method, token, tokenOf, httpVersion } of others)
      assert.deepEqual([token, tokenOf, httpVersion], ['build', buildId, '2.0'], method)
    assert.deepEqual(
      callsOf(buildId, 'FinishBuild').map(({ request, outcome }) => ({ request, outcome })),
      [{ request: { buildId, ...result }, outcome: 'ok' }],
    )
    for (const method of ['GetBuildKitConnection', 'ReportBuildHealth']) {
      // The last heartbeat may be under way when the client ends.
      const answered = callsOf(buildId, method).filter(({ outcome }) => outcome === 'ok')
      assert.deepEqual([...new Set(answered.map(({ platform }) => platform))].sort(), platforms, method)
    }
  }

  /** Reads from a saved image as somebody else with a token of the project. */
  async function fetched(projectId: string, path: string, password: string): Promise<Response> {
    const url = `http://${registry.host}/v2/${projectId}/${path}`
    const { response } = await registryGet(url, { username: 'x-token', password })
    assert.equal(response.status, 200, url)
    return response
  }

  /** The files of a saved image; of an index those of each image in it, by platform. */
  async function savedFiles(projectId: string, reference: string, password: string): Promise<object> {
    const read = async (ref: string) =>
      (await (await fetched(projectId, `manifests/${ref}`, password)).json()) as Index & Image
    const index = await read(reference)
    if (index.manifests === undefined) return filesOf(index)
    const images = index.manifests.map(async ({ digest, platform }) => [
      `${platform.os}/${platform.architecture}`,
      await filesOf(await read(digest)),
    ])
    return Object.fromEntries(await Promise.all(images))

    async function filesOf({ layers }: Image): Promise<object> {
      const files: Record<string, string> = {}
      for (const { digest } of layers) {
        const blob = Buffer.from(await (await fetched(projectId, `blobs/${digest}`, password)).arrayBuffer())
        for await (const entry of Readable.from([gunzipSync(blob)]).pipe(tar.extract()))
          files[entry.header.name] = await text(entry)
      }
      return files
    }
  }

  /** Runs a module text with the package for Node and gives what it prints as JSON. */
  async function sdk<T>(program: string): Promise<T> {
    const { apiUrl, organizationToken: token } = standIn
    const run = await depotSdk(program, { apiUrl, token })
    assert.equal(run.exitCode, 0, run.stderr)
    return JSON.parse(run.stdout)
  }

  it('the command line builds into a folder', async () => {
    const { projectId } = standIn.createProject()
    const folder = await context('local')
    const run = await build(folder, projectId, '--output=type=local,dest=out')
    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(await readFile(join(folder, 'out/file'), 'utf8'), 'of local\n')
    assertLifeCycle(buildIdOf(projectId), { success: {} }, ['amd64'])
  })

  it('the command line reports a build that fails', async () => {
    const { projectId } = standIn.createProject()
    const folder = await context('failing', 'FROM scratch\nCOPY missing /\n')
    const run = await build(folder, projectId)
    assert.equal(run.exitCode, 1, run.stderr)
    const buildId = buildIdOf(projectId)
    const outcome = standIn.build(buildId).outcome
    assert.equal(outcome?.status, 'failed')
    assert.match(outcome.error, /"\/missing": not found$/)
    assertLifeCycle(buildId, { error: { error: outcome.error } }, ['amd64'])
  })

  it('the command line saves an image, under the id of the build and a tag', async () => {
    const { projectId, token } = standIn.createProject()
    const folder = await context('saved')
    const run = await build(folder, projectId, '--provenance=false', '--save', '--save-tag=latest')
    assert.equal(run.exitCode, 0, run.stderr)
    const buildId = buildIdOf(projectId)
    const saved = await registry.list(projectId)
    assert.deepEqual(saved.map(({ tag }) => tag).sort(), [buildId, 'latest'].sort())
    assert.deepEqual(await savedFiles(projectId, buildId, token), { file: 'of saved\n' })
    assertLifeCycle(buildId, { success: {} }, ['amd64'])
  })

  it('the command line saves an index of two images that two machines have built', async () => {
    const { projectId, token } = standIn.createProject()
    const folder = await context('both', 'FROM scratch\nARG TARGETARCH\nCOPY file /$TARGETARCH\n')
    const platforms = '--platform=linux/amd64,linux/arm64'
    const run = await build(folder, projectId, platforms, '--provenance=false', '--save')
    assert.equal(run.exitCode, 0, run.stderr)
    const buildId = buildIdOf(projectId)
    assert.deepEqual(await savedFiles(projectId, buildId, token), {
      'linux/amd64': { amd64: 'of both\n' },
      'linux/arm64': { arm64: 'of both\n' },
    })
    assertLifeCycle(buildId, { success: {} }, ['amd64', 'arm64'])
  })

  it('our client tells Depot and BuildKit what the command line tells them', async () => {
    const dockerfile = 'FROM scratch AS stage\nCOPY file /\nFROM scratch\n'
    const [theirs, ours] = [standIn.createProject(), standIn.createProject()]
    const folder = await context('compared', dockerfile)
    const tag = 'one.example/me/app:1'
    const cli = ['--save', '--save-tag=v1', '--target=stage', `--tag=${tag}`, '--platform=linux/amd64']
    const run = await build(folder, theirs.projectId, ...cli)
    assert.equal(run.exitCode, 0, run.stderr)
    const { apiUrl, organizationToken } = standIn
    await using depot = new Depot({ apiUrl, token: organizationToken, env: {} })
    await depot.build({
      projectId: ours.projectId,
      localDirs: { context: folder, dockerfile: folder },
      frontendAttrs: { filename: 'Dockerfile', target: 'stage' },
      ...{ tags: [tag], save: { tags: ['v1'] }, platforms: ['linux/amd64'] },
    }).result

    const told = ({ projectId }: { projectId: string }) => {
      const { request } = callsOf(buildIdOf(projectId), 'CreateBuild')[0]!
      return { ...(request as object), projectId: undefined }
    }
    assert.deepEqual(told(ours), told(theirs))
    const methods = ({ projectId }: { projectId: string }) =>
      [...new Set(standIn.journal.of(buildIdOf(projectId)).map(({ method }) => method))].sort()
    // Depot has the steps from its machines; the command line adds some of its own.
    assert.deepEqual([...methods(ours), 'ReportStatusStream'].sort(), methods(theirs))
    assert.deepEqual(await provenance(ours), await provenance(theirs))

    const { reference, targets } = await depot.images.pullInfo(buildIdOf(theirs.projectId))
    assert.match(reference, new RegExp(`${buildIdOf(theirs.projectId)}$`))
    assert.deepEqual(
      targets.map(({ targetName, tags, save, saveTags }) => [targetName, tags, save, saveTags]),
      [['stage', [tag], true, ['v1']]],
    )
  })

  /**
   * What the provenance of a saved image says of the request that it was built by; not of the request around that, as the
   * command line runs the frontend by a gateway of its own.
   */
  async function provenance({ projectId, token }: { projectId: string; token: string }): Promise<unknown> {
    const read = async (path: string) => (await (await fetched(projectId, path, token)).json()) as never
    const index: Index = await read(`manifests/${buildIdOf(projectId)}`)
    const attested = index.manifests!.find(({ platform }) => platform.os === 'unknown')
    assert.ok(attested, 'it has provenance')
    const { layers }: Image = await read(`manifests/${attested.digest}`)
    const { predicate }: Statement = await read(`blobs/${layers[0]!.digest}`)
    const { externalParameters, ...definition } = predicate.buildDefinition
    const { root: _, ...request } = externalParameters.request
    assert.equal(request.frontend, 'dockerfile.v0')
    return { ...definition, externalParameters: { ...externalParameters, request } }
  }

  it('the command line lists the organizations', async () => {
    const { organizationId: other } = standIn.createOrganization('Another')
    const token = standIn.userToken([standIn.organizationId, other])
    await using home = await tempDir()
    await mkdir(join(home.path, 'depot'))
    await writeFile(join(home.path, 'depot/depot.yaml'), `api_token: ${token}\n`)
    const environment = { apiUrl: standIn.apiUrl, token: '' }
    const run = await depotCli(['org', 'list', '--output=json'], dir.path, environment, home.path)
    assert.equal(run.exitCode, 0, run.stderr)
    const listed = (JSON.parse(run.stdout) as object[]).map((organization) =>
      Object.values(organization).sort(),
    )
    const known = [
      [standIn.organizationId, 'The stand-in'],
      [other, 'Another'],
    ]
    for (const organization of known)
      assert.ok(
        listed.some((values) => organization.every((value) => values.includes(value))),
        run.stdout,
      )
    assert.equal(listed.length, known.length)
  })

  it('the package for Node creates, lists and deletes projects, and creates and finishes builds', async () => {
    const { before, during, after, buildId } = await sdk<{
      before: string[]
      during: string[]
      after: string[]
      buildId: string
    }>(`
      const { ProjectService } = depot.core.v1
      const names = async () =>
        (await ProjectService.listProjects({}, { headers })).projects.map(({ name }) => name)
      const before = await names()
      const { project } = await ProjectService.createProject({
        name: 'of the package',
        regionId: 'us-east-1',
        cachePolicy: { keepBytes: 50 * 1024 ** 3, keepDays: 14 },
      }, { headers })
      const { projectId } = project
      const during = await names()
      const { buildId, buildToken } =
        await depot.build.v1.BuildService.createBuild({ projectId }, { headers })
      await depot.build.v1.BuildService.finishBuild(
        { buildId, result: { case: 'success', value: {} } },
        { headers: { Authorization: 'Bearer ' + buildToken } },
      )
      await ProjectService.deleteProject({ projectId }, { headers })
      console.log(JSON.stringify({ before, during, after: await names(), buildId }))
    `)
    assert.deepEqual(during, [...before, 'of the package'])
    assert.deepEqual(after, before)
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
    const [finished, ...more] = callsOf(buildId, 'FinishBuild')
    assert.deepEqual([finished?.token, finished?.httpVersion, more], ['build', '2.0', []])
    assert.match(finished?.userAgent ?? '', /^connect-es\//)
  })

  it('the command line runs a build that the package for Node has created', async () => {
    const { projectId, token } = standIn.createProject()
    const folder = await context('adopted')
    const { buildId, buildToken } = await sdk<{ buildId: string; buildToken: string }>(
      `const project = { projectId: '${projectId}' }
      console.log(JSON.stringify(await depot.build.v1.BuildService.createBuild(project, { headers })))`,
    )
    const environment = { apiUrl: standIn.apiUrl, token: buildToken, projectId, buildId }
    const run = await depotCli(['build', '--provenance=false', '--save', '.'], folder, environment)
    assert.equal(run.exitCode, 0, run.stderr)
    assert.deepEqual(await savedFiles(projectId, buildId, token), { file: 'of adopted\n' })
    assert.equal(callsOf(buildId, 'GetBuild').length, 1)
    assert.equal(buildIdOf(projectId), buildId, 'and it has created no other')
    assertLifeCycle(buildId, { success: {} }, ['amd64'])
  })
})

interface Index {
  readonly manifests?: readonly {
    readonly digest: string
    readonly platform: { readonly os: string; readonly architecture: string }
  }[]
}

interface Statement {
  readonly predicate: {
    readonly buildDefinition: {
      readonly externalParameters: {
        readonly request: { readonly frontend: string; readonly root?: unknown }
      }
    }
  }
}

interface Image {
  readonly layers: readonly { readonly digest: string }[]
}
