import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { FakeBehaviour } from '../support/fake-buildkitd.ts'
import { failed } from '../support/fake-buildkitd.ts'
import { fakeRuns } from '../support/fake-run.ts'

/** Answers Solve once the body says so, or fails it as the daemon does when it is cancelled. */
function answeredBy(go: Promise<unknown>): FakeBehaviour & { readonly cancelled: () => boolean } {
  let cancelled = false
  return {
    cancelled: () => cancelled,
    solve: async (build) => {
      await Promise.race([go, once(build.signal, 'abort')])
      cancelled = build.signal.aborted
      if (cancelled) throw failed('context canceled')
      return { built: build.request.Ref }
    },
  }
}

describe('the body of a build', () => {
  it('runs between Solve and its answer, on the build’s connection', async () => {
    let go: (value?: unknown) => void = () => {}
    const behaviour = answeredBy(
      new Promise((resolve) => {
        go = resolve
      }),
    )
    await using runs = await fakeRuns(behaviour)
    const events: string[] = []
    const run = runs.solve({
      body: async ({ ref, sessionId, rpc }, signal) => {
        events.push('body')
        assert.equal(ref, run.ref)
        assert.match(sessionId, /^[0-9a-z]{25}$/)
        assert.ok(await rpc.unary('/moby.buildkit.v1.Control/Info', new Uint8Array()))
        assert.equal(signal.aborted, false)
        events.push('answered')
        go()
        await once(signal, 'abort')
        events.push('aborted')
      },
    })
    const { exporterResponse } = await run.result
    assert.deepEqual(exporterResponse, { built: run.ref })
    assert.deepEqual(events, ['body', 'answered', 'aborted'])
  })

  it('fails the build by failing, and the daemon’s work ends', async () => {
    const behaviour = answeredBy(new Promise(() => {}))
    await using runs = await fakeRuns(behaviour)
    const broken = new Error('the frontend is broken')
    for (const body of [
      async () => Promise.reject(broken),
      () => {
        throw broken
      },
    ]) {
      await assert.rejects(runs.solve({ body }).result, {
        code: 'SOLVE_FAILED',
        message: 'failed to solve: the frontend is broken',
        cause: broken,
      })
      while (!behaviour.cancelled()) await new Promise((resolve) => setImmediate(resolve))
    }
  })

  it('is ended by the end of the build, whatever it is; what it throws then is nothing', async () => {
    for (const [code, solve, cancel] of [
      ['SOLVE_FAILED', () => Promise.reject(failed('no')), false],
      ['CANCELLED', answeredBy(new Promise(() => {})).solve!, true],
    ] as const) {
      await using runs = await fakeRuns({ solve })
      let reason: unknown
      const run = runs.solve({
        body: async (_scope, signal) => {
          if (!signal.aborted) await once(signal, 'abort')
          reason = signal.reason
          throw new Error('not counted')
        },
      })
      if (cancel) setTimeout(() => run.cancel('enough'), 20)
      await assert.rejects(run.result, { code })
      assert.ok(cancel ? reason === 'enough' : (reason as { code: string }).code === 'CLOSED')
    }
  })

  it('does not run for options that are refused', async () => {
    await using runs = await fakeRuns({})
    const body = () => assert.fail('it runs')
    await assert.rejects(runs.solve({ body }, { frontend: 'both' }).result, { code: 'INVALID_OPTION' })
  })
})
