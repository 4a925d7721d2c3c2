import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Code } from '@connectrpc/connect'
import { type GetEndpointResponse, Platform } from '../../../src/gen/depot/buildkit_pb.js'
import { clients, refused } from './clients.ts'
import { FakeMachines } from './fake-machines.ts'
import { type StandInOptions, startStandIn } from './stand-in.ts'

const platform = Platform.ARM64

for (const httpVersion of ['1.1', '2'] as const)
  test(`the endpoint stream over HTTP/${httpVersion} is pending, then active, then over`, async () => {
    await using site = await newSite({}, httpVersion)
    const replies = await site.endpoint()
    const arms = replies.map(({ connection }) => connection.case)
    assert.deepEqual([...new Set(arms)], ['pending', 'active'])
    const last = replies.at(-1)?.connection
    assert.ok(last?.case === 'active')
    const { endpoint, serverName, cert, caCert } = last.value
    const [machine] = site.machines.running
    assert.deepEqual(
      [endpoint, serverName, caCert?.cert],
      [machine?.endpoint, machine?.serverName, machine?.ca],
    )
    assert.match(cert?.cert?.cert ?? '', /BEGIN CERTIFICATE/)
    assert.match(cert?.key?.key ?? '', /BEGIN PRIVATE KEY/)
    const [event] = site.standIn.journal.named('GetEndpoint')
    assert.deepEqual([event?.platform, event?.token, event?.outcome], ['arm64', 'build', 'ok'])
  })

test('pendings and an empty reply as faults come in the stream', async () => {
  await using site = await newSite()
  await site.endpoint()
  site.standIn.faults.add({ method: 'GetEndpoint', kind: 'pending', times: 3, waitMs: 1 })
  site.standIn.faults.add({ method: 'GetEndpoint', kind: 'empty' })
  const arms = (await site.endpoint()).map(({ connection }) => connection.case)
  assert.deepEqual(arms, ['pending', 'pending', 'pending', undefined, 'active'])
})

test('who leaves a stream that is pending forever is seen to have left', async () => {
  await using site = await newSite()
  const { standIn, buildId } = site
  standIn.faults.add({ method: 'GetEndpoint', kind: 'pending', times: Number.POSITIVE_INFINITY })
  const controller = new AbortController()
  const { signal } = controller
  const watching = async () => {
    for await (const { connection } of machinesOf(site).getEndpoint({ buildId, platform }, { signal })) {
      assert.equal(connection.case, 'pending')
      controller.abort()
    }
  }
  await refused(watching(), Code.Canceled)
  await standIn.journal.until(({ outcome }) => outcome === 'left')
})

test('a stream of heartbeats keeps a build alive, and each is counted', async () => {
  await using site = await newSite()
  const { buildId } = site
  async function* beats() {
    for (let beat = 0; beat < 3; beat++) yield { buildId, platform }
  }
  await machinesOf(site).reportHealth(beats())
  const [event] = site.standIn.journal.named('ReportHealth')
  assert.deepEqual([event?.buildId, event?.messages, event?.outcome], [buildId, 3, 'ok'])
})

test('a stream of heartbeats that falls silent does not keep a build alive', async () => {
  await using site = await newSite({ settings: { heartbeatTimeoutMs: 50 } })
  const { buildId } = site
  const build = site.standIn.build(buildId)
  async function* beats() {
    yield { buildId, platform }
    await build.ended
    yield { buildId, platform }
  }
  await refused(machinesOf(site).reportHealth(beats()), Code.FailedPrecondition, /cancelled/)
  assert.deepEqual(build.outcome, { status: 'cancelled', by: 'stand-in' })
})

test('a released machine is given back while its build goes on', async () => {
  await using site = await newSite()
  await site.endpoint()
  const { buildId } = site
  assert.deepEqual([...site.machines.running[0]!.builds], [buildId])
  await machinesOf(site).releaseEndpoint({ buildId, platform })
  await machinesOf(site).releaseEndpoint({ buildId, platform })
  assert.deepEqual([...site.machines.running[0]!.builds], [])
  assert.equal(site.standIn.build(buildId).outcome, undefined)
})

async function newSite(options: StandInOptions = {}, httpVersion: '1.1' | '2' = '2') {
  const machines = new FakeMachines()
  const settings = { waitMs: 1, ...options.settings }
  const standIn = await startStandIn({ machines: async () => machines, settings })
  const { projectId } = standIn.createProject()
  const { builds } = clients(standIn, standIn.organizationToken)
  const { buildId, buildToken } = await builds.createBuild({ projectId })
  return {
    standIn,
    machines,
    buildId,
    buildToken,
    async endpoint() {
      const replies: GetEndpointResponse[] = []
      const client = clients(standIn, buildToken, { httpVersion }).machines
      for await (const reply of client.getEndpoint({ buildId, platform })) replies.push(reply)
      return replies
    },
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  }
}

function machinesOf({ standIn, buildToken }: Awaited<ReturnType<typeof newSite>>) {
  return clients(standIn, buildToken).machines
}
