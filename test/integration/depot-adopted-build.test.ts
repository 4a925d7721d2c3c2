import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Depot } from '../../src/depot/depot.ts'
import { clients } from '../depot/stand-in/clients.ts'
import { type RealMachinePool, startMachinePool } from '../depot/stand-in/machine-pool.ts'
import {
  type SavedImagesRegistry,
  startSavedImagesRegistry,
} from '../depot/stand-in/saved-images-registry.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { createAuthority, type Issued } from '../support/certificates.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const program = fileURLToPath(new URL('adopting-program.ts', import.meta.url))

/** A Depot whose registry the machines find under its real name. */
interface RealName extends AsyncDisposable {
  readonly standIn: StandIn
  readonly pool: RealMachinePool
  readonly registry: SavedImagesRegistry
}

/** With a certificate for its token server, or without. */
async function startRealName(tls?: Issued): Promise<RealName> {
  let pool: RealMachinePool
  let registry: SavedImagesRegistry
  const standIn = await startStandIn({
    async machines(settings) {
      const options = { buildkitd: part('buildkitd'), depotRegistry: () => registry.host }
      pool = await startMachinePool(settings, options)
      return pool
    },
    async images(authorize) {
      registry = await startSavedImagesRegistry(part('registry'), authorize, { tls })
      return registry
    },
  })
  return {
    standIn,
    pool: pool!,
    registry: registry!,
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  }
}

/** Registers a build, as the process does that hands it over. */
function registered({ standIn }: RealName, projectId: string) {
  return clients(standIn, standIn.organizationToken).builds.createBuild({ projectId })
}

/** How the build has ended, and that Depot was told once. */
function outcomeOf({ standIn }: RealName, buildId: string) {
  const finishes = standIn.journal.of(buildId).filter(({ method }) => method === 'FinishBuild')
  assert.deepEqual(
    finishes.map(({ token, tokenOf }) => [token, tokenOf]),
    [['build', buildId]],
  )
  return standIn.build(buildId).outcome
}

describe('an adopted build', { skip: skipWithout('buildkitd', 'registry') }, () => {
  it('has its machine push to Depot’s registry under its real name, from where the next build takes it', async () => {
    await using dir = await tempDir()
    const authority = await createAuthority()
    const ca = join(dir.path, 'ca.pem')
    await writeFile(ca, authority.ca)
    await using depot = await startRealName(await authority.issue({ names: ['127.0.0.1'], usage: 'server' }))
    const { standIn, pool, registry } = depot
    const { projectId } = standIn.createProject()

    /** Builds in a process of its own, which trusts the token server from its first moment on. */
    async function adopted(dockerfile: string, outputDir: string) {
      const { buildId, buildToken } = await registered(depot, projectId)
      const child = spawn(process.execPath, ['--import', 'tsx', program, dockerfile, outputDir], {
        env: {
          PATH: process.env.PATH,
          ...{ DEPOT_API_URL: standIn.apiUrl, DEPOT_BUILD_ID: buildId, DEPOT_TOKEN: buildToken },
          NODE_EXTRA_CA_CERTS: ca,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 60_000,
      })
      const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')])
      assert.equal(exitCode, 0)
      assert.deepEqual(outcomeOf(depot, buildId), { status: 'success' })
      return { buildId, ...(JSON.parse(stdout) as { digest: string; savedTags: string[] }) }
    }

    const first = await adopted('FROM scratch\nCOPY file /file\n', join(dir.path, 'first'))
    assert.deepEqual(first.savedTags, [
      `registry.depot.dev/${projectId}:${first.buildId}`,
      `registry.depot.dev/${projectId}:latest`,
    ])
    const saved = async () =>
      Object.fromEntries((await registry.list(projectId)).map(({ tag, digest }) => [tag, digest]))
    assert.deepEqual(await saved(), { [first.buildId]: first.digest, latest: first.digest })

    // A machine that has never seen the image gets it from the registry.
    await pool.reset(projectId)
    const output = join(dir.path, 'second')
    const second = await adopted(`FROM ${first.savedTags[0]}\nCOPY file /more\n`, output)
    assert.equal(await readFile(join(output, 'file'), 'utf8'), `of ${first.buildId}`)
    assert.equal(await readFile(join(output, 'more'), 'utf8'), `of ${second.buildId}`)
    assert.notEqual(second.digest, first.digest)
    assert.deepEqual(await saved(), {
      ...{ [first.buildId]: first.digest, [second.buildId]: second.digest },
      latest: second.digest,
    })
    assert.deepEqual([...new Set(registry.tokenRequests.map(({ shown }) => shown))], ['password'])
  })

  it('shows its token to no token server in clear, and is failed', async () => {
    await using depot = await startRealName()
    const { standIn, registry } = depot
    const { projectId } = standIn.createProject()
    const { buildId, buildToken: token } = await registered(depot, projectId)
    await using client = new Depot({ apiUrl: standIn.apiUrl, env: {} })
    {
      await using build = await client.adoptBuild({ buildId, token })
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      const run = buildkit.solve({
        frontend: 'dockerfile.v0',
        localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch\nLABEL a=b\n' } },
        exports: [{ type: 'image', attrs: { name: build.savedTags.join(), push: 'true' } }],
        session: [build.auth],
      })
      await assert.rejects(run.result, {
        code: 'CREDENTIALS_FAILED',
        message: /^no token for registry\.depot\.dev: its token server is not called/,
      })
    }
    assert.equal(outcomeOf(depot, buildId)?.status, 'failed')
    assert.deepEqual([registry.tokenRequests, await registry.list(projectId)], [[], []])
  })
})
