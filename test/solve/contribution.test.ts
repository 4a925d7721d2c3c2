import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { unary } from '../../src/session/attachable.ts'
import type { Contribute, SolveContribution, SolveScope } from '../../src/solve/contribution.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { type FakeBehaviour, failed } from '../support/fake-buildkitd.ts'
import { fakeRuns } from '../support/fake-run.ts'

const answers = { solve: async () => ({ 'image.name': 'a' }) }

/** Contributions that note what becomes of them. */
function noted() {
  const events: string[] = []
  const make =
    (name: string, more: Partial<SolveContribution> = {}): Contribute =>
    () => {
      events.push(`make ${name}`)
      return {
        afterSuccess: async ({ exporterResponse }) => {
          events.push(`success ${name} ${exporterResponse['image.name']}`)
        },
        dispose: async () => {
          events.push(`dispose ${name}`)
        },
        ...more,
      }
    }
  return { events, make }
}

/** A daemon whose build never ends by itself; the client's signal is aborted when the build has begun. */
function untilCancelled(stop: AbortController): FakeBehaviour {
  return {
    solve: async (build) => {
      stop.abort()
      if (!build.signal.aborted) await once(build.signal, 'abort')
      throw failed('context canceled')
    },
  }
}

describe('a contribution to a build', () => {
  it('is made with the build’s session and id, serves, and adds to the request', async () => {
    let scope: SolveScope | undefined
    const greeter: Contribute = (given) => {
      scope = given
      const greet = unary(() => Buffer.from('hello'))
      return {
        attachables: [{ source: 'greeter', attachable: { methods: { '/t.G/Greet': greet } } }],
        request: { frontendAttrs: { added: 'yes' }, sourcePolicySession: given.sessionId },
      }
    }
    let said = ''
    await using runs = await fakeRuns({
      solve: async (build) => {
        const session = await build.session()
        assert.deepEqual(scope, { ...scope, sessionId: session.id, ref: build.request.Ref })
        assert.deepEqual({ ...build.request.FrontendAttrs }, { own: '1', added: 'yes' })
        assert.equal(build.request.SourcePolicySession, session.id)
        said = (await session.rpc.unary('/t.G/Greet', Buffer.alloc(0))).toString()
        return {}
      },
    })
    await runs.solve({ contributions: [greeter] }, { frontendAttrs: { own: '1' } }).result
    assert.equal(said, 'hello')
  })

  it('acts after success, before the result is there, and is disposed of in reverse order', async () => {
    const { events, make } = noted()
    await using runs = await fakeRuns(answers)
    await runs.solve({ contributions: [make('a'), make('b')] }).result
    assert.deepEqual(events, ['make a', 'make b', 'success a a', 'success b a', 'dispose b', 'dispose a'])
  })

  it('is disposed of without its step after success when the build fails, or is cancelled, or refused', async () => {
    const stop = new AbortController()
    for (const [code, behaviour, options] of [
      ['SOLVE_FAILED', { solve: () => Promise.reject(failed('no')) }, {}],
      ['CANCELLED', untilCancelled(stop), { signal: stop.signal }],
      [
        'INVALID_OPTION',
        { solve: () => assert.fail('it was sent') },
        { frontendAttrs: { added: 'by the caller' } },
      ],
    ] as const) {
      const { events, make } = noted()
      await using runs = await fakeRuns(behaviour)
      const contributions = [make('a', { request: { frontendAttrs: { added: 'too' } } })]
      await assert.rejects(runs.solve({ contributions }, options).result, { code })
      assert.deepEqual(events, ['make a', 'dispose a'], code)
    }
  })

  it('fails the build by failing: while it is made, after success, at its end', async () => {
    const { events, make } = noted()
    const broken = new BuildkitError('EXPORT_FAILED', 'the index cannot be written')
    const fails = () => Promise.reject(broken)
    for (const contribute of [
      fails,
      make('b', { afterSuccess: fails }),
      make('b', { dispose: fails }),
    ] as Contribute[]) {
      events.length = 0
      await using runs = await fakeRuns(answers)
      await assert.rejects(runs.solve({ contributions: [make('a'), contribute] }).result, {
        code: 'EXPORT_FAILED',
        message: 'the index cannot be written',
      })
      assert.equal(events.at(-1), 'dispose a')
    }
  })

  it('fails an answered build with its own error, which the daemon is not asked about', async () => {
    const asked: string[] = []
    await using runs = await fakeRuns({
      ...answers,
      handlers: {
        '/moby.buildkit.v1.Control/ListenBuildHistory': async () => {
          asked.push('history')
        },
      },
    })
    const lost = new BuildkitError('CONNECTION_LOST', 'the registry has closed the connection')
    const failing: Contribute = () => ({ afterSuccess: () => Promise.reject(lost) })
    await assert.rejects(runs.solve({ contributions: [failing] }).result, {
      code: 'CONNECTION_LOST',
      message: 'the registry has closed the connection',
    })
    assert.deepEqual(asked, [])
  })

  it('cannot hold up a build that is cancelled', async () => {
    const never = () => new Promise<never>(() => {})
    for (const contribute of [never, () => ({ afterSuccess: never })] as Contribute[]) {
      await using runs = await fakeRuns(answers)
      const run = runs.solve({ contributions: [contribute] })
      setTimeout(() => run.cancel('enough'), 50)
      await assert.rejects(run.result, { code: 'CANCELLED', message: /enough/ })
    }
  })

  it('is disposed of too when it was made too late', async () => {
    let finish: (made: SolveContribution) => void = () => {}
    const late = new Promise<SolveContribution>((resolve) => {
      finish = resolve
    })
    await using runs = await fakeRuns(answers)
    const run = runs.solve({ contributions: [() => late] })
    setImmediate(() => run.cancel())
    await assert.rejects(run.result, { code: 'CANCELLED' })
    await new Promise<void>((disposed) => finish({ dispose: () => disposed() }))
  })

  it('says things in the build’s status, among those of the daemon', async () => {
    const at = new Date('2026-11-25T12:00:00.250Z')
    let report: SolveScope['report'] = () => {}
    await using runs = await fakeRuns({
      solve: async (build) => {
        report({ vertexes: [{ digest: 'c', name: '[client] work', started: at, completed: at, error: 'x' }] })
        report({ statuses: [{ id: 'sent', current: 3, total: 4, started: at }] })
        await build.say({ vertexes: [{ digest: 'd', name: 'theirs' }] })
        return {}
      },
    })
    const contributions: Contribute[] = [
      (scope) => {
        report = scope.report
        return {}
      },
    ]
    const run = runs.solve({ contributions })
    const statuses: SolveStatus[] = []
    for await (const status of run.status) statuses.push(status)
    const time = '2026-11-25T12:00:00.25Z'
    const [first, second, third] = statuses
    assert.deepEqual(first, {
      vertexes: [{ digest: 'c', name: '[client] work', started: time, completed: time, error: 'x' }],
    })
    const { timestamp } = second!.statuses![0]!
    assert.deepEqual(second, { statuses: [{ id: 'sent', total: 4, current: 3, timestamp, started: time }] })
    assert.deepEqual(third, { vertexes: [{ digest: 'd', name: 'theirs' }] })
  })
})
