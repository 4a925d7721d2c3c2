import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import type { MachineReply } from '../../../src/depot/machine/machine-api.ts'
import { cliMachineApi } from '../../../src/depot/machine/machine-api-cli.ts'
import { publicMachineApi } from '../../../src/depot/machine/machine-api-public.ts'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService } from '../../../src/gen/depot/cli_pb.js'
import { all, fakeService } from '../fake-service.ts'

const { signal } = new AbortController()

const access = { endpoint: 'tcp://192.0.2.1:443', serverName: 'm.test', cert: 'C', key: 'K', ca: 'A' }

/** Replies up to the first of a kind. */
async function until(kind: MachineReply['kind'], replies: AsyncIterable<MachineReply>) {
  const seen: MachineReply[] = []
  for await (const reply of replies) {
    seen.push(reply)
    if (reply.kind === kind) break
  }
  return seen
}

describe('the machine half of depot.cli.v1', () => {
  it('asks for the machine of a platform until it is there', async () => {
    const asked: unknown[] = []
    await using service = await fakeService((router) =>
      router.rpc(BuildService.method.getBuildKitConnection, ({ buildId, platform }) => {
        asked.push([buildId, platform])
        if (asked.length < 3) return { connection: { case: 'pending', value: { waitMs: 1 } } }
        const { endpoint, serverName, cert, key, ca } = access
        const value = { endpoint, serverName, cert: { cert, key }, caCert: { cert: ca } }
        return { connection: { case: 'active', value } }
      }),
    )
    assert.deepEqual(await all(cliMachineApi(service.api, 'b1', 'arm64').acquire(signal)), [
      { kind: 'pending', waitMs: 100 },
      { kind: 'pending', waitMs: 100 },
      { kind: 'active', ...access },
    ])
    assert.deepEqual(asked, [
      ['b1', 2],
      ['b1', 2],
      ['b1', 2],
    ])
  })

  for (const [asked, waited] of [
    [-1, 100],
    [750, 750],
    [2 ** 31 - 1, 15_000],
  ] as const)
    it(`waits ${waited} ms when it is told ${asked}`, async () => {
      await using service = await fakeService((router) =>
        router.rpc(BuildService.method.getBuildKitConnection, () => ({
          connection: { case: 'pending', value: { waitMs: asked } },
        })),
      )
      const replies = cliMachineApi(service.api, 'b1', 'amd64').acquire(signal)
      assert.deepEqual(await until('pending', replies), [{ kind: 'pending', waitMs: waited }])
    })

  /** What a heartbeat hears of an order to stop `inMs` from now, by a clock that differs from ours. */
  async function ordered({ inMs, skewMs }: { inMs: number; skewMs: number }) {
    const at = new Date(Date.now() + skewMs + inMs)
    await using service = await fakeService((router) =>
      router.rpc(BuildService.method.reportBuildHealth, (_, { responseHeader }) => {
        responseHeader.set('date', new Date(Date.now() + skewMs).toUTCString())
        return { cancelsAt: timestampFromDate(at) }
      }),
    )
    const cancellation = await cliMachineApi(service.api, 'b1', 'amd64').heartbeat(signal)
    assert.deepEqual(cancellation?.at, at)
    return cancellation!.inMs
  }

  for (const skewMs of [0, -3_600_000, 86_400_000])
    it(`knows from a heartbeat in what time the build is to stop, by a clock ${skewMs / 1000} s from ours`, async () => {
      const inMs = await ordered({ inMs: 60_000, skewMs })
      assert.ok(inMs > 57_000 && inMs < 62_000, `${inMs} ms`)
    })

  it('knows nothing of an end where Depot says nothing, and has no call to release', async () => {
    await using service = await fakeService((router) =>
      router.rpc(BuildService.method.reportBuildHealth, () => ({})),
    )
    const api = cliMachineApi(service.api, 'b1', 'amd64')
    assert.equal(await api.heartbeat(signal), undefined)
    await api.release(signal)
    assert.equal(service.calls.length, 1)
  })
})

describe('the machine half of depot.buildkit.v1', () => {
  const active = {
    connection: {
      case: 'active',
      value: {
        endpoint: access.endpoint,
        serverName: access.serverName,
        cert: { cert: { cert: access.cert }, key: { key: access.key } },
        caCert: { cert: access.ca },
      },
    },
  } as const

  it('reads replies until the machine is there, and ends a stream that the server leaves open', async () => {
    let ended: Promise<unknown> | undefined
    await using service = await fakeService((router) =>
      router.rpc(BuildKitService.method.getEndpoint, async function* (_, context) {
        yield { connection: { case: 'pending', value: {} } } as const
        yield active
        ended = once(context.signal, 'abort')
        await ended
      }),
    )
    const replies = publicMachineApi(service.api, 'b1', 'amd64').acquire(signal)
    assert.deepEqual(await until('active', replies), [{ kind: 'pending' }, { kind: 'active', ...access }])
    await ended
  })

  it('throws API_FAILED for a stream that ends without a machine, or has an empty reply', async () => {
    await using service = await fakeService((router) =>
      router.rpc(BuildKitService.method.getEndpoint, async function* ({ buildId }) {
        if (buildId === 'empty') yield {}
      }),
    )
    for (const buildId of ['empty', 'ended'])
      await assert.rejects(all(publicMachineApi(service.api, buildId, 'amd64').acquire(signal)), {
        code: 'API_FAILED',
        subject: 'depot.buildkit.v1.BuildKitService/GetEndpoint',
      })
  })

  it('sends one report for each heartbeat, and says when the machine is free', async () => {
    const reports: unknown[] = []
    await using service = await fakeService((router) =>
      router
        .rpc(BuildKitService.method.reportHealth, async (messages) => {
          for await (const { buildId, platform } of messages) reports.push([buildId, platform])
          return {}
        })
        .rpc(BuildKitService.method.releaseEndpoint, ({ buildId, platform }) => {
          reports.push(['released', buildId, platform])
          return {}
        }),
    )
    const api = publicMachineApi(service.api, 'b1', 'arm64')
    assert.equal(await api.heartbeat(signal), undefined)
    await api.heartbeat(signal)
    await api.release(signal)
    assert.deepEqual(reports, [
      ['b1', 2],
      ['b1', 2],
      ['released', 'b1', 2],
    ])
  })

  it('hears from a refused heartbeat that the build was cancelled, and throws any other refusal', async () => {
    const refusals = [
      new ConnectError('the build was cancelled', Code.FailedPrecondition),
      new ConnectError('gone', Code.Canceled),
      new ConnectError('the build has ended', Code.FailedPrecondition),
    ]
    await using service = await fakeService((router) =>
      router.rpc(BuildKitService.method.reportHealth, () => {
        throw refusals.shift()!
      }),
    )
    const api = publicMachineApi(service.api, 'b1', 'arm64')
    assert.equal((await api.heartbeat(signal))?.inMs, 0)
    assert.equal((await api.heartbeat(signal))?.inMs, 0)
    await assert.rejects(api.heartbeat(signal), { code: 'REFUSED' })
  })
})
