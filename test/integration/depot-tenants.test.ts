import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type RegistryAuth, startRegistry } from '../../scripts/parts/registry.ts'
import type { Server } from '../../scripts/parts/server.ts'
import { Depot } from '../../src/depot/depot.ts'
import type { DepotResult, DepotRun } from '../../src/depot/run/depot-run.ts'
import type { DepotSolveOptions } from '../../src/depot/run/depot-solve-options.ts'
import { RegistryClient } from '../../src/registry/client.ts'
import { parseReference } from '../../src/registry/reference.ts'
import { registryAuth } from '../../src/registry/registry-auth.ts'
import { startMachinePool } from '../depot/stand-in/machine-pool.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { busybox } from '../support/daemon.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { startTokenServer, type TokenServer } from '../support/token-server.ts'

/** Of fifty builds, three of which are not as the others. */
const ordinary = 47

/** A customer of a service: a project, a registry account, and files that are nobody else's. */
interface Tenant {
  readonly name: string
  readonly projectId: string
  readonly password: string
  readonly contents: string
  readonly outputDir: string
}

describe('fifty builds of fifty projects in one process', {
  skip: skipWithout('buildkitd', 'registry', 'busybox'),
}, () => {
  let dir: TempDir
  let standIn: StandIn
  let depot: Depot
  let tokens: TokenServer
  let registry: Server<string>
  const passwords = new Map<string, string>()
  /** Who has asked for which repository at the token server of the registry. */
  const asked: { username: string; repository: string }[] = []

  before(async () => {
    dir = await tempDir()
    tokens = await startTokenServer(({ username = '', secret }) =>
      passwords.get(username) === secret
        ? (repository) => {
            asked.push({ username, repository })
            return repository.startsWith(`${username}/`)
          }
        : undefined,
    )
    const { realm, service, issuer, keys } = tokens
    const auth: RegistryAuth = { type: 'token', realm, service, issuer, keys }
    registry = await startRegistry(part('registry'), auth)
    standIn = await startStandIn({
      machines: (settings) => startMachinePool(settings, { buildkitd: part('buildkitd'), shared: true }),
    })
    depot = new Depot({ apiUrl: standIn.apiUrl, token: standIn.organizationToken, env: {} })
  })
  after(async () => {
    await depot?.close()
    await standIn?.[Symbol.asyncDispose]()
    await registry?.stop()
    await tokens?.[Symbol.asyncDispose]()
    await dir?.[Symbol.asyncDispose]()
  })

  function newTenant(name: string): Tenant {
    const password = randomBytes(8).toString('hex')
    passwords.set(name, password)
    const { projectId } = standIn.createProject({ name })
    const contents = `only ${name} knows ${randomBytes(16).toString('hex')}`
    return { name, projectId, password, contents, outputDir: join(dir.path, name) }
  }

  const imageOf = ({ name }: Tenant) => `${registry.ready}/${name}/app:1`

  function start(tenant: Tenant, more: Partial<DepotSolveOptions> = {}): DepotRun {
    const { name, projectId, password, contents, outputDir } = tenant
    return depot.build({
      ...{ projectId, platforms: ['linux/amd64'], push: true, tags: [imageOf(tenant)] },
      localDirs: {
        context: { [name]: contents },
        dockerfile: { Dockerfile: `FROM scratch\nCOPY ${name} /file\nLABEL of=${name}\n` },
      },
      exports: [{ type: 'local', outputDir }],
      pushCredentials: { [registry.ready]: { username: name, password } },
      ...more,
    })
  }

  /** The names of all its steps. */
  async function stepsOf(run: DepotRun): Promise<string[]> {
    const names = new Set<string>()
    for await (const event of run.events)
      if (event.type === 'status') for (const { name = '' } of event.status.vertexes ?? []) names.add(name)
    return [...names]
  }

  /** What has to hold of a build that went well: everything of its tenant is there, and nothing of anybody else. */
  async function assertOwn(tenant: Tenant, steps: string[], result: DepotResult): Promise<void> {
    const { name, projectId, contents, outputDir, password } = tenant
    assert.ok(
      steps.some((step) => step.includes(`COPY ${name} /file`)),
      `${name}: ${steps.join('\n')}`,
    )
    const foreign = steps.filter((step) => /tenant-\d+/.exec(step.replaceAll(`${name} `, ''))?.[0])
    assert.deepEqual(foreign, [], name)
    assert.deepEqual(await readdir(outputDir), ['file'])
    assert.equal(await readFile(join(outputDir, 'file'), 'utf8'), contents)
    const login = { username: name, password }
    await using client = new RegistryClient({ auth: registryAuth(async () => login) })
    assert.equal((await client.manifest(parseReference(imageOf(tenant)))).digest, result.digest)
    assert.equal(result.projectId, projectId)
    assertLifeCycle(result.buildId, 'success')
  }

  /** Every call of a build has its own token; it is finished once, and nothing follows. */
  function assertLifeCycle(buildId: string, status: string): void {
    const [created, ...others] = standIn.journal.of(buildId)
    assert.equal(created?.method, 'CreateBuild')
    for (const { method, token, tokenOf } of others)
      assert.deepEqual([token, tokenOf], ['build', buildId], method)
    const finishes = others.filter(({ method }) => method === 'FinishBuild')
    assert.equal(finishes.length, 1)
    assert.equal(others.at(-1)?.method, 'FinishBuild')
    assert.equal(standIn.build(buildId).outcome?.status, status)
  }

  /** Builds for so many tenants at once, and checks them when all are done. Returns milliseconds. */
  async function round(names: string): Promise<{ all: number; each: number[] }> {
    const tenants = Array.from({ length: ordinary }, (_, index) => newTenant(`tenant-${names}${index}`))
    const began = performance.now()
    const each: number[] = []
    const done = await Promise.all(
      tenants.map(async (tenant) => {
        const run = start(tenant)
        const [steps, result] = await Promise.all([stepsOf(run), run.result])
        each.push(performance.now() - began)
        return { tenant, steps, result }
      }),
    )
    const all = performance.now() - began
    for (const { tenant, steps, result } of done) await assertOwn(tenant, steps, result)
    return { all, each }
  }

  it('each sees only its own, and one that fails, hangs or is huge does not hold up the others', async (t) => {
    const alone = await round('1')

    const context = join(dir.path, 'hanging')
    await mkdir(context)
    await copyFile(busybox(), join(context, 'busybox'))
    const sleep = 'FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh","-c","echo asleep; sleep 1000"]\n'
    const hanging = start(newTenant('hanging'), { localDirs: { context, dockerfile: { Dockerfile: sleep } } })
    let isOver = false
    hanging.result
      .catch(() => {})
      .finally(() => {
        isOver = true
      })
    const hangingBuild = await asleep(hanging)

    const failing = start(newTenant('failing'), {
      localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch\nCOPY missing /\n' } },
    })
    const failed = assert.rejects(failing.result, { code: 'SOLVE_FAILED', message: /missing/ })
    const piece = randomBytes(1 << 20)
    const pieces = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`piece-${index}`, piece]))
    const hugeTenant = newTenant('huge')
    const huge = start(hugeTenant, {
      ...{ push: false, pushCredentials: {} },
      localDirs: { context: pieces, dockerfile: { Dockerfile: 'FROM scratch\nCOPY . /\n' } },
    })
    const amongThem = await round('2')
    assert.equal(isOver, false, 'the hanging build still runs when all others are done')

    await failed
    const { buildId } = await huge
    assertLifeCycle(buildId, 'success')
    assert.equal((await readdir(hugeTenant.outputDir)).length, 256)
    hanging.cancel('enough')
    await assert.rejects(hanging.result, { code: 'CANCELLED', cause: 'enough' })
    assertLifeCycle(hangingBuild, 'cancelled')

    const foreign = asked.filter(({ username, repository }) => !repository.startsWith(`${username}/`))
    assert.deepEqual(foreign, [], 'nobody has asked for a repository with the credentials of another')
    report(t, alone, amongThem)
  })
})

/** Settles when its step runs; returns the id of the build. */
async function asleep(run: DepotRun): Promise<string> {
  let id = ''
  for await (const event of run.events) {
    if (event.type === 'build') id = event.buildId
    if (event.type === 'status' && event.status.logs?.length) return id
  }
  throw new Error('it has ended')
}

/** Figures for people: they decide nothing. */
function report(t: TestContext, ...rounds: { all: number; each: number[] }[]): void {
  const [alone, amongThem] = rounds.map(({ all, each }) => {
    const sorted = [...each].sort((a, b) => a - b)
    return `all in ${Math.round(all)} ms, the median in ${Math.round(sorted[sorted.length >> 1]!)} ms`
  })
  t.diagnostic(`${ordinary} builds at once: ${alone}; with three bad neighbours: ${amongThem}`)
}
