import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { startMachinePool } from '../depot/stand-in/machine-pool.ts'
import { startSavedImagesRegistry } from '../depot/stand-in/saved-images-registry.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { part } from '../support/parts.ts'
import { type GuardedRegistry, startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { root } from './manual.ts'

const needs = { skip: skipWithout('buildkitd', 'registry') }

/** A stand-in with machines, and a folder with something to build, which is the home of whoever runs an example. */
async function setUp() {
  const depot = await startStandIn({
    machines: (settings) => startMachinePool(settings, { buildkitd: part('buildkitd'), shared: true }),
    images: (authorize) => startSavedImagesRegistry(part('registry'), authorize),
  })
  const home = await tempDir()
  await writeFile(join(home.path, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
  return {
    depot,
    home,
    async [Symbol.asyncDispose]() {
      await depot[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

type Setting = { readonly depot: StandIn; readonly home: TempDir }

function start({ depot, home }: Setting, name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, ['--import', 'tsx', `examples/depot/${name}.ts`, ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: home.path,
      DOCKER_CONFIG: home.path,
      DEPOT_API_URL: depot.apiUrl,
      DEPOT_TOKEN: depot.organizationToken,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What an example prints. It must end well, and by itself. */
async function output(setting: Setting, name: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const child = start(setting, name, args, env)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)])
  assert.equal(code, 0, `${name} ${args.join(' ')}:\n${stderr}`)
  return stdout.trimEnd()
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
}

/** The outcomes of all builds, as Depot was told. */
function outcomes({ journal }: StandIn): string[] {
  return journal.named('FinishBuild').map(({ request }) => Object.keys(request as object)[1]!)
}

describe('the examples for Depot', needs, () => {
  it('create, list and delete a project', async () => {
    await using setting = await setUp()
    const projectId = await output(setting, 'create-project', ['customer-42', 'eu-central-1'])
    assert.match(projectId, /^[a-z0-9]{10}$/)
    assert.equal(await output(setting, 'list-projects', []), `${projectId}\tcustomer-42\teu-central-1\t16x32`)
    assert.equal(await output(setting, 'delete-project', [projectId]), `${projectId} is deleted`)
    assert.equal(await output(setting, 'list-projects', []), '')
  })

  it('build a directory and save the image', async () => {
    await using setting = await setUp()
    const { depot, home } = setting
    const { projectId } = depot.createProject()
    const saved = await output(setting, 'create-build', [projectId, home.path])
    const [, host, project, digest] = /^(.+)\/(.+):.+@(sha256:[0-9a-f]{64})$/.exec(saved) ?? []
    assert.deepEqual([host, project], [depot.registryHost, projectId], saved)
    assert.match(digest ?? '', /^sha256/)
    assert.deepEqual(outcomes(depot), ['success'])
  })

  const ways: [string, (registry: GuardedRegistry, home: TempDir) => Promise<NodeJS.ProcessEnv>][] = [
    [
      'the Docker config',
      async ({ host, username, password }, home) => {
        const auth = Buffer.from(`${username}:${password}`).toString('base64')
        await writeFile(join(home.path, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
        return {}
      },
    ],
    [
      'static credentials',
      async ({ username, password }) => ({ REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password }),
    ],
    [
      'a callback',
      async ({ username, password }, home) => {
        const file = join(home.path, 'password')
        await writeFile(file, `${password}\n`)
        return { REGISTRY_USERNAME: username, REGISTRY_PASSWORD_FILE: file }
      },
    ],
  ]
  for (const [way, credentials] of ways) {
    it(`build a directory and push the image, with credentials from ${way}`, async () => {
      await using setting = await setUp()
      await using registry = await startTokenRegistry()
      const { depot, home } = setting
      const { projectId } = depot.createProject()
      const image = `${registry.host}/me/app:latest`
      const env = { DEPOT_PROJECT_ID: projectId, ...(await credentials(registry, home)) }
      const lines = (await output(setting, 'build-and-push', [image, home.path], env)).split('\n')
      assert.match(lines.pop() ?? '', /^sha256:[0-9a-f]{64}$/)
      assert.ok(lines.some((line) => JSON.parse(line).vertexes?.length > 0))
      assert.deepEqual(outcomes(depot), ['success'])
      const pushes = registry.tokenRequests.filter(({ scopes }) => scopes.some((scope) => /push/.test(scope)))
      assert.ok(pushes.length > 0)
      assert.ok(pushes.every(({ shown, status }) => shown === 'password' && status === 200))
    })
  }
})

/** The example's service with two tenants, until its scope ends; its exit code is checked. */
async function service() {
  const setting = await setUp()
  const [one, two] = [setting.depot.createProject(), setting.depot.createProject()]
  const tenants = JSON.stringify({ 'key-1': one.projectId, 'key-2': two.projectId })
  const child = start(setting, 'multi-tenant-service', [], { TENANTS: tenants, PORT: '0' })
  const errors = text(child.stderr)
  const lines = createInterface(child.stdout)
  const exited = exitOf(child)
  const ready = await Promise.race([once(lines, 'line'), exited.then(() => errors)])
  const url = String(ready)
  assert.match(url, /^http:/, url)
  const post = (key: string, files: unknown, signal = AbortSignal.timeout(60_000)) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ files }),
      signal,
    })
  return {
    ...setting,
    projects: [one.projectId, two.projectId] as const,
    post,
    async stop() {
      child.kill('SIGTERM')
      assert.deepEqual(await exited, [0, null], await errors)
      assert.equal(await errors, '')
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
      await setting[Symbol.asyncDispose]()
    },
  }
}

async function messages(response: Response): Promise<Record<string, unknown>[]> {
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
  return (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('the example of a service for many customers', needs, () => {
  it('builds for two of them at once, each in their own project, and tells each of their own build', async () => {
    await using it = await service()
    const dockerfile = (name: string) => ({
      Dockerfile: 'FROM scratch\nCOPY hello.txt /\n',
      'hello.txt': name,
    })
    const answers = await Promise.all([
      it.post('key-1', dockerfile('one')),
      it.post('key-2', dockerfile('two')),
    ])
    const [one, two] = await Promise.all(answers.map(messages))
    for (const [index, lines] of [one!, two!].entries()) {
      const { image, digest } = lines.at(-1) as { image: string; digest: string }
      assert.ok(image.startsWith(`${it.depot.registryHost}/${it.projects[index]}:`), image)
      assert.match(digest, /^sha256:/)
      assert.ok(lines.some(({ vertexes }) => JSON.stringify(vertexes ?? '').includes('COPY hello.txt')))
    }
    assert.notEqual(one!.at(-1)!.digest, two!.at(-1)!.digest)
    assert.deepEqual(outcomes(it.depot), ['success', 'success'])
    await it.stop()
  })

  it('says what was wrong with a build, and refuses whom it does not know and what it cannot read', async () => {
    await using it = await service()
    const failed = await messages(await it.post('key-1', { Dockerfile: 'FROM scratch\nCOPY missing /\n' }))
    const { error } = failed.at(-1) as { error: { code: string; message: string } }
    assert.equal(error.code, 'SOLVE_FAILED')
    assert.match(error.message, /missing/)
    assert.deepEqual(outcomes(it.depot), ['error'])
    assert.equal((await it.post('key-3', {})).status, 401)
    assert.equal((await it.post('key-1', undefined)).status, 400)
    assert.equal((await it.post('key-1', { Dockerfile: 1 })).status, 400)
    assert.equal((await it.post('key-1', { Dockerfile: ' '.repeat(2 << 20) })).status, 400)
    await it.stop()
  })

  it('cancels the build of a customer who hangs up, and that of another who is still building when it stops', async () => {
    await using it = await service()
    it.depot.faults.add({ method: 'GetBuildKitConnection', kind: 'pending', times: Infinity })
    const files = { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' }
    const hangUp = new AbortController()
    const first = await it.post('key-1', files, hangUp.signal)
    await it.depot.journal.until(({ method }) => method === 'GetBuildKitConnection')
    hangUp.abort()
    await assert.rejects(first.text())
    await it.depot.journal.until(({ method, outcome }) => method === 'FinishBuild' && outcome === 'ok')
    const second = await it.post('key-2', files)
    await it.depot.journal.until(({ method, endedAt }) => method === 'CreateBuild' && endedAt !== undefined, {
      count: 2,
    })
    await it.stop()
    await second.text().catch(() => {})
    assert.deepEqual(outcomes(it.depot), ['canceled', 'canceled'])
  })
})
