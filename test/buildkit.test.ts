import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../src/buildkit.ts'
import { fakeBuildkitd } from './support/fake-buildkitd.ts'

test('an option of connect that there is not is refused before anything is dialled', async () => {
  const dial = () => assert.fail('it was dialled')
  for (const [options, subject, meant] of [
    [{ waitForReadyMS: 1 }, 'waitForReadyMS', 'waitForReadyMs'],
    [{ tls: { caPath: 'ca.pem' } }, 'tls.caPath', undefined],
    [{ TLS: {} }, 'TLS', 'tls'],
    [null, 'options', undefined],
  ] as const) {
    await assert.rejects(connect(dial, options as never), (error: Error & Record<string, unknown>) => {
      assert.equal(error.code, 'INVALID_OPTION')
      assert.equal(error.subject, subject)
      if (meant !== undefined) assert.equal(error.advice, `Did you mean ${meant}?`)
      return true
    })
  }
})

test('an option of a question that there is not is refused', async () => {
  const buildkit = await connect(fakeBuildkitd({}).dial)
  const expected = { code: 'INVALID_OPTION', subject: 'timeoutMs', expected: 'one of signal' }
  await assert.rejects(buildkit.info({ timeoutMs: 5 } as never), expected)
  await assert.rejects(buildkit.listWorkers({ timeoutMs: 5 } as never), expected)
  await buildkit.close()
})
