import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { deferred } from '../../../src/base/deferred.ts'
import { Depot } from '../../../src/depot/depot.ts'
import { failed } from '../../support/fake-buildkitd.ts'
import { anySolve, startTenant } from '../tenant.ts'

describe('a build', () => {
  for (const machineApi of ['cli', 'public'] as const)
    it(`registers, gets a machine, builds on it, gives it back, and reports success (${machineApi} API)`, async () => {
      await using tenant = await startTenant({
        behaviour: { solve: async () => ({ 'containerimage.digest': 'sha256:1' }) },
        depot: { machineApi },
      })
      const { depot, projectId, standIn } = tenant
      const states: string[] = []
      const build = await depot.createBuild({ projectId })
      {
        await using _ = build
        assert.equal(build.projectId, projectId)
        assert.equal(build.url, `${standIn.apiUrl}/projects/${projectId}/builds/${build.buildId}`)
        await using machine = await build.acquireMachine('linux/arm64', {
          onState: ({ kind }) => states.push(kind),
        })
        assert.equal(machine.platform, 'arm64')
        await using buildkit = await machine.connect()
        const { digest } = await buildkit.solve(anySolve).result
        assert.equal(digest, 'sha256:1')
      }
      assert.deepEqual(states, ['requested', 'pending', 'active', 'released'])
      assert.deepEqual(standIn.build(build.buildId).outcome, { status: 'success' })
      assert.deepEqual(
        [...new Set(tenant.methods(build.buildId))],
        machineApi === 'cli'
          ? ['CreateBuild', 'GetBuildKitConnection', 'FinishBuild']
          : ['CreateBuild', 'GetEndpoint', 'ReleaseEndpoint', 'FinishBuild'],
      )
      assert.equal(standIn.journal.named('FinishBuild').length, 1)
      for (const { method, token, tokenOf } of standIn.journal.events)
        assert.deepEqual(
          [token, tokenOf],
          method === 'CreateBuild' ? ['project', projectId] : ['build', build.buildId],
        )
      assert.deepEqual([...tenant.machines.running[0]!.builds], [])
    })

  it('is failed with the message of the solve that failed, though another has succeeded', async () => {
    let solves = 0
    await using tenant = await startTenant({
      behaviour: {
        solve: async () => {
          if (solves++ === 1) throw failed('process "/bin/sh -c false" did not complete: exit code: 1')
          return {}
        },
      },
    })
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(anySolve).result
      await assert.rejects(buildkit.solve(anySolve).result, { code: 'SOLVE_FAILED' })
      await buildkit.solve(anySolve).result
    }
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, {
      status: 'failed',
      error: 'failed to solve: process "/bin/sh -c false" did not complete: exit code: 1',
    })
  })

  it('shares one listener with any number of others that have the same signal', async () => {
    await using tenant = await startTenant()
    const { projectId, depot } = tenant
    const controller = new AbortController()
    const { signal } = controller
    const builds = await Promise.all(
      Array.from({ length: 15 }, () => depot.createBuild({ projectId, signal })),
    )
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    controller.abort()
    for (const build of builds) {
      await build[Symbol.asyncDispose]()
      assert.equal(tenant.standIn.build(build.buildId).outcome?.status, 'cancelled')
    }
  })

  it('left without any solve is failed, and says so', async () => {
    await using tenant = await startTenant()
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    await build[Symbol.asyncDispose]()
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, {
      status: 'failed',
      error: 'nothing was built: no solve ran on a machine of this build',
    })
  })

  it('left while it still builds cancels that solve, waits for it, and is cancelled', async () => {
    const started = deferred()
    let endedAtDaemon = false
    await using tenant = await startTenant({
      behaviour: {
        solve: async ({ signal }) => {
          started.resolve()
          await once(signal, 'abort')
          endedAtDaemon = true
          throw failed('context canceled')
        },
      },
    })
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const machine = await build.acquireMachine('amd64')
    const run = (await machine.connect()).solve(anySolve)
    let settled = false
    run.result.catch(() => {
      settled = true
    })
    await started.promise
    await build[Symbol.asyncDispose]()
    assert.ok(settled && endedAtDaemon)
    await assert.rejects(run.result, { code: 'CANCELLED' })
    assert.equal(machine.state.kind, 'released')
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'cancelled', by: 'client' })
  })

  it('is finished once, though code of the caller’s that is cancelled by that finishes it too', async () => {
    await using tenant = await startTenant()
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const machine = await build.acquireMachine('amd64')
    const checking = deferred()
    const check = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => {
          void build.finish({ status: 'failed', error: 'the second one' })
          reject(signal.reason)
        })
        checking.resolve()
      })
    ;(await machine.connect()).solve({ ...anySolve, session: [{ methods: {}, check }] })
    await checking.promise
    await build.finish({ status: 'failed', error: 'the first one' })
    assert.equal(tenant.standIn.journal.named('FinishBuild').length, 1)
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, {
      status: 'failed',
      error: 'the first one',
    })
  })

  it('whose connection is closed in the middle of a solve, as a scope does, is cancelled', async () => {
    const started = deferred()
    await using tenant = await startTenant({
      behaviour: {
        solve: async ({ signal }) => {
          started.resolve()
          await once(signal, 'abort')
          throw failed('context canceled')
        },
      },
    })
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      buildkit.solve(anySolve)
      await started.promise
    }
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'cancelled', by: 'client' })
  })

  it('whose signal aborts in the middle of a solve is cancelled, and Depot is told', async () => {
    const started = deferred()
    await using tenant = await startTenant({
      behaviour: {
        solve: async ({ signal }) => {
          started.resolve()
          await once(signal, 'abort')
          throw failed('context canceled')
        },
      },
    })
    const controller = new AbortController()
    const { signal } = controller
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId, signal })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64', { signal })
      await using buildkit = await machine.connect({ signal })
      const run = buildkit.solve({ ...anySolve, signal })
      await started.promise
      controller.abort(new Error('the customer has left'))
      await assert.rejects(run.result, { code: 'CANCELLED', message: /the customer has left/ })
      await assert.rejects(build.acquireMachine('arm64'), {
        code: 'CANCELLED',
        cause: signal.reason,
      })
    }
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'cancelled', by: 'client' })
    assert.deepEqual(getEventListeners(signal, 'abort'), [])
  })

  it('whose signal aborts between its solves is cancelled, though all went well so far', async () => {
    await using tenant = await startTenant()
    const controller = new AbortController()
    const { signal } = controller
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId, signal })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(anySolve).result
      controller.abort(new Error('enough'))
      await assert.rejects(buildkit.solve(anySolve).result, { code: 'CANCELLED' })
    }
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'cancelled', by: 'client' })
  })

  it('is finished as cancelled though code of the caller’s hangs in a solve', async () => {
    await using tenant = await startTenant()
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const machine = await build.acquireMachine('amd64')
    const buildkit = await machine.connect()
    const asked = deferred()
    const hanging = {
      methods: {},
      check: () => {
        asked.resolve()
        return new Promise<void>(() => {})
      },
    }
    buildkit.solve({ ...anySolve, session: [hanging] })
    await asked.promise
    await build[Symbol.asyncDispose]()
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'cancelled', by: 'client' })
  })

  it('with an explicit outcome has that one and no other, whatever its solves say', async () => {
    await using tenant = await startTenant()
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    {
      await using _ = build
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(anySolve).result
      await Promise.all([
        build.finish({ status: 'failed', error: 'the tests of the image failed' }),
        build.finish({ status: 'cancelled' }),
      ])
      assert.equal(machine.state.kind, 'released')
      await assert.rejects(build.acquireMachine('arm64'), { code: 'CLOSED' })
    }
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, {
      status: 'failed',
      error: 'the tests of the image failed',
    })
    assert.equal(tenant.standIn.journal.named('FinishBuild').length, 1)
  })

  it('refuses what is no outcome', async () => {
    await using tenant = await startTenant()
    await using build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    await assert.rejects(build.finish({ status: 'done' } as never), {
      code: 'INVALID_OPTION',
      subject: 'outcome',
    })
    await assert.rejects(build.finish('cancelled' as never), { subject: 'outcome', received: '"cancelled"' })
    await assert.rejects(build.finish({ status: 'failed' } as never), { subject: 'outcome.error' })
    await build.finish({ status: 'success' })
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'success' })
  })

  it('has one machine of each kind at a time', async () => {
    await using tenant = await startTenant()
    await using build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const [arm, amd] = await Promise.all([build.acquireMachine('arm64'), build.acquireMachine('amd64')])
    await assert.rejects(build.acquireMachine('linux/arm/v7'), { code: 'REFUSED', subject: 'arm64' })
    await arm.release()
    const [again, another] = await Promise.allSettled([
      build.acquireMachine('linux/arm/v7'),
      build.acquireMachine('linux/arm64'),
    ])
    assert.deepEqual([again.status, another.status], ['fulfilled', 'rejected'])
    assert.deepEqual([arm.state.kind, amd.state.kind], ['released', 'active'])
    await build.finish({ status: 'cancelled' })
  })

  it('can be adopted from whoever has registered it, and is ended by the same rules', async () => {
    await using tenant = await startTenant()
    await using registrar = await startTenant()
    const { standIn } = tenant
    const first = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const { buildId } = first
    const token = standIn.build(buildId).token
    {
      await using build = await tenant.depot.adoptBuild({ buildId, token })
      assert.deepEqual([build.buildId, build.projectId, build.url], [buildId, tenant.projectId, first.url])
      await using machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      await buildkit.solve(anySolve).result
    }
    assert.deepEqual(standIn.build(buildId).outcome, { status: 'success' })
    assert.equal(standIn.journal.named('GetBuild')[0]?.token, 'build')
    await assert.rejects(registrar.depot.adoptBuild({ buildId, token }), { code: 'UNAUTHENTICATED' })
  })

  it('is not adopted without its id and its token, which are never looked for', async () => {
    await using tenant = await startTenant({ depot: { env: { DEPOT_TOKEN: 'token', DEPOT_BUILD_ID: 'id' } } })
    const { depot, standIn } = tenant
    for (const [options, subject] of [
      [{ buildId: undefined, token: 't' }, 'buildId'],
      [{ buildId: 'b/../c', token: 't' }, 'buildId'],
      [{ buildId: 'b', token: undefined }, 'token'],
      [{ buildId: 'b', token: 'with space' }, 'token'],
    ] as const)
      await assert.rejects(depot.adoptBuild(options as never), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(standIn.journal.events, [])
  })

  it('abandoned while it is registered is finished as cancelled', async () => {
    await using tenant = await startTenant()
    const { standIn, projectId } = tenant
    standIn.faults.add({ method: 'CreateBuild', kind: 'delay', delayMs: 200 })
    const controller = new AbortController()
    const creating = tenant.depot.createBuild({ projectId, signal: controller.signal })
    await standIn.journal.until(({ method }) => method === 'CreateBuild')
    controller.abort(new Error('no longer wanted'))
    await assert.rejects(creating, { code: 'CANCELLED', received: 'no longer wanted' })
    await tenant.depot.close()
    const [created] = standIn.journal.named('CreateBuild')
    assert.deepEqual(standIn.build(created!.buildId!).outcome, { status: 'cancelled', by: 'client' })
  })

  it('still open when its Depot is closed ends with the outcome it has', async () => {
    await using tenant = await startTenant()
    const build = await tenant.depot.createBuild({ projectId: tenant.projectId })
    const machine = await build.acquireMachine('amd64')
    await (await machine.connect()).solve(anySolve).result
    await tenant.depot.close()
    assert.deepEqual(tenant.standIn.build(build.buildId).outcome, { status: 'success' })
    await assert.rejects(tenant.depot.createBuild({ projectId: tenant.projectId }), { code: 'CLOSED' })
  })

  it('shows no secret of its own or of its caller’s', async () => {
    await using tenant = await startTenant()
    const { standIn } = tenant
    const { projectId, token: caller } = standIn.createProject()
    await using depot = new Depot({ apiUrl: standIn.apiUrl, token: caller, env: { DEPOT_TOKEN: caller } })
    await using build = await depot.createBuild({ projectId })
    await using machine = await build.acquireMachine('amd64')
    await using buildkit = await machine.connect()
    const { token } = standIn.build(build.buildId)
    for (const value of [depot, build, machine, machine.state, buildkit]) {
      const shown = `${inspect(value, { depth: 12, showHidden: true })} ${JSON.stringify(value)} ${String(value)}`
      assert.ok(!shown.includes(token) && !shown.includes(caller) && !shown.includes('PRIVATE KEY'), shown)
    }
    await build.finish({ status: 'cancelled' })
  })
})
