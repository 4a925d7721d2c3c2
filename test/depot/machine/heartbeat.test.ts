import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { BuildkitError, isBuildkitError } from '../../../src/base/errors.ts'
import { DepotApi, openApi } from '../../../src/depot/api/api.ts'
import { fixedToken } from '../../../src/depot/api/token-source.ts'
import { Heartbeat, type HeartbeatEvents } from '../../../src/depot/machine/heartbeat.ts'
import { cliMachineApi } from '../../../src/depot/machine/machine-api-cli.ts'
import { publicMachineApi } from '../../../src/depot/machine/machine-api-public.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService } from '../../../src/gen/depot/cli_pb.js'
import { fakeClock } from '../../support/fake-clock.ts'
import { fakeService } from '../fake-service.ts'
import { startRelay } from '../stand-in/relay.ts'
import { startStandIn } from '../stand-in/stand-in.ts'

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
    it(`that is never answered is given up after 6 s, and the next follows a second later (${name} API)`, async (test) => {
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
      await pass(3_599)
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

  for (const fault of ['a connection that has fallen silent', 'a call that is never answered'])
    it(`is heard again within 15 s after ${fault}`, async (test) => {
      await using standIn = await startStandIn()
      const { projectId, token } = standIn.createProject()
      await using relay = await startRelay(Number(new URL(standIn.apiUrl).port))
      const channel = openApi(`http://127.0.0.1:${relay.port}`)
      using _ = { [Symbol.dispose]: () => channel.close() }
      const { cli } = new DepotApi(channel, fixedToken(token), 'buildkit-client/test')
      const { buildId, buildToken } = await cli.createBuild({ projectId })
      const build = new DepotApi(channel, fixedToken(buildToken), 'buildkit-client/test')
      const api = cliMachineApi(build, buildId, 'amd64')
      /** The first so many that the stand-in has answered. */
      const heard = (count: number) =>
        standIn.journal.until(({ method, outcome }) => method === 'ReportBuildHealth' && outcome === 'ok', {
          count,
          timeoutMs: 100_000,
        })
      const clock = fakeClock(test)
      const heartbeat = new Heartbeat((signal) => api.heartbeat(signal), events({ onFailing() {} }))
      await clock.until(heard(1))
      const at = clock.passedMs
      if (fault.startsWith('a connection')) relay.freeze()
      else standIn.faults.add({ method: 'ReportBuildHealth', kind: 'silence' })
      await clock.until(heard(2))
      const silentMs = clock.passedMs - at
      await clock.until(heartbeat.stop())
      assert.ok(silentMs < 15_000, `${silentMs} ms`)
    })
})
