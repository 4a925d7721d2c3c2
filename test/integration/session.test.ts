import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import {
  type Attachable,
  connect,
  type SolveError,
  type SolveOptions,
  type SolveStatus,
  staticAuth,
} from '../../src/index.ts'
import { fileSync } from '../../src/session/files/file-sync.ts'
import { startSolve } from '../../src/solve/run.ts'
import { SharedSession } from '../../src/solve/shared-session.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { daemonAddress } from '../support/daemon.ts'
import { startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const dockerfile = { Dockerfile: 'FROM scratch\nCOPY . /\n' }

async function collect(status: AsyncIterable<SolveStatus>): Promise<SolveStatus[]> {
  const list: SolveStatus[] = []
  for await (const one of status) list.push(one)
  return list
}

describe('the session of a build on a real daemon', { skip: skipWithout('daemon', 'registry') }, () => {
  it('serves directories of the caller’s own attachable beside localDirs', async () => {
    await using dir = await tempDir()
    await using buildkit = await connect(daemonAddress())
    const outputDir = join(dir.path, 'out')
    await buildkit.solve({
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'context:extra': 'local:extra' },
      localDirs: {
        context: { a: 'from localDirs' },
        dockerfile: { Dockerfile: 'FROM scratch\nCOPY a /\nCOPY --from=extra b /\n' },
      },
      session: [fileSync({ extra: { b: 'from the attachable' } })],
      exports: [{ type: 'local', outputDir }],
    }).result
    assert.equal(await readFile(join(outputDir, 'a'), 'utf8'), 'from localDirs')
    assert.equal(await readFile(join(outputDir, 'b'), 'utf8'), 'from the attachable')
  })

  it('counts in the build’s status what it has sent', async () => {
    await using buildkit = await connect(daemonAddress())
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: { a: 'A'.repeat(100_000), b: 'B' }, dockerfile },
    })
    const statuses = (await collect(run.status)).flatMap((status) => status.statuses ?? [])
    await run.result
    const ofClient = statuses.filter(({ vertex }) => vertex === undefined)
    const last = (id: string) => ofClient.findLast((status) => status.id === id)
    assert.deepEqual([last('sent context')?.current, last('sent context files')?.current], [100_001, 2])
    assert.deepEqual(
      [last('sent dockerfile')?.current, last('sent dockerfile files')?.current],
      [dockerfile.Dockerfile.length, 1],
    )
    assert.ok(ofClient.every(({ started, completed }) => Date.parse(started!) <= Date.parse(completed!)))
  })

  it('has steps for the credentials that it uses, named as buildctl names them', async () => {
    await using buildkit = await connect(daemonAddress())
    await using registry = await startTokenRegistry()
    const credentials = { username: registry.username, password: registry.password }
    const options = (auth: Attachable): SolveOptions => ({
      frontend: 'dockerfile.v0',
      localDirs: { context: { a: 'A' }, dockerfile },
      exports: [{ type: 'image', attrs: { name: `${registry.host}/me/app:1`, push: 'true' } }],
      session: [auth],
    })
    const stepsOf = async (auth: Attachable) => {
      const run = buildkit.solve(options(auth))
      const vertexes = (await collect(run.status)).flatMap((status) => status.vertexes ?? [])
      await run.result
      return vertexes.filter(({ name }) => name?.startsWith('[auth]'))
    }
    const byUs = await stepsOf(staticAuth({ [registry.host]: credentials }, { env: {} }))
    assert.equal(byUs[0]?.name, `[auth] me/app:pull,push token for ${registry.host}`)
    assert.ok(byUs.every(({ started, completed, digest }) => started && completed && digest))
    const byDaemon = await stepsOf(
      staticAuth({ [registry.host]: credentials }, { env: { BUILDKIT_NO_CLIENT_TOKEN: '1' } }),
    )
    assert.deepEqual(
      byDaemon.map(({ name }) => name),
      [`[auth] sharing credentials for ${registry.host}`],
    )
  })

  it('skips any export whose function returns nothing', async () => {
    await using buildkit = await connect(daemonAddress())
    for (const type of ['tar', 'oci', 'docker'] as const)
      await buildkit.solve({
        frontend: 'dockerfile.v0',
        localDirs: { context: { a: 'A' }, dockerfile },
        exports: [{ type, output: () => undefined }],
      }).result
  })
})

describe('a session that several builds share', { skip: skipWithout('daemon') }, () => {
  /** A build with a context of its own, the shared Dockerfile, and two exports whose ids are those of the others. */
  function buildOf(name: string, dir: string): SolveOptions {
    return {
      frontend: 'dockerfile.v0',
      localDirs: { context: { name, only: `only in ${name}` } },
      exports: [
        { type: 'local', outputDir: join(dir, name) },
        { type: 'tar', output: join(dir, `${name}.tar`) },
      ],
    }
  }

  it('brings the exports of builds at the same time into their own targets', async () => {
    await using dir = await tempDir()
    await using buildkit = await openOwn()
    const { connection } = buildkit
    await using session = new SharedSession(connection, { localDirs: { dockerfile } })
    const names = ['red', 'blue', 'green']
    const runs = names.map((name) => startSolve(connection, buildOf(name, dir.path), { session }))
    await Promise.all(runs.map(({ result }) => result))
    for (const name of names) {
      assert.equal(await readFile(join(dir.path, name, 'only'), 'utf8'), `only in ${name}`)
      assert.match(await readFile(join(dir.path, `${name}.tar`), 'latin1'), new RegExp(`only in ${name}`))
    }
  })

  it('blames a failing export on its own build, and the others succeed', async () => {
    await using dir = await tempDir()
    await using buildkit = await openOwn()
    const { connection } = buildkit
    await using session = new SharedSession(connection, { localDirs: { dockerfile } })
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the disk is full')) })
    const failing = startSolve(
      connection,
      { ...buildOf('red', dir.path), exports: [{ type: 'tar', output: full }] },
      { session },
    )
    const working = startSolve(connection, buildOf('blue', dir.path), { session })
    const [failure] = await Promise.allSettled([failing.result, working.result])
    assert.equal(failure!.status, 'rejected')
    const error = (failure as PromiseRejectedResult).reason as SolveError
    assert.deepEqual(
      [error.code, error.message],
      ['EXPORT_FAILED', 'cannot write the output: the disk is full'],
    )
    assert.equal(error.ref, failing.ref)
    await working.result
    assert.deepEqual((await readdir(join(dir.path, 'blue'))).sort(), ['name', 'only'])
    // And the session still serves.
    await startSolve(connection, buildOf('green', dir.path), { session }).result
    assert.equal(await readFile(join(dir.path, 'green', 'name'), 'utf8'), 'green')
  })

  it('may end one build while the others go on', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'x'))
    await using buildkit = await openOwn()
    const { connection } = buildkit
    await using session = new SharedSession(connection, { localDirs: { dockerfile } })
    const stop = new AbortController()
    const cancelled = startSolve(
      connection,
      { ...buildOf('red', dir.path), signal: stop.signal },
      { session },
    )
    const working = startSolve(connection, buildOf('blue', dir.path), { session })
    stop.abort()
    await assert.rejects(cancelled.result, { code: 'CANCELLED' })
    await working.result
    assert.equal(await readFile(join(dir.path, 'blue', 'name'), 'utf8'), 'blue')
  })
})

/** A connection as this package has it inside. */
async function openOwn() {
  const connection = await openConnection(await routeTo(daemonAddress(), {}))
  return { connection, [Symbol.asyncDispose]: () => connection.close() }
}
