import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../src/buildkit.ts'
import { dockerConfigAuth } from '../src/session/auth/auth.ts'
import { fakeBuildkitd } from './support/fake-buildkitd.ts'

test('an option of connect that there is not is refused before anything is dialled', async () => {
  const dial = () => assert.fail('it was dialled')
  for (const [options, subject, meant] of [
    [{ waitForReadyMS: 1 }, 'waitForReadyMS', 'waitForReadyMs'],
    [{ tls: { caPath: 'ca.pem' } }, 'tls.caPath', undefined],
    [{ tsl: {} }, 'tsl', 'tls'],
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

test('an option that is undefined is none, for the compiler too', async () => {
  const none = undefined
  const buildkit = await connect(fakeBuildkitd({}).dial, {
    tls: none,
    onWarning: none,
    signal: none,
    connectTimeoutMs: none,
    waitForReadyMs: none,
    livenessTimeoutMs: none,
    onState: none,
  })
  const run = buildkit.solve({
    frontend: none,
    frontendAttrs: none,
    definition: new Uint8Array(),
    localDirs: none,
    exports: [{ type: 'image', attrs: none }],
    cacheExports: [{ type: 'inline', attrs: none }],
    cacheImports: none,
    entitlements: none,
    session: [dockerConfigAuth({ onUse: none, env: {}, configDir: none, helperTimeoutMs: none })],
    sharedKey: none,
    ref: none,
    internal: none,
    signal: none,
    onWarning: none,
  })
  assert.equal((await run.result).ref, run.ref)
  await buildkit.info({ signal: none })
  await buildkit.close()
})

test('a signal of another kind is refused before anything is dialled', async () => {
  const refusal = { code: 'INVALID_OPTION', subject: 'signal', expected: 'an AbortSignal', received: '5' }
  await assert.rejects(
    connect(() => assert.fail('it was dialled'), { signal: 5 } as never),
    refusal,
  )
})

test('an option of a question that there is not is refused', async () => {
  const buildkit = await connect(fakeBuildkitd({}).dial)
  const expected = { code: 'INVALID_OPTION', subject: 'timeoutMs', expected: 'one of signal' }
  await assert.rejects(buildkit.info({ timeoutMs: 5 } as never), expected)
  await assert.rejects(buildkit.listWorkers({ timeoutMs: 5 } as never), expected)
  await buildkit.close()
})
