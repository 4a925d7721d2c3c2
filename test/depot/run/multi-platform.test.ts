import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exportsOfEach, pushedNames, sharesOf } from '../../../src/depot/run/multi-platform.ts'
import type { Export } from '../../../src/index.ts'

describe('platforms', () => {
  it('are shared out to the machines that build for them, each once, in their order', () => {
    assert.deepEqual(
      sharesOf(['linux/arm/v7', 'amd64', 'linux/386', 'linux/arm64', 'linux/amd64', 'arm64']),
      [
        { machine: 'arm64', platforms: ['linux/arm/v7', 'linux/arm64'] },
        { machine: 'amd64', platforms: ['linux/amd64', 'linux/386'] },
      ],
    )
  })

  it('are by default the machine’s own', () => {
    assert.deepEqual(sharesOf(), [{ machine: process.arch === 'arm64' ? 'arm64' : 'amd64', platforms: [] }])
    assert.deepEqual(sharesOf([]), sharesOf())
  })

  it('that no machine builds for are refused', () => {
    assert.throws(() => sharesOf(['linux/amd64', 'windows/amd64' as 'amd64']), {
      code: 'INVALID_OPTION',
      message: /got "windows\/amd64"/,
    })
  })
})

describe('the exports of two machines', () => {
  it('push by digest to each repository once, and leave the names for later', () => {
    const name = 'one.example/me/app:1,one.example/me/app:2,me/app'
    const push: Export = { type: 'image', attrs: { name, push: 'true', compression: 'zstd' } }
    const attrs = { name: 'one.example/me/app,docker.io/me/app', push: 'true', 'push-by-digest': 'true' }
    assert.deepEqual(exportsOfEach([push]), [{ type: 'image', attrs: { ...attrs, compression: 'zstd' } }])
    assert.deepEqual(pushedNames([push]), name.split(','))
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
        /remove what the other machine writes/,
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
