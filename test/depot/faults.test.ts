import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { deferred } from '../../src/base/deferred.ts'
import { type BuildkitError, isBuildkitError } from '../../src/base/errors.ts'
import type { DepotBuild } from '../../src/depot/builds/build.ts'
import { Depot } from '../../src/depot/depot.ts'
import type { Machine } from '../../src/depot/machine/machine.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { failed } from '../support/fake-buildkitd.ts'
import type { CodeName, Fault, MachineDefect } from './stand-in/faults.ts'
import type { JournalEvent } from './stand-in/journal.ts'
import { anySolve, startTenant, type Tenant } from './tenant.ts'

/**
 * All builds of this file, at one stand-in at the same time. Each test has a project, and a build, of its own;
 * what is said about every one of them is asserted at the end of each, and once more when all have been over
 * for longer than a heartbeat.
 */
let tenant: Tenant
/** Ends the solves that wait for it, by the build's own id. */
const solving = new Map<string, () => void>()

before(async () => {
  tenant = await startTenant({
    behaviour: {
      solve: async ({ request, signal }) => {
        const { source, name } = request.FrontendAttrs as { source: string; name?: string }
        if (source === 'frontend.test/canceled') throw new RpcError(Code.Canceled, 'context canceled')
        if (source !== 'frontend.test/endless') return {}
        solving.get(name ?? '')?.()
        await once(signal, 'abort')
        throw failed('context canceled')
      },
    },
  })
})

after(async () => {
  // Longer than the 5 s between two heartbeats: none may come from a build that is over.
  await sleep(5_500)
  await using standIn = tenant.standIn
  for (const { buildId } of standIn.journal.named('CreateBuild'))
    if (buildId !== undefined) assertOver(buildId)
})

/** Builds that a test has called with another token than their own. */
const otherTokens = new Set<string>()

/** What holds for every build, however it ends. */
function assertOver(buildId: string): void {
  const events = tenant.standIn.journal.of(buildId)
  const show = () => `${buildId}:\n${events.map(({ method, outcome }) => `${method} ${outcome}`).join('\n')}`
  const finishes = events.filter(({ method }) => method === 'FinishBuild')
  const said = new Set(finishes.map(({ request }) => JSON.stringify(request)))
  assert.equal(said.size, 1, `one outcome: ${show()}`)
  assert.ok(
    finishes.slice(0, -1).every(({ outcome }) => outcome !== 'ok'),
    `told once: ${show()}`,
  )
  const end = finishes[0]!.at
  for (const { method, at } of events)
    assert.ok(method === 'FinishBuild' || at <= end, `nothing after its end: ${method} in ${show()}`)
  for (const { method, token, tokenOf } of events)
    if (method !== 'CreateBuild' && !otherTokens.has(buildId))
      assert.deepEqual([token, tokenOf], ['build', buildId], method)
  if (tenant.standIn.build(buildId).outcome === undefined) return
  for (const machine of tenant.machines.running) assert.ok(!machine.builds.has(buildId), show())
}

/** A build in a project of its own, which is over when this returns. */
async function inBuild(
  work: (build: DepotBuild, projectId: string) => Promise<void>,
  options: { machineApi?: 'cli' | 'public' } = {},
) {
  const { standIn } = tenant
  const { projectId, token } = standIn.createProject()
  const warnings: string[] = []
  const onWarning = ({ code }: { code: string }) => warnings.push(code)
  await using depot = new Depot({ apiUrl: standIn.apiUrl, token, env: {}, onWarning, ...options })
  const build = await depot.createBuild({ projectId })
  {
    await using _ = build
    await work(build, projectId)
  }
  assertOver(build.buildId)
  const events = standIn.journal.of(build.buildId)
  return { build: standIn.build(build.buildId), events, warnings }
}

const fault = (build: DepotBuild, one: Record<string, unknown> & { method: string }) =>
  tenant.standIn.faults.add({ buildId: build.buildId, ...one } as Fault)

const polls = (events: readonly JournalEvent[]) =>
  events.filter(({ method }) => method === 'GetBuildKitConnection' || method === 'GetEndpoint')

async function solveOn(machine: Machine): Promise<void> {
  await using buildkit = await machine.connect()
  await buildkit.solve(anySolve).result
}

/** A solve that goes on until it is ended from outside; returned once the daemon is at it. */
async function endlessSolve(build: DepotBuild, machine: Machine) {
  const buildkit = await machine.connect()
  const started = deferred()
  solving.set(build.buildId, started.resolve)
  const run = buildkit.solve({
    frontend: 'gateway.v0',
    frontendAttrs: { source: 'frontend.test/endless', name: build.buildId },
  })
  run.result.catch((error) => started.reject(error))
  await started.promise
  return { run }
}

/** Of all builds so far. */
function tokens(): string[] {
  const { journal } = tenant.standIn
  return journal
    .named('CreateBuild')
    .flatMap(({ buildId }) => (buildId === undefined ? [] : tenant.standIn.build(buildId).token))
}

/** The rejection, that it shows no secret, and that it came within the time. */
async function rejection(promise: Promise<unknown>, withinMs: number): Promise<BuildkitError> {
  const began = performance.now()
  const error = await promise.then(
    () => assert.fail('it should have been rejected'),
    (caught) => caught,
  )
  const tookMs = performance.now() - began
  assert.ok(isBuildkitError(error), String(error))
  const shown = inspect(error, { depth: 20, showHidden: true })
  for (const secret of ['PRIVATE KEY', 'Bearer ', ...tokens()]) assert.ok(!shown.includes(secret), shown)
  assert.ok(tookMs < withinMs, `${error.message} after ${Math.round(tookMs)} ms`)
  return error
}

describe('acquiring', { concurrency: true }, () => {
  const passing: CodeName[] = [
    'unavailable',
    'internal',
    'unknown',
    'deadline_exceeded',
    'resource_exhausted',
  ]
  for (const code of [...passing, 'aborted', 'data_loss'] as const)
    it(`asks again after ${code}`, async () => {
      const { build, events } = await inBuild(async (build) => {
        fault(build, { method: 'GetBuildKitConnection', kind: 'error', code, times: 2 })
        await solveOn(await build.acquireMachine('amd64'))
      })
      assert.deepEqual(build.outcome, { status: 'success' })
      assert.deepEqual(
        polls(events)
          .slice(0, 2)
          .map(({ outcome }) => outcome),
        [code, code],
      )
    })

  for (const kind of ['bad-gateway', 'reset'] as const)
    it(`asks again after a ${kind}`, async () => {
      const { build, events } = await inBuild(async (build) => {
        fault(build, { method: 'GetBuildKitConnection', kind })
        await solveOn(await build.acquireMachine('amd64'))
      })
      assert.deepEqual(build.outcome, { status: 'success' })
      assert.equal(polls(events)[0]?.outcome, kind)
    })

  for (const [code, expected] of [
    ['unauthenticated', 'UNAUTHENTICATED'],
    ['permission_denied', 'PERMISSION_DENIED'],
    ['not_found', 'NOT_FOUND'],
    ['invalid_argument', 'REFUSED'],
    ['failed_precondition', 'REFUSED'],
  ] as const)
    for (const machineApi of ['cli', 'public'] as const)
      it(`ends at once with ${code} (${machineApi} API)`, async () => {
        const { build, events } = await inBuild(
          async (build) => {
            const method = machineApi === 'cli' ? 'GetBuildKitConnection' : 'GetEndpoint'
            fault(build, { method, kind: 'error', code, times: Infinity })
            const error = await rejection(build.acquireMachine('arm64'), 15_000)
            assert.equal(error.code, expected)
          },
          { machineApi },
        )
        assert.equal(polls(events).length, 1)
        assert.equal(build.outcome?.status, 'failed')
        assert.match((build.outcome as { error: string }).error, /a fault of the stand-in/)
      })

  it('has a deadline, with the last failure in its message', async () => {
    const { build, events } = await inBuild(async (build) => {
      fault(build, {
        method: 'GetBuildKitConnection',
        kind: 'error',
        code: 'resource_exhausted',
        times: Infinity,
      })
      const error = await rejection(build.acquireMachine('arm64', { timeoutMs: 800 }), 1_500)
      assert.equal(error.code, 'TIMEOUT')
      assert.match(error.message, /resource_exhausted/)
      assert.equal((error.cause as BuildkitError).code, 'RESOURCE_EXHAUSTED')
    })
    assert.ok(polls(events).length >= 2 && polls(events).length < 8, `${polls(events).length} polls`)
    assert.match((build.outcome as { error: string }).error, /resource_exhausted/)
  })

  for (const machineApi of ['cli', 'public'] as const) {
    it(`does not loop on empty replies (${machineApi} API)`, async () => {
      const { build, events } = await inBuild(
        async (build) => {
          const method = machineApi === 'cli' ? 'GetBuildKitConnection' : 'GetEndpoint'
          fault(build, { method, kind: 'empty', times: Infinity })
          const error = await rejection(build.acquireMachine('arm64', { timeoutMs: 2_000 }), 3_500)
          assert.equal(error.code, 'TIMEOUT')
          assert.equal((error.cause as BuildkitError).code, 'API_FAILED')
        },
        { machineApi },
      )
      assert.equal(build.outcome?.status, 'failed')
      assert.ok(polls(events).length < 10, `${polls(events).length} polls`)
    })

    it(`waits through any number of pendings, and gives up at its deadline (${machineApi} API)`, async () => {
      const { build, events } = await inBuild(
        async (build) => {
          const method = machineApi === 'cli' ? 'GetBuildKitConnection' : 'GetEndpoint'
          fault(build, { method, kind: 'pending', times: Infinity })
          const error = await rejection(build.acquireMachine('arm64', { timeoutMs: 500 }), 1_200)
          assert.equal(error.code, 'TIMEOUT')
          assert.equal(error.received, 'no machine until then')
        },
        { machineApi },
      )
      assert.equal(build.outcome?.status, 'failed')
      assert.ok(polls(events).length < 20)
    })

    it(`is ended by its signal (${machineApi} API)`, async () => {
      const { build } = await inBuild(
        async (build) => {
          const method = machineApi === 'cli' ? 'GetBuildKitConnection' : 'GetEndpoint'
          fault(build, { method, kind: 'pending', times: Infinity, waitMs: 60_000 })
          const controller = new AbortController()
          const acquiring = build.acquireMachine('arm64', { signal: controller.signal })
          await tenant.standIn.journal.until(
            (event) => event.method === method && event.buildId === build.buildId,
          )
          controller.abort(new Error('enough'))
          const error = await rejection(acquiring, 1_000)
          assert.deepEqual([error.code, error.cause], ['CANCELLED', controller.signal.reason])
        },
        { machineApi },
      )
      assert.deepEqual(build.outcome, { status: 'cancelled', by: 'client' })
    })
  }

  it('does not loop on a wait of 0 ms', async () => {
    const { events } = await inBuild(async (build) => {
      fault(build, { method: 'GetBuildKitConnection', kind: 'pending', waitMs: 0, times: Infinity })
      await rejection(build.acquireMachine('arm64', { timeoutMs: 1_000 }), 1_700)
    })
    assert.ok(polls(events).length <= 11, `${polls(events).length} polls`)
  })

  it('gives up on a service that never answers, within its deadline', async () => {
    const { build } = await inBuild(async (build) => {
      fault(build, { method: 'GetBuildKitConnection', kind: 'silence', times: Infinity })
      const error = await rejection(build.acquireMachine('arm64', { timeoutMs: 500 }), 1_200)
      assert.equal(error.code, 'TIMEOUT')
    })
    assert.equal(build.outcome?.status, 'failed')
  })

  it('refuses a deadline that no timer can have', async () => {
    await inBuild(async (build) => {
      for (const timeoutMs of [Number.NaN, 0, -1, 2 ** 31])
        assert.equal(
          (await rejection(build.acquireMachine('arm64', { timeoutMs }), 100)).code,
          'INVALID_OPTION',
        )
      const machine = await build.acquireMachine('arm64')
      assert.equal((await rejection(machine.connect({ timeoutMs: 0.5 }), 100)).code, 'INVALID_OPTION')
    })
  })

  it('of a platform that no machine builds for is refused before any call', async () => {
    const { build, events } = await inBuild(async (build) => {
      const error = await rejection(build.acquireMachine('linux/riscv64' as never), 100)
      assert.deepEqual([error.code, error.subject], ['INVALID_OPTION', 'platform'])
    })
    assert.deepEqual(
      events.map(({ method }) => method),
      ['CreateBuild', 'FinishBuild'],
    )
    assert.equal(build.outcome?.status, 'failed')
  })
})

describe('what a machine comes with', { concurrency: true }, () => {
  const unusable: [MachineDefect, RegExp][] = [
    [
      'expired',
      /certificate for us that came with .* expected a certificate that is valid now, got one that expired/,
    ],
    ['wrong-key', /key of the certificate for us .* got the key of another one/],
    ['missing-certificates', /certificate of its authority .* expected a certificate in PEM/],
  ]
  for (const [defect, message] of unusable)
    it(`is checked before it is used: ${defect}`, async () => {
      const { build } = await inBuild(async (build) => {
        fault(build, { method: 'GetBuildKitConnection', kind: 'machine', defect, times: Infinity })
        const error = await rejection(build.acquireMachine('amd64'), 2_000)
        assert.equal(error.code, 'TLS_FAILED')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /BEGIN/)
      })
      assert.equal(build.outcome?.status, 'failed')
      assert.match((build.outcome as { error: string }).error, message)
    })

  const refused: [MachineDefect, RegExp][] = [
    ['wrong-ca', /an authority that is not trusted/],
    ['wrong-server-name', /expected a certificate for another\.machine\.test, got one for/],
  ]
  for (const [defect, message] of refused)
    it(`fails the connection at once: ${defect}`, async () => {
      const { build } = await inBuild(async (build) => {
        fault(build, { method: 'GetBuildKitConnection', kind: 'machine', defect, times: Infinity })
        const machine = await build.acquireMachine('amd64')
        const error = await rejection(machine.connect(), 2_000)
        assert.equal(error.code, 'TLS_FAILED')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /tls\./, 'no option that the caller does not have')
      })
      assert.match((build.outcome as { error: string }).error, message)
    })

  // A daemon in Go refuses a certificate in words, and at once: see test/integration/depot.test.ts.
  for (const defect of ['dead-port', 'silent-port', 'wrong-usage', 'wrong-authority'] as const)
    it(`fails the connection at its deadline: ${defect}`, async () => {
      const { build } = await inBuild(async (build) => {
        fault(build, { method: 'GetBuildKitConnection', kind: 'machine', defect, times: Infinity })
        const machine = await build.acquireMachine('amd64')
        const error = await rejection(machine.connect({ timeoutMs: 600 }), 1_500)
        assert.equal(error.code, 'TIMEOUT')
        assert.match(error.message, /^connecting to the amd64 machine of build .* firewall/)
      })
      assert.equal(build.outcome?.status, 'failed')
    })
})

describe('heartbeats', { concurrency: true }, () => {
  const beats = (events: readonly JournalEvent[], platform: string) =>
    events.filter((event) => /^Report(Build)?Health$/.test(event.method) && event.platform === platform)

  for (const machineApi of ['cli', 'public'] as const)
    it(`start before the first poll, come every 5 s for each machine, and end with it (${machineApi} API)`, async () => {
      const { events } = await inBuild(
        async (build) => {
          const [, arm] = await Promise.all([build.acquireMachine('amd64'), build.acquireMachine('arm64')])
          const third = { count: 3, timeoutMs: 15_000 }
          const { journal } = tenant.standIn
          await journal.until(
            ({ buildId, platform, method }) =>
              buildId === build.buildId && platform === 'arm64' && /Health/.test(method),
            third,
          )
          await arm.release()
          await sleep(5_500)
        },
        { machineApi },
      )
      const of = (platform: string) => events.filter((event) => event.platform === platform)
      for (const platform of ['amd64', 'arm64'])
        assert.match(of(platform)[0]!.method, /Health$/, 'the first thing that Depot hears')
      assert.equal(beats(events, 'arm64').length, 3)
      assert.ok(beats(events, 'amd64').length >= 4)
      const times = beats(events, 'arm64').map(({ at }) => at.getTime())
      for (const [index, at] of times.entries()) {
        if (index === 0) continue
        const pause = at - times[index - 1]!
        assert.ok(pause >= 4_990 && pause < 6_000, `${pause} ms between two`)
      }
    })

  it('survive a burst of failures, and come sooner until one succeeds', async () => {
    const { build, events } = await inBuild(async (build) => {
      fault(build, { method: 'ReportBuildHealth', kind: 'error', code: 'unavailable' })
      fault(build, { method: 'ReportBuildHealth', kind: 'bad-gateway' })
      const machine = await build.acquireMachine('amd64')
      await tenant.standIn.journal.until(
        ({ buildId, method, outcome }) =>
          buildId === build.buildId && method === 'ReportBuildHealth' && outcome === 'ok',
      )
      await solveOn(machine)
    })
    assert.deepEqual(build.outcome, { status: 'success' })
    assert.deepEqual(
      beats(events, 'amd64').map(({ outcome }) => outcome),
      ['unavailable', 'bad-gateway', 'ok'],
    )
  })

  it('that are never answered hinder neither the build nor its end', async () => {
    const { build, events } = await inBuild(async (build) => {
      fault(build, { method: 'ReportBuildHealth', kind: 'silence', times: Infinity })
      const machine = await build.acquireMachine('amd64')
      await solveOn(machine)
      const began = performance.now()
      await machine.release()
      assert.ok(performance.now() - began < 1_000)
    })
    assert.deepEqual(build.outcome, { status: 'success' })
    assert.ok(beats(events, 'amd64').every(({ outcome }) => outcome !== 'ok'))
  })

  it('that are refused for good lose the machine, and the solve on it', async () => {
    const { build } = await inBuild(async (build) => {
      fault(build, {
        method: 'ReportBuildHealth',
        kind: 'error',
        code: 'not_found',
        skip: 1,
        times: Infinity,
      })
      const machine = await build.acquireMachine('amd64')
      const { run } = await endlessSolve(build, machine)
      const error = await rejection(run.result, 7_000)
      assert.equal(error.code, 'MACHINE_LOST')
      assert.equal((error.cause as BuildkitError).code, 'NOT_FOUND')
      assert.equal(machine.state.kind, 'lost')
      assert.equal((await rejection(machine.connect(), 100)).code, 'MACHINE_LOST')
    })
    assert.equal(build.outcome?.status, 'failed')
    assert.match((build.outcome as { error: string }).error, /was lost: Depot's .*ReportBuildHealth failed/)
  })

  for (const inMs of [-5_000, 1_500])
    it(`that say when the build is to stop (in ${inMs} ms) are obeyed: the solve ends as cancelled by Depot`, async () => {
      const { build } = await inBuild(async (build) => {
        const ordered = {
          method: 'ReportBuildHealth',
          kind: 'cancels-at',
          inMs: inMs + 500,
          skip: inMs < 0 ? 1 : 0,
        }
        fault(build, { ...ordered, times: Infinity })
        const machine = await build.acquireMachine('amd64')
        const { run } = await endlessSolve(build, machine)
        const error = await rejection(run.result, 7_000)
        assert.equal(error.code, 'CANCELLED')
        assert.match(error.message, /Depot has cancelled build/)
        await machine.release()
        assert.equal(machine.state.kind, 'released')
      })
      assert.deepEqual(build.outcome, { status: 'cancelled', by: 'client' })
    })

  it('that say stop while the machine is not there yet end the waiting', async () => {
    const { build } = await inBuild(async (build) => {
      fault(build, { method: 'ReportBuildHealth', kind: 'cancels-at', inMs: 300, times: Infinity })
      fault(build, { method: 'GetBuildKitConnection', kind: 'pending', times: Infinity })
      const error = await rejection(build.acquireMachine('amd64'), 2_000)
      assert.equal(error.code, 'CANCELLED')
      assert.match(error.message, /Depot has cancelled build/)
    })
    assert.deepEqual(build.outcome, { status: 'cancelled', by: 'client' })
  })
})

describe('a machine', { concurrency: true }, () => {
  it('that dies in the middle of a solve is lost, and its build is failed', async () => {
    const { build } = await inBuild(async (build, projectId) => {
      const states: string[] = []
      const machine = await build.acquireMachine('amd64', { onState: ({ kind }) => states.push(kind) })
      const { run } = await endlessSolve(build, machine)
      await tenant.machines.running.find((one) => one.projectId === projectId)!.die()
      const error = await rejection(run.result, 2_000)
      assert.equal(error.code, 'MACHINE_LOST')
      assert.equal((error.cause as BuildkitError).code, 'CONNECTION_LOST')
      assert.equal(states.at(-1), 'lost')
    })
    assert.match((build.outcome as { error: string }).error, /^the amd64 machine of build .* was lost: /)
  })

  it('that ends a solve by itself and stays is not lost; the build counts as cancelled', async () => {
    const { build } = await inBuild(async (build) => {
      const machine = await build.acquireMachine('amd64')
      await using buildkit = await machine.connect()
      const options = { ...anySolve, frontendAttrs: { source: 'frontend.test/canceled' } }
      const error = await rejection(buildkit.solve(options).result, 2_000)
      assert.deepEqual([error.code, machine.state.kind], ['SOLVE_FAILED', 'active'])
    })
    assert.deepEqual(build.outcome, { status: 'cancelled', by: 'client' })
  })

  it('that is lost can be replaced once, and the build still succeeds', async () => {
    const { build } = await inBuild(async (build, projectId) => {
      const die = () => tenant.machines.running.find((one) => one.projectId === projectId)!.die()
      const first = await build.acquireMachine('amd64')
      assert.equal((await rejection(first.replace(), 100)).code, 'REFUSED')
      const { run } = await endlessSolve(build, first)
      await die()
      await rejection(run.result, 2_000)
      const second = await first.replace()
      assert.notDeepEqual(second.state, first.state)
      await solveOn(second)
      assert.equal((await rejection(first.replace(), 100)).code, 'MACHINE_LOST')
    })
    assert.deepEqual(build.outcome, { status: 'success' })
  })

  it('that is released twice, also at the same time, is released once', async () => {
    const { build } = await inBuild(
      async (build) => {
        const machine = await build.acquireMachine('amd64')
        await solveOn(machine)
        await Promise.all([machine.release(), machine.release()])
        await machine.release()
        assert.equal((await rejection(machine.connect(), 100)).code, 'CLOSED')
      },
      { machineApi: 'public' },
    )
    assert.deepEqual(build.outcome, { status: 'success' })
  })

  it('that Depot cannot be told to release is a warning, and no hindrance', async () => {
    const { build, warnings } = await inBuild(
      async (build) => {
        fault(build, { method: 'ReleaseEndpoint', kind: 'error', code: 'internal', times: Infinity })
        await solveOn(await build.acquireMachine('amd64'))
      },
      { machineApi: 'public' },
    )
    assert.deepEqual(build.outcome, { status: 'success' })
    assert.deepEqual(warnings, ['NOT_REPORTED'])
  })
})

describe('the end of a build', { concurrency: true }, () => {
  it('is told again after a failure that may pass', async () => {
    const { build, events } = await inBuild(async (build) => {
      fault(build, { method: 'FinishBuild', kind: 'error', code: 'unavailable' })
      await solveOn(await build.acquireMachine('amd64'))
    })
    assert.deepEqual(build.outcome, { status: 'success' })
    assert.deepEqual(
      events.filter(({ method }) => method === 'FinishBuild').map(({ outcome }) => outcome),
      ['unavailable', 'ok'],
    )
  })

  it('that cannot be told within 15 s is a warning when the scope is left', async () => {
    const { warnings } = await inBuild(async (build) => {
      fault(build, { method: 'FinishBuild', kind: 'silence', times: Infinity })
    })
    assert.deepEqual(warnings, ['NOT_REPORTED'])
  })

  it('that Depot refuses is the rejection of finish(), and not told otherwise afterwards', async () => {
    const { build, events, warnings } = await inBuild(async (build) => {
      fault(build, { method: 'FinishBuild', kind: 'error', code: 'permission_denied', times: Infinity })
      const error = await rejection(build.finish({ status: 'success' }), 1_000)
      assert.equal(error.code, 'PERMISSION_DENIED')
    })
    assert.equal(build.outcome, undefined)
    assert.equal(events.filter(({ method }) => method === 'FinishBuild').length, 1)
    assert.deepEqual(warnings, [])
  })
})

describe('a token', { concurrency: true }, () => {
  const depotWith = (token: string) => new Depot({ apiUrl: tenant.standIn.apiUrl, token, env: {} })

  it('that is wrong, or has expired, registers nothing', async () => {
    const { projectId, token } = tenant.standIn.createProject()
    await using wrong = depotWith('wrong')
    const refusal = await rejection(wrong.createBuild({ projectId }), 1_000)
    assert.equal(refusal.code, 'UNAUTHENTICATED')
    assert.match(refusal.message, /DEPOT_TOKEN/)
    tenant.standIn.expireToken(token)
    await using expired = depotWith(token)
    assert.equal((await rejection(expired.createBuild({ projectId }), 1_000)).code, 'UNAUTHENTICATED')
  })

  it('registers nothing in a project that is unknown, or another’s', async () => {
    const { token } = tenant.standIn.createProject()
    const other = tenant.standIn.createProject()
    await using depot = depotWith(token)
    assert.equal((await rejection(depot.createBuild({ projectId: 'unknown' }), 1_000)).code, 'NOT_FOUND')
    const refusal = await rejection(depot.createBuild({ projectId: other.projectId }), 1_000)
    assert.equal(refusal.code, 'PERMISSION_DENIED')
  })

  it('of another build does not adopt this one', async () => {
    await inBuild(async (one) => {
      otherTokens.add(one.buildId)
      await inBuild(async (other) => {
        otherTokens.add(other.buildId)
        await using depot = depotWith('none')
        const { token } = tenant.standIn.build(other.buildId)
        const error = await rejection(depot.adoptBuild({ buildId: one.buildId, token }), 1_000)
        assert.equal(error.code, 'PERMISSION_DENIED')
      })
    })
  })

  it('of the build that expires in the middle loses the machine, and the outcome cannot be told', async () => {
    const { build, warnings } = await inBuild(async (build) => {
      const machine = await build.acquireMachine('amd64')
      const { run } = await endlessSolve(build, machine)
      otherTokens.add(build.buildId)
      tenant.standIn.expireToken(tenant.standIn.build(build.buildId).token)
      const error = await rejection(run.result, 7_000)
      assert.equal(error.code, 'MACHINE_LOST')
      assert.equal((error.cause as BuildkitError).code, 'UNAUTHENTICATED')
    })
    assert.equal(build.outcome, undefined)
    assert.deepEqual(warnings, ['NOT_REPORTED'])
  })
})

describe('registering', () => {
  for (const [code, expected] of [
    ['resource_exhausted', 'RESOURCE_EXHAUSTED'],
    ['failed_precondition', 'REFUSED'],
    ['internal', 'API_FAILED'],
  ] as const)
    it(`that Depot answers with ${code} is ${expected}, and is tried once`, async () => {
      await using own = await startTenant()
      own.standIn.faults.add({
        method: 'CreateBuild',
        kind: 'error',
        code,
        message: 'over quota',
        times: Infinity,
      })
      const error = await rejection(own.depot.createBuild({ projectId: own.projectId }), 1_000)
      assert.equal(error.code, expected)
      assert.match(error.message, /over quota/)
      assert.equal(own.standIn.journal.named('CreateBuild').length, 1)
    })

  it('has a deadline where nobody answers', async () => {
    await using own = await startTenant({ depot: { requestTimeoutMs: 300 } })
    own.standIn.faults.add({ method: 'CreateBuild', kind: 'silence', times: Infinity })
    const error = await rejection(own.depot.createBuild({ projectId: own.projectId }), 1_000)
    assert.equal(error.code, 'TIMEOUT')
  })

  it('where nobody listens is UNREACHABLE', async () => {
    await using depot = new Depot({ apiUrl: 'http://127.0.0.1:1', token: 't', env: {} })
    const error = await rejection(depot.createBuild({ projectId: 'p' }), 2_000)
    assert.equal(error.code, 'UNREACHABLE')
    assert.match(error.message, /DEPOT_API_URL/)
  })
})
