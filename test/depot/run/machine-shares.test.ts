import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sharesOf } from '../../../src/depot/run/machine-shares.ts'

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
