import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../../src/base/errors.ts'
import type { OnWarning } from '../../../src/base/warning.ts'
import { Machine, type MachineOwner } from '../../../src/depot/machine/machine.ts'
import type { MachineApi } from '../../../src/depot/machine/machine-api.ts'
import type { MachineState } from '../../../src/depot/machine/machine-state.ts'

/** One that is still being asked for; `release` is Depot's answer when it is given back. */
function newMachine(
  release: () => Promise<void>,
  {
    onState = () => {},
    onWarning = () => {},
  }: { onState?: (state: MachineState) => void; onWarning?: OnWarning },
): Machine {
  const api: MachineApi = {
    async *acquire() {},
    heartbeat: async () => undefined,
    release,
  }
  const owner: MachineOwner = {
    buildId: 'b',
    signal: new AbortController().signal,
    onWarning,
    env: {},
    onStart() {},
    onSetback() {},
    replace: () => assert.fail('nothing is replaced here'),
  }
  return new Machine('amd64', api, owner, onState)
}

describe('a machine', () => {
  it('is released once, though whoever is told of it releases it again', async () => {
    let calls = 0
    const told: string[] = []
    const release = async () => {
      calls++
    }
    const machine: Machine = newMachine(release, {
      onState({ kind }) {
        told.push(kind)
        if (kind === 'released') void machine.release()
      },
    })
    await machine.release()
    assert.deepEqual([told, calls], [['requested', 'released'], 1])
  })

  it('is released, though the function of the caller throws that is called with a warning', async (test) => {
    const warnings: unknown[] = []
    test.mock.method(process, 'emitWarning', (message: string) => warnings.push(message))
    const release = async () => {
      throw new BuildkitError('API_FAILED', 'no')
    }
    const onWarning = () => {
      throw new Error('mine')
    }
    await newMachine(release, { onWarning }).release()
    assert.deepEqual(warnings, ['the function given as onWarning failed: mine'])
  })
})
