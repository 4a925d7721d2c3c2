import assert from 'node:assert/strict'
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BuildkitError, isBuildkitError } from '../../src/base/errors.ts'
import { Depot, type MachineConnectOptions } from '../../src/depot/index.ts'
import {
  type Buildkit,
  SolveError,
  type SolveOptions,
  type SolveRun,
  type SolveStatus,
} from '../../src/index.ts'
import { type RealMachine, type RealMachinePool, startMachinePool } from '../depot/stand-in/machine-pool.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { busybox } from '../support/daemon.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

describe('a build on a real machine of Depot', { skip: skipWithout('buildkitd', 'busybox') }, () => {
  let standIn: StandIn
  let pool: RealMachinePool
  let depot: Depot
  let context: Awaited<ReturnType<typeof tempDir>>

  before(async () => {
    context = await tempDir()
    await copyFile(busybox(), join(context.path, 'busybox'))
    standIn = await startStandIn({
      async machines(settings) {
        pool = await startMachinePool(settings, { buildkitd: part('buildkitd') })
        return pool
      },
    })
    depot = new Depot({ apiUrl: standIn.apiUrl, token: standIn.organizationToken, env: {} })
  })
  after(async () => {
    await depot?.close()
    await standIn?.[Symbol.asyncDispose]()
    await context?.[Symbol.asyncDispose]()
  })

  /** A shell, and one step that runs in it. */
  function step(command: string): SolveOptions {
    const Dockerfile = `FROM scratch\nCOPY busybox /bin/sh\nRUN ${command}\n`
    return { frontend: 'dockerfile.v0', localDirs: { context: context.path, dockerfile: { Dockerfile } } }
  }

  /** A step that goes on until it is ended from outside, once it has begun. */
  async function endless(buildkit: Buildkit, more: Partial<SolveOptions> = {}): Promise<{ run: SolveRun }> {
    const run = buildkit.solve({ ...step('echo begun; sleep 600'), ...more })
    for await (const status of run.status) if (wordsOf(status).includes('begun')) break
    return { run }
  }

  /** What the steps have written. */
  function wordsOf({ logs = [] }: SolveStatus): string {
    return Buffer.concat(logs.map(({ data }) => Buffer.from(data ?? '', 'base64'))).toString()
  }

  async function rejection(promise: Promise<unknown>): Promise<BuildkitError> {
    const error = await promise.then(
      () => assert.fail('it should have been rejected'),
      (caught) => caught,
    )
    assert.ok(isBuildkitError(error), String(error))
    return error
  }

  /** What there is to say of every build: told once how it ended, by its own token, with nothing afterwards. */
  function assertOver(buildId: string, outcome: object): void {
    assert.deepEqual(standIn.build(buildId).outcome, outcome)
    const events = standIn.journal.of(buildId)
    assert.equal(events.filter(({ method }) => method === 'FinishBuild').length, 1)
    assert.equal(events.at(-1)?.method, 'FinishBuild')
    for (const { method, token, tokenOf } of events.slice(1))
      assert.deepEqual([token, tokenOf], ['build', buildId], method)
  }

  /** Where disks of machines are mounted, see proc(5). */
  async function machineDisks(): Promise<string[]> {
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
    return mounts.filter((line) => line.includes(' - tmpfs ') && line.includes('/machine-pool-'))
  }

  const cancelled = { status: 'cancelled', by: 'client' }
  const success = { status: 'success' }

  it('goes as the manual has it: over mTLS, with every status, to its true outcome', async () => {
    const { projectId } = standIn.createProject()
    const lines: string[] = []
    let buildId = ''
    {
      await using build = await depot.createBuild({ projectId })
      buildId = build.buildId
      await using machine = await build.acquireMachine('arm64')
      await using buildkit = await machine.connect()
      const run = buildkit.solve({ ...step('echo from the machine'), exports: [{ type: 'image' }] })
      for await (const status of run.status) lines.push(wordsOf(status))
      const { digest } = await run.result
      assert.match(digest!, /^sha256:[0-9a-f]{64}$/)
    }
    assert.match(lines.join(''), /from the machine/)
    assertOver(buildId, success)
  })

  it('goes the same way through the public API', async () => {
    const { projectId, token } = standIn.createProject()
    await using own = new Depot({ apiUrl: standIn.apiUrl, token, env: {}, machineApi: 'public' })
    const build = await own.createBuild({ projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(step('true')).result
    }
    assertOver(build.buildId, success)
    const methods = standIn.journal.of(build.buildId).map(({ method }) => method)
    assert.deepEqual(methods.slice(-2), ['ReleaseEndpoint', 'FinishBuild'])
  })

  it('is failed with the words of the step that failed', async () => {
    const { projectId } = standIn.createProject()
    const build = await depot.createBuild({ projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await rejection(buildkit.solve(step('exit 7')).result)
    }
    const { outcome } = standIn.build(build.buildId)
    assert.equal(outcome?.status, 'failed')
    assert.match((outcome as { error: string }).error, /did not complete successfully: exit code: 7/)
  })

  type Harm = (machine: RealMachine, projectId: string) => Promise<void>
  const harms: [string, Harm, MachineConnectOptions?][] = [
    ['is killed', (machine) => machine.kill()],
    ['is stopped', (_, projectId) => pool.reset(projectId)],
    ['restarts at the same endpoint', (machine) => machine.restart()],
    ['falls silent', async (machine) => machine.pause(), { livenessTimeoutMs: 6_000 }],
  ]
  for (const [harm, inflict, more] of harms)
    it(`whose machine ${harm} in the middle loses it, and succeeds on a fresh one`, async () => {
      const { projectId } = standIn.createProject()
      const build = await depot.createBuild({ projectId })
      {
        await using _ = build
        const states: string[] = []
        await using machine = await build.acquireMachine('amd64', {
          onState: ({ kind }) => states.push(kind),
        })
        await using buildkit = await machine.connect(more)
        const { run } = await endless(buildkit)
        const victim = pool.machine(projectId, 'amd64')
        const harmed = inflict(victim, projectId)
        const error = await rejection(run.result)
        assert.equal(error.code, 'MACHINE_LOST', error.message)
        assert.equal(states.at(-1), 'lost')
        await harmed
        if (harm === 'falls silent') await victim.kill()
        await using fresh = await machine.replace()
        await using again = await fresh.connect()
        await again.solve(step('true')).result
      }
      assertOver(build.buildId, success)
    })

  it('whose machine has no space left on its disk is failed with the words of the daemon', async () => {
    const mounted = await machineDisks()
    const { projectId } = standIn.createProject()
    await pool.limitDisk(projectId, 'amd64', 8 << 20)
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'file'), '')
    await truncate(join(dir.path, 'file'), 32 << 20)
    const dockerfile = { Dockerfile: 'FROM scratch\nCOPY file /\n' }
    const localDirs = { context: dir.path, dockerfile }
    const build = await depot.createBuild({ projectId })
    let error: BuildkitError
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      assert.equal((await machineDisks()).length, mounted.length + 1)
      await using buildkit = await machine.connect()
      error = await rejection(buildkit.solve({ frontend: 'dockerfile.v0', localDirs }).result)
      assert.ok(error instanceof SolveError)
      assert.equal(error.code, 'SOLVE_FAILED')
      assert.equal(error.vertex?.name, '[internal] load build context')
      assert.match(error.message, /write \/.*\/file: no space left on device$/)
      assert.equal(machine.state.kind, 'active', 'it has said so itself, and is not lost')
    }
    // Longer than the 5 s between two heartbeats: none may follow.
    await sleep(5_500)
    assertOver(build.buildId, { status: 'failed', error: error.message })
    const machine = pool.machine(projectId, 'amd64')
    await pool.reset(projectId)
    assert.equal(machine.running, false)
    assert.deepEqual(await machineDisks(), mounted)
  })

  it('that Depot cancels in the middle ends, and is finished as cancelled', async () => {
    const { projectId } = standIn.createProject()
    const build = await depot.createBuild({ projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      const { run } = await endless(buildkit)
      standIn.cancelBuild(build.buildId)
      const error = await rejection(run.result)
      assert.equal(error.code, 'CANCELLED')
      assert.match(error.message, /Depot has cancelled build/)
    }
    assertOver(build.buildId, cancelled)
  })

  it('that its caller aborts in the middle is finished as cancelled, and the machine builds for the next', async () => {
    const { projectId } = standIn.createProject()
    const controller = new AbortController()
    const { signal } = controller
    const build = await depot.createBuild({ projectId, signal })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64', { signal })
      await using buildkit = await machine.connect({ signal })
      const { run } = await endless(buildkit, { signal })
      controller.abort(new Error('the customer has left'))
      assert.equal((await rejection(run.result)).code, 'CANCELLED')
    }
    assertOver(build.buildId, cancelled)
    const before = pool.machine(projectId, 'amd64').id
    const next = await depot.createBuild({ projectId })
    {
      await using _ = next
      await using machine = await next.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(step('true')).result
    }
    assert.equal(pool.machine(projectId, 'amd64').id, before, 'it lingers')
    assertOver(next.buildId, success)
  })

  for (const defect of ['wrong-usage', 'wrong-authority', 'wrong-ca', 'wrong-server-name'] as const)
    it(`is failed at once where TLS fails: ${defect}`, async () => {
      const { projectId } = standIn.createProject()
      const build = await depot.createBuild({ projectId })
      const { buildId } = build
      standIn.faults.add({
        method: 'GetBuildKitConnection',
        buildId,
        kind: 'machine',
        defect,
        times: Infinity,
      })
      {
        await using _ = build
        await using machine = await build.acquireMachine('amd64')
        const began = performance.now()
        const error = await rejection(machine.connect())
        assert.equal(error.code, 'TLS_FAILED')
        assert.ok(performance.now() - began < 3_000)
      }
      const { outcome } = standIn.build(buildId)
      assert.match((outcome as { error: string }).error, /^connecting to the amd64 machine of build /)
    })
})
