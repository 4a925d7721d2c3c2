import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Export } from '../../src/index.ts'
import {
  checkSharedCacheExports,
  exportsOfEach,
  insecureNames,
  pushedNames,
} from '../../src/platforms/shared-exports.ts'

describe('the exports of several builders', () => {
  it('push by digest to each repository once, and leave the names for later', () => {
    const name = 'one.example/me/app:1,one.example/me/app:2,me/app'
    const push: Export = { type: 'image', attrs: { name, push: 'true', compression: 'zstd' } }
    const attrs = { name: 'one.example/me/app,docker.io/me/app', push: 'true', 'push-by-digest': 'true' }
    assert.deepEqual(exportsOfEach([push]), [{ type: 'image', attrs: { ...attrs, compression: 'zstd' } }])
    assert.deepEqual(pushedNames([push]), name.split(','))
  })

  it('may name an insecure registry', () => {
    const attrs = { name: 'a.example/b,c.example/d', push: 'true' }
    for (const [value, names] of [
      ['true', ['a.example/b', 'c.example/d']],
      ['1', ['a.example/b', 'c.example/d']],
      ['', ['a.example/b', 'c.example/d']],
      ['false', []],
    ] as const)
      assert.deepEqual(
        insecureNames([{ type: 'image', attrs: { ...attrs, 'registry.insecure': value } }]),
        names,
      )
    assert.deepEqual(insecureNames([{ type: 'image', attrs }]), [])
  })

  it('stay as they are where they push nothing', () => {
    const exports: Export[] = [
      { type: 'local', outputDir: 'out' },
      { type: 'image', attrs: { name: 'me/app' } },
      { type: 'image', attrs: { name: 'one.example/me/app', push: 'true', 'push-by-digest': 'true' } },
    ]
    assert.deepEqual(exportsOfEach(exports), exports)
    assert.deepEqual(pushedNames(exports), [])
  })

  it('are refused where they would be in each other’s way', () => {
    const cases: [Export, RegExp][] = [
      [{ type: 'oci', output: 'x.tar' }, /oci, which is one stream/],
      [{ type: 'docker', output: 'x.tar' }, /docker, which is one stream/],
      [{ type: 'tar', output: 'x.tar' }, /tar, which is one stream/],
      [
        { type: 'local', outputDir: 'out', attrs: { mode: 'delete' } },
        /remove what the other builder writes/,
      ],
      [{ type: 'image', attrs: { name: 'me/b', push: 'true' } }, /a second push/],
    ]
    const first: Export = { type: 'image', attrs: { name: 'me/a', push: 'true' } }
    for (const [entry, message] of cases)
      assert.throws(() => exportsOfEach([first, entry]), {
        code: 'INVALID_OPTION',
        subject: 'exports[1]',
        message,
      })
  })
})

describe('the cache exports of several builders', () => {
  it('are refused where each would replace what the other has written', () => {
    for (const type of ['registry', 'local', 'gha', 's3', 'azblob', 'newer'])
      assert.throws(() => checkSharedCacheExports([{ type: 'inline' }, { type, attrs: {} }]), {
        code: 'INVALID_OPTION',
        subject: 'cacheExports[1]',
        message: new RegExp(`${type}, where each would replace what the other has written`),
      })
    checkSharedCacheExports([{ type: 'inline' }])
    checkSharedCacheExports([])
  })
})
