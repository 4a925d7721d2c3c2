import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError, type ErrorCode } from '../../../src/base/errors.ts'
import type { DepotApi } from '../../../src/depot/api/api.ts'
import { reportOutcome } from '../../../src/depot/builds/finish.ts'
import { fakeClock } from '../../support/fake-clock.ts'

/** A service that fails with each code in turn, the last one for ever, and keeps what it was told. */
function failing(...codes: (ErrorCode | undefined)[]) {
  const told: unknown[] = []
  const finishBuild = async ({ result }: { result: unknown }) => {
    const code = codes[Math.min(told.length, codes.length - 1)]
    told.push(result)
    if (code !== undefined) throw new BuildkitError(code, 'no', { received: `answer ${told.length}` })
  }
  return { told, api: { cli: { finishBuild } } as unknown as Pick<DepotApi, 'cli'> }
}

const success = { case: 'success', value: {} }

describe('the outcome of a build', () => {
  it('is told again after a failure that may pass, the same each time', async (t) => {
    const clock = fakeClock(t)
    const { told, api } = failing('UNREACHABLE', 'UNREACHABLE', undefined)
    await clock.until(reportOutcome(api, 'b', { status: 'success' }))
    assert.deepEqual(told, [success, success, success])
  })

  it('has been told when the service refuses to be told again', async (t) => {
    const clock = fakeClock(t)
    const { told, api } = failing('UNREACHABLE', 'REFUSED')
    await clock.until(reportOutcome(api, 'b', { status: 'success' }))
    assert.equal(told.length, 2)
  })

  it('has not when the service refuses at once, or says something else afterwards', async (t) => {
    const clock = fakeClock(t)
    for (const [codes, code] of [
      [['REFUSED'], 'REFUSED'],
      [['UNREACHABLE', 'UNAUTHENTICATED'], 'UNAUTHENTICATED'],
    ] as const) {
      const { told, api } = failing(...codes)
      await assert.rejects(clock.until(reportOutcome(api, 'b', { status: 'success' })), {
        code,
        message: /^no/,
      })
      assert.equal(told.length, codes.length)
    }
  })

  it('is given up after 15 s, with the last failure', async (t) => {
    const clock = fakeClock(t)
    const { told, api } = failing('UNREACHABLE')
    await assert.rejects(clock.until(reportOutcome(api, 'b1', { status: 'cancelled' })), (error) => {
      assert.ok(error instanceof BuildkitError)
      assert.equal(error.code, 'TIMEOUT')
      assert.equal(error.shortMessage, 'Depot could not be told how build b1 has ended')
      assert.equal(error.subject, 'b1')
      assert.equal(error.expected, 'a reply within 15000 ms')
      assert.match(error.received!, new RegExp(`answer ${told.length}$`))
      return true
    })
    assert.ok(clock.passedMs >= 15_000 && clock.passedMs < 16_000, `${clock.passedMs} ms`)
    assert.deepEqual(told[0], { case: 'canceled', value: {} })
  })

  it('has the beginning of a long error, and all of one that fits', async () => {
    for (const [length, kept] of [
      [8_192, 8_192],
      [8_193, 8_192],
    ] as const) {
      const { told, api } = failing(undefined)
      await reportOutcome(api, 'b', { status: 'failed', error: 'x'.repeat(length) })
      assert.deepEqual(told, [{ case: 'error', value: { error: 'x'.repeat(kept) } }])
    }
  })
})
