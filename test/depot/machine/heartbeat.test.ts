import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isBuildkitError } from '../../../src/base/errors.ts'
import { Heartbeat } from '../../../src/depot/machine/heartbeat.ts'
import { cliMachineApi } from '../../../src/depot/machine/machine-api-cli.ts'
import { publicMachineApi } from '../../../src/depot/machine/machine-api-public.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService } from '../../../src/gen/depot/cli_pb.js'
import { fakeService } from '../fake-service.ts'

/** A clock that stands still until it is told to go on, also for those who have imported its timers. */
function stopTheClock(test: TestContext) {
  test.mock.timers.enable({ apis: ['setTimeout'] })
  syncBuiltinESMExports()
  test.after(() => {
    test.mock.timers.reset()
    syncBuiltinESMExports()
  })
  return async (ms: number) => {
    test.mock.timers.tick(ms)
    await turn()
  }
}

describe('a heartbeat', () => {
  for (const [name, machineApi] of [
    ['cli', cliMachineApi],
    ['public', publicMachineApi],
  ] as const)
    it(`that is never answered is given up after 30 s, and the next follows a second later (${name} API)`, async (test) => {
      const depot = new EventEmitter()
      const silence = () => {
        depot.emit('heartbeat')
        return new Promise<never>(() => {})
      }
      await using service = await fakeService((router) =>
        router
          .rpc(BuildService.method.reportBuildHealth, silence)
          .rpc(BuildKitService.method.reportHealth, silence),
      )
      const pass = stopTheClock(test)
      const api = machineApi(service.api, 'b1', 'amd64')
      const failures: string[] = []
      const beat = (signal: AbortSignal) =>
        api.heartbeat(signal).catch((error) => {
          failures.push(isBuildkitError(error) ? error.code : String(error))
          throw error
        })
      const first = once(depot, 'heartbeat')
      const heartbeat = new Heartbeat(beat, { onCancel: () => assert.fail(), onRefused: assert.fail })
      await first
      await pass(29_999)
      assert.deepEqual(failures, [])
      await pass(1)
      assert.deepEqual(failures, ['TIMEOUT'])
      const second = once(depot, 'heartbeat')
      await pass(999)
      assert.equal(service.calls.length, 1)
      await pass(1)
      await second
      assert.equal(service.calls.length, 2)
      await heartbeat.stop()
      assert.deepEqual(failures, ['TIMEOUT', 'CANCELLED'])
    })
})
