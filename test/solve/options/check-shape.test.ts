import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from '../../../src/buildkit.ts'
import { callbackAuth, dockerConfigAuth, staticAuth } from '../../../src/session/auth/auth.ts'
import { checkShape } from '../../../src/solve/options/check-shape.ts'
import { fakeBuildkitd } from '../../support/fake-buildkitd.ts'

const definition = new Uint8Array()

function refuses(options: object, fields: Record<string, unknown>): void {
  assert.throws(() => checkShape({ definition, ...options }), { code: 'INVALID_OPTION', ...fields })
}

describe('an option of a solve that there is not', () => {
  it('is refused, with the one that may have been meant', () => {
    refuses({ localDir: {} }, { subject: 'localDir', advice: 'Did you mean localDirs?' })
    refuses({ export: [] }, { subject: 'export', advice: 'Did you mean exports?' })
  })

  it('is refused inside a list too', () => {
    refuses(
      { exports: [{ typ: 'image' }] },
      { subject: 'exports[0].typ', advice: 'Did you mean exports[0].type?' },
    )
    refuses(
      { exports: [{ type: 'image' }, { type: 'local', outputdir: 'x' }] },
      { subject: 'exports[1].outputdir', advice: 'Did you mean exports[1].outputDir?' },
    )
    refuses({ cacheExports: [{ type: 'inline', attr: {} }] }, { subject: 'cacheExports[0].attr' })
    refuses({ cacheImports: [{ type: 'inline', attr: {} }] }, { subject: 'cacheImports[0].attr' })
  })

  it('is none among the names that are the caller’s own', () => {
    checkShape({
      frontend: 'gateway.v0',
      frontendAttrs: { 'build-arg:anything': '' },
      localDirs: { anything: {} },
      exports: [{ type: 'image', attrs: { anything: '' } }],
      cacheImports: [{ type: 'registry', attrs: { anything: '' } }],
    })
  })

  it('is the rejection of the result, before anything is sent', async () => {
    const daemon = fakeBuildkitd({ solve: () => assert.fail('the build was sent') })
    const buildkit = await connect(daemon.dial)
    const run = buildkit.solve({ definition, export: [] } as never)
    await assert.rejects(run.result, { code: 'INVALID_OPTION', subject: 'export' })
    await buildkit.close()
  })
})

describe('an option of a solve of another kind', () => {
  it('is refused where it would break the header that carries it', () => {
    for (const sharedKey of ['x'.repeat(4097), 'a\nb', 'é', 5])
      refuses({ sharedKey }, { subject: 'sharedKey' })
    checkShape({ definition, sharedKey: 'x'.repeat(4096) })
    for (const ref of ['a\0', '', 5]) refuses({ ref }, { subject: 'ref' })
  })

  it('is refused where a name belongs: an empty frontend would be waited for without end', () => {
    for (const frontend of ['', 5, null])
      refuses({ definition: undefined, frontend }, { subject: 'frontend' })
    refuses({ cacheImports: [{}] }, { subject: 'cacheImports[0].type', received: 'nothing' })
    refuses({ cacheExports: [{ type: '' }] }, { subject: 'cacheExports[0].type' })
  })

  it('is refused where a function or a boolean belongs', () => {
    refuses({ onWarning: 'log' }, { subject: 'onWarning', expected: 'a function' })
    refuses({ internal: 'yes' }, { subject: 'internal', expected: 'true or false' })
  })

  it('is refused where an attachable has no methods', () => {
    for (const methods of [null, { '/a.B/C': 5 }, 'all'])
      refuses({ session: [{ methods }] }, { subject: 'session[0]' })
  })

  it('is refused where a list belongs', () => {
    for (const name of ['exports', 'cacheExports', 'cacheImports', 'entitlements'])
      refuses({ [name]: {} }, { subject: name, expected: 'a list', received: 'an object' })
    refuses({ session: dockerConfigAuth() }, { subject: 'session', expected: 'a list' })
    refuses({ entitlements: [5] }, { subject: 'entitlements[0]', received: '5' })
    refuses({ exports: ['image'] }, { subject: 'exports[0]', expected: 'an object' })
  })

  it('is refused where text belongs: false would be sent as true', () => {
    const attrs = { push: false }
    refuses({ exports: [{ type: 'image', attrs }] }, { subject: 'exports[0].attrs.push', received: 'false' })
    refuses({ cacheExports: [{ type: 'inline', attrs }] }, { subject: 'cacheExports[0].attrs.push' })
    refuses({ frontendAttrs: { 'no-cache': undefined } }, { subject: 'frontendAttrs.no-cache' })
  })

  it('is refused where an attachable belongs, with advice for a function that was not called', () => {
    refuses(
      { session: [dockerConfigAuth] },
      { subject: 'session[0]', received: 'a function', advice: 'Call it: dockerConfigAuth()' },
    )
    refuses({ session: [dockerConfigAuth(), {}] }, { subject: 'session[1]', received: 'an object' })
    refuses({ session: [null] }, { subject: 'session[0]', received: 'null' })
  })

  it('is refused where all of them belong', async () => {
    const buildkit = await connect(fakeBuildkitd({}).dial)
    for (const options of [undefined, null, 'dockerfile.v0', []])
      await assert.rejects(buildkit.solve(options as never).result, { code: 'INVALID_OPTION' })
    await buildkit.close()
  })

  it('is refused where a function of connect or of credentials belongs', async () => {
    for (const subject of ['onState', 'onWarning'])
      await assert.rejects(connect(fakeBuildkitd({}).dial, { [subject]: 'log' }), {
        code: 'INVALID_OPTION',
        subject,
      })
    assert.throws(() => dockerConfigAuth({ onUse: 'log' } as never), { subject: 'onUse' })
    assert.throws(() => callbackAuth(undefined as never), { code: 'INVALID_OPTION', subject: 'callbackAuth' })
    assert.throws(() => staticAuth(null as never), { code: 'INVALID_OPTION', subject: 'staticAuth' })
  })

  it('is refused where a signal belongs, also before the run listens to it', async () => {
    const wrong = { definition, signal: new AbortController() } as never
    const daemon = fakeBuildkitd({ solve: () => assert.fail('the build was sent') })
    const buildkit = await connect(daemon.dial)
    const refusal = { code: 'INVALID_OPTION', subject: 'signal', received: 'an AbortController' }
    await assert.rejects(buildkit.solve(wrong).result, refusal)
    await assert.rejects(buildkit.info({ signal: new AbortController() } as never), refusal)
    await buildkit.close()
  })
})
