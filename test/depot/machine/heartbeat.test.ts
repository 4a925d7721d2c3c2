import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { BuildkitError, isBuildkitError } from '../../../src/base/errors.ts'
import { Heartbeat, type HeartbeatEvents } from '../../../src/depot/machine/heartbeat.ts'
import { cliMachineApi } from '../../../src/depot/machine/machine-api-cli.ts'
import { publicMachineApi } from '../../../src/depot/machine/machine-api-public.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService } from '../../../src/gen/depot/cli_pb.js'
import { fakeClock } from '../../support/fake-clock.ts'
import { fakeService } from '../fake-service.ts'

const events = (own: Partial<HeartbeatEvents> = {}): HeartbeatEvents => ({
  onCancel: () => assert.fail(),
  onFailing: () => assert.fail(),
  onRefused: assert.fail,
  ...own,
})

describe('a heartbeat', () => {
  for (const [name, machineApi] of [
    ['cli', cliMachineApi],
    ['public', publicMachineApi],
  ] as const)
    it(`that is never answered is given up after 8 s, and the next follows a second later (${name} API)`, async (test) => {
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
      const { pass } = fakeClock(test)
      const api = machineApi(service.api, 'b1', 'amd64')
      const failures: string[] = []
      const beat = (signal: AbortSignal) =>
        api.heartbeat(signal).catch((error) => {
          failures.push(isBuildkitError(error) ? error.code : String(error))
          throw error
        })
      const first = once(depot, 'heartbeat')
      const heartbeat = new Heartbeat(beat, events())
      await first
      await pass(2_400)
      await pass(5_599)
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

  it('that fails twice in a row is reported once, and again after one that succeeded', async (test) => {
    const { pass } = fakeClock(test)
    const outcomes = ['fail', 'ok', 'fail', 'fail', 'fail', 'ok', 'fail', 'fail']
    const reports: number[] = []
    let beats = 0
    const beat = async () => {
      if (outcomes[beats++] === 'fail') throw new BuildkitError('UNREACHABLE', 'gone')
      return undefined
    }
    const heartbeat = new Heartbeat(beat, events({ onFailing: () => reports.push(beats) }))
    while (beats < outcomes.length) await pass(500)
    await heartbeat.stop()
    assert.deepEqual(reports, [4, 8])
  })

  it('hears when the build is to stop, and each reply replaces the last', async (test) => {
    const { pass } = fakeClock(test)
    const at = new Date()
    const replies = [{ at, inMs: 20_000 }, { at, inMs: 60_000 }, undefined, { at, inMs: -1 }]
    const cancelled: Date[] = []
    let beats = 0
    const beat = async () => replies[beats++]
    const heartbeat = new Heartbeat(beat, events({ onCancel: (moment) => cancelled.push(moment) }))
    for (let second = 0; second < 14; second++) await pass(1_000)
    assert.deepEqual(cancelled, [])
    for (let second = 0; second < 3; second++) await pass(1_000)
    await heartbeat.stop()
    assert.deepEqual(cancelled, [at])
  })
})
