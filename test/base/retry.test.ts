import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { BuildkitError, type ErrorCode } from '../../src/base/errors.ts'
import { retry } from '../../src/base/retry.ts'

const noSignal = new AbortController().signal

/** Fails with each of these in turn, then succeeds. */
function failing(codes: readonly ErrorCode[]) {
  let calls = 0
  const attempt = async () => {
    const code = codes[calls++]
    if (code !== undefined) throw new BuildkitError(code, `failure ${calls}`, { subject: 'a/B' })
    return 'done'
  }
  return { attempt, calls: () => calls }
}

/** The pauses of a retry that fails so often, in order; `chance` is what `Math.random` gives. */
async function pausesOf(
  t: TestContext,
  chance: number,
  failure: BuildkitError,
  options: { attempts: number; pauseMs?: number },
) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(Math, 'random', () => chance)
  let calls = 0
  const failed = retry(
    () => {
      calls++
      return Promise.reject(failure)
    },
    { signal: noSignal, ...options },
  ).then(
    () => assert.fail('it must fail'),
    (error) => error,
  )
  const pauses: number[] = []
  for (let waitedMs = 0, seen = 1; seen < options.attempts; waitedMs++) {
    await new Promise(setImmediate)
    if (calls > seen) {
      pauses.push(waitedMs)
      seen = calls
      waitedMs = 0
    }
    t.mock.timers.tick(1)
  }
  assert.equal(await failed, failure)
  t.mock.reset()
  return pauses
}

describe('retry', () => {
  it('pauses twice as long each time, up to 5 s; half of that is chance', async (t) => {
    const failure = new BuildkitError('UNREACHABLE', 'no')
    const options = { attempts: 4, pauseMs: 8 }
    assert.deepEqual(await pausesOf(t, 0, failure, options), [4, 8, 16])
    assert.deepEqual(await pausesOf(t, 0.5, failure, options), [6, 12, 24])
    assert.deepEqual(await pausesOf(t, 1, failure, options), [8, 16, 32])
    assert.deepEqual(await pausesOf(t, 0, failure, { attempts: 3 }), [125, 250])
    assert.deepEqual(await pausesOf(t, 1, failure, { attempts: 3, pauseMs: 4000 }), [4000, 5000])
  })

  it('pauses as long as the other side wants, and gives up where that is above 10 s', async (t) => {
    const busy = (retryAfterMs: number) => new BuildkitError('RESOURCE_EXHAUSTED', 'busy', { retryAfterMs })
    assert.deepEqual(await pausesOf(t, 1, busy(1000), { attempts: 3, pauseMs: 600 }), [1000, 1200])
    assert.deepEqual(await pausesOf(t, 0, busy(10_000), { attempts: 2 }), [10_000])
    const { attempt, calls } = failing([])
    const tooLong = busy(10_001)
    await assert.rejects(
      retry(() => attempt().then(() => Promise.reject(tooLong)), { signal: noSignal }),
      (error) => error === tooLong,
    )
    assert.equal(calls(), 1)
  })

  it('tries again what may pass by itself, and returns what comes of it', async () => {
    const { attempt, calls } = failing(['UNREACHABLE', 'API_FAILED', 'RESOURCE_EXHAUSTED'])
    assert.equal(await retry(attempt, { signal: noSignal, pauseMs: 1 }), 'done')
    assert.equal(calls(), 4)
  })

  it('throws the last failure after the last try', async () => {
    const { attempt, calls } = failing(['UNREACHABLE', 'UNREACHABLE', 'TIMEOUT', 'TIMEOUT'])
    await assert.rejects(retry(attempt, { signal: noSignal, pauseMs: 1, attempts: 3 }), {
      code: 'TIMEOUT',
      message: 'failure 3',
    })
    assert.equal(calls(), 3)
  })

  for (const code of ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'REFUSED', 'CANCELLED'] as const) {
    it(`does not try again after ${code}`, async () => {
      const { attempt, calls } = failing([code])
      await assert.rejects(retry(attempt, { signal: noSignal, pauseMs: 1 }), { code })
      assert.equal(calls(), 1)
    })
  }

  it('does not try again what is no failure of the API', async () => {
    await assert.rejects(
      retry(() => Promise.reject(new TypeError('a mistake')), { signal: noSignal, pauseMs: 1 }),
      new TypeError('a mistake'),
    )
  })

  it('ends a pause with CANCELLED when the caller cancels', async () => {
    const controller = new AbortController()
    const { attempt, calls } = failing(['UNREACHABLE'])
    const failed = retry(attempt, { signal: controller.signal, pauseMs: 5_000 })
    controller.abort(new Error('enough'))
    await assert.rejects(failed, (error: BuildkitError) => {
      assert.equal(error.code, 'CANCELLED')
      assert.equal(error.subject, 'a/B')
      assert.deepEqual(error.cause, new Error('enough'))
      return true
    })
    assert.equal(calls(), 1)
  })

  it('ends a pause with TIMEOUT at the deadline, and says what failed last', async () => {
    const { attempt } = failing(['UNREACHABLE'])
    // A timer of AbortSignal.timeout does not keep the process alive; the pause does.
    const signal = AbortSignal.timeout(10)
    await assert.rejects(retry(attempt, { signal, pauseMs: 5_000 }), (error: BuildkitError) => {
      assert.equal(error.code, 'TIMEOUT')
      assert.match(error.message, /failure 1/)
      return true
    })
  })

  it('leaves no listener on the signal', async () => {
    const controller = new AbortController()
    await retry(failing(['UNREACHABLE', 'UNREACHABLE']).attempt, { signal: controller.signal, pauseMs: 1 })
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  })
})
