import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { machineFor } from '../../../src/depot/machine/machine-platform.ts'

describe('machineFor', () => {
  it('knows the machine of every platform that Depot builds for', () => {
    for (const platform of ['amd64', 'linux/amd64', 'linux/amd64/v2', 'linux/amd64/v3', 'linux/386'] as const)
      assert.equal(machineFor(platform), 'amd64')
    for (const platform of [
      'arm64',
      'linux/arm64',
      'linux/arm64/v8',
      'linux/arm/v7',
      'linux/arm/v6',
    ] as const)
      assert.equal(machineFor(platform), 'arm64')
  })

  it('refuses any other, also one that only looks like one', () => {
    for (const platform of [
      '',
      'arm',
      'linux/riscv64',
      'windows/amd64',
      'linux/arm64/',
      'toString',
      '__proto__',
    ])
      assert.throws(() => machineFor(platform as never), { code: 'INVALID_OPTION', subject: 'platform' })
  })
})
