import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { Code, ConnectError } from '@connectrpc/connect'
import type { BuildkitError } from '../../../src/base/errors.ts'
import {
  type CallOptions,
  callIdempotent,
  callOnce,
  checkedId,
  checkedText,
} from '../../../src/depot/api/account-call.ts'
import { ProjectService } from '../../../src/gen/depot/core_pb.js'
import { fakeService } from '../fake-service.ts'

/** A service whose lists fail with each of these in turn, then succeed. */
function failing(...codes: Code[]) {
  return fakeService((router) =>
    router.rpc(ProjectService.method.listProjects, () => {
      const code = codes.shift()
      if (code !== undefined) throw new ConnectError(`${Code[code]} it is`, code)
      return {}
    }),
  )
}

/** One that never answers, and tells when it is asked. */
async function hanging() {
  const asked = new EventTarget()
  const service = await fakeService((router) =>
    router.rpc(ProjectService.method.listProjects, async (_, { signal }) => {
      asked.dispatchEvent(new Event('call'))
      await once(signal, 'abort')
      return {}
    }),
  )
  return { ...service, asked }
}

describe('callIdempotent', () => {
  const list = (service: { api: Awaited<ReturnType<typeof fakeService>>['api'] }, options?: CallOptions) =>
    callIdempotent((call) => service.api.projects.listProjects({}, call), options)

  it('is asked again while the service is unwell', async () => {
    await using service = await failing(Code.Unavailable, Code.Internal, Code.ResourceExhausted)
    await list(service)
    assert.equal(service.calls.length, 4)
  })

  it('is given up after four tries', async () => {
    await using service = await failing(...Array(9).fill(Code.Unavailable))
    await assert.rejects(list(service), { code: 'API_FAILED' })
    assert.equal(service.calls.length, 4)
  })

  const answers: [Code, string][] = [
    [Code.Unauthenticated, 'UNAUTHENTICATED'],
    [Code.PermissionDenied, 'PERMISSION_DENIED'],
    [Code.NotFound, 'NOT_FOUND'],
    [Code.InvalidArgument, 'REFUSED'],
    [Code.FailedPrecondition, 'REFUSED'],
    [Code.Unimplemented, 'UNSUPPORTED'],
  ]
  for (const [code, ours] of answers) {
    it(`is asked once when the answer is ${Code[code]}`, async () => {
      await using service = await failing(code)
      await assert.rejects(list(service), (error: BuildkitError) => {
        assert.equal(error.code, ours)
        assert.equal(error.subject, 'depot.core.v1.ProjectService/ListProjects')
        assert.match(error.message, new RegExp(`${Code[code]} it is`))
        return true
      })
      assert.equal(service.calls.length, 1)
    })
  }

  it('ends with TIMEOUT at its deadline', async () => {
    await using service = await hanging()
    await assert.rejects(list(service, { timeoutMs: 50 }), { code: 'TIMEOUT' })
    assert.equal(service.calls.length, 1)
  })

  it('ends with CANCELLED when the caller cancels, whatever the reason', async () => {
    for (const reason of [undefined, new Error('enough'), 'enough']) {
      await using service = await hanging()
      const controller = new AbortController()
      const failed = list(service, { signal: controller.signal })
      service.asked.addEventListener('call', () => controller.abort(reason))
      await assert.rejects(failed, (error: BuildkitError) => {
        assert.deepEqual([error.code, error.cause], ['CANCELLED', controller.signal.reason])
        assert.match(error.message, /^Depot's depot\.core\.v1\.ProjectService\/ListProjects was cancelled: /)
        return true
      })
      assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
    }
  })

  it('is not asked when the caller has cancelled before', async () => {
    await using service = await failing()
    await assert.rejects(list(service, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
    assert.deepEqual(service.calls, [])
  })

  for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    it(`is not asked with a timeoutMs of ${timeoutMs}`, async () => {
      await using service = await failing()
      await assert.rejects(list(service, { timeoutMs }), { code: 'INVALID_OPTION', subject: 'timeoutMs' })
      assert.deepEqual(service.calls, [])
    })
  }
})

describe('callOnce', () => {
  it('is sent once, whatever becomes of it', async () => {
    await using service = await failing(Code.Unavailable)
    const { projects } = service.api
    await assert.rejects(
      callOnce((call) => projects.listProjects({}, call)),
      { code: 'API_FAILED' },
    )
    assert.equal(service.calls.length, 1)
  })
})

describe('what is checked before a call', () => {
  it('ids', () => {
    assert.equal(checkedId('krt0wtn195', 'projectId'), 'krt0wtn195')
    for (const wrong of ['', 'a b', 'a/b', 'ä', 'x'.repeat(256), 7, null, undefined])
      assert.throws(() => checkedId(wrong as string, 'projectId'), {
        code: 'INVALID_OPTION',
        subject: 'projectId',
      })
  })

  it('texts', () => {
    assert.equal(checkedText('customer 42', 'name'), 'customer 42')
    for (const wrong of ['', '  ', 'x'.repeat(1025), 7, null, undefined])
      assert.throws(() => checkedText(wrong as string, 'name'), { code: 'INVALID_OPTION', subject: 'name' })
  })
})
