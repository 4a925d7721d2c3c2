import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import tls from 'node:tls'
import { connect } from '../../../src/index.ts'
import { part } from '../../support/parts.ts'
import { startRegistry } from '../../support/registry.ts'
import { skipWithout } from '../../support/skip.ts'
import type { CertificateDefect, RunningMachine } from './machine.ts'
import { type MachinePoolOptions, startMachinePool } from './machine-pool.ts'

const needs = { skip: skipWithout('buildkitd') }
const needsRegistry = { skip: skipWithout('buildkitd', 'registry') }
const stayingMs = 600_000

function pool(lingerMs = stayingMs, options: Partial<MachinePoolOptions> = {}) {
  return startMachinePool({ lingerMs }, { buildkitd: part('buildkitd'), ...options })
}

async function connectTo(machine: RunningMachine, build = 'build-1', connectTimeoutMs = 20_000) {
  const { ca, serverName, endpoint } = machine
  const own = await machine.clientCertificate(build)
  return connect(endpoint, { tls: { ca, serverName, ...own }, connectTimeoutMs })
}

/** Builds an image of one file, and says whether its step came from the cache. */
async function cachedBuild(machine: RunningMachine): Promise<boolean> {
  await using buildkit = await connectTo(machine)
  const run = buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: { file: 'text' }, dockerfile: { Dockerfile: 'FROM scratch\nCOPY file /\n' } },
  })
  let cached: boolean | undefined
  for await (const { vertexes = [] } of run.status)
    for (const vertex of vertexes) if (vertex.name?.includes('COPY')) cached = vertex.cached ?? false
  await run.result
  assert.ok(cached !== undefined, 'the step was reported')
  return cached
}

/** Holds a connection that nobody but the machine will end. */
async function watch(machine: RunningMachine): Promise<{ gone: Promise<unknown> }> {
  const buildkit = await connectTo(machine)
  return { gone: buildkit.closed }
}

function portOf({ endpoint }: RunningMachine): number {
  return Number(new URL(endpoint).port)
}

test(
  'a machine serves all builds of its project and architecture, and lingers for the next',
  needs,
  async () => {
    await using machines = await pool()
    const first = await machines.acquire('ours', 'amd64', 'build-1')
    assert.equal(await machines.acquire('ours', 'amd64', 'build-1'), first)
    assert.equal(await machines.acquire('ours', 'amd64', 'build-2'), first)
    const others = await Promise.all([
      machines.acquire('ours', 'arm64', 'build-1'),
      machines.acquire('theirs', 'amd64', 'build-3'),
    ])
    const all = [first, ...others]
    for (const property of ['id', 'endpoint', 'serverName'] as const)
      assert.equal(new Set(all.map((machine) => machine[property])).size, 3, property)
    await machines.release('ours', 'amd64', 'build-1')
    await machines.release('ours', 'amd64', 'build-2')
    await machines.release('nobody’s', 'amd64', 'build-9')
    assert.equal(await machines.acquire('ours', 'amd64', 'build-4'), first)
  },
)

test('when nobody came in that time it stops, and the next one takes over its cache', needs, async () => {
  await using machines = await pool(0)
  const first = await machines.acquire('ours', 'amd64', 'build-1')
  assert.equal(await cachedBuild(first), false)
  await machines.acquire('ours', 'amd64', 'build-2')
  const { gone } = await watch(first)
  await machines.release('ours', 'amd64', 'build-1')
  await machines.release('ours', 'amd64', 'build-1')
  assert.equal(await machines.acquire('ours', 'amd64', 'build-3'), first, 'another build holds it')
  await machines.release('ours', 'amd64', 'build-2')
  await machines.release('ours', 'amd64', 'build-3')
  await gone
  const second = await machines.acquire('ours', 'amd64', 'build-4')
  assert.notEqual(second.id, first.id)
  assert.notEqual(second.serverName, first.serverName)
  assert.equal(await cachedBuild(second), true)
})

test('a machine that was killed ends its connections, and the same build gets another', needs, async () => {
  await using machines = await pool()
  const first = await machines.acquire('ours', 'arm64', 'build-1')
  await cachedBuild(first)
  await using buildkit = await connectTo(first)
  const victim = machines.machine('ours', 'arm64')
  assert.equal(victim.running, true)
  await victim.kill()
  assert.equal(victim.running, false)
  assert.ok((await buildkit.closed) instanceof Error)
  const second = await machines.acquire('ours', 'arm64', 'build-1')
  assert.notEqual(second.endpoint, first.endpoint)
  assert.notEqual(second.serverName, first.serverName)
  assert.equal(await cachedBuild(second), true)
})

test('a machine that pauses accepts and never answers, until it goes on', needs, async () => {
  await using machines = await pool()
  const machine = await machines.acquire('ours', 'amd64', 'build-1')
  await using buildkit = await connectTo(machine)
  machines.machine('ours', 'amd64').pause()
  await assert.rejects(connectTo(machine, 'build-1', 300), { code: 'TIMEOUT' })
  const answer = buildkit.listWorkers()
  assert.equal(await machines.acquire('ours', 'amd64', 'build-1'), machine, 'nobody has noticed')
  machines.machine('ours', 'amd64').resume()
  assert.equal((await answer).length, 1)
})

test('a machine that restarts comes back where it was, without its connections', needs, async () => {
  await using machines = await pool()
  const machine = await machines.acquire('ours', 'amd64', 'build-1')
  const { endpoint, serverName } = machine
  await cachedBuild(machine)
  await using buildkit = await connectTo(machine)
  const restarted = machines.machine('ours', 'amd64').restart()
  assert.ok((await buildkit.closed) instanceof Error)
  assert.equal(await machines.acquire('ours', 'amd64', 'build-1'), machine)
  await restarted
  assert.deepEqual([machine.endpoint, machine.serverName], [endpoint, serverName])
  assert.equal(await cachedBuild(machine), true)
})

test('a machine answers to its name and to certificates of builds, and to no others', needs, async () => {
  await using machines = await pool()
  const machine = await machines.acquire('ours', 'amd64', 'build-1')
  const { ca, serverName } = machine
  const own = await machine.clientCertificate('build-1')
  assert.equal(await verdict(machine, { ca, servername: serverName, ...own }), 'accepted')
  assert.equal(await verdict(machine, { ca, ...own }), 'ERR_TLS_CERT_ALTNAME_INVALID')
  assert.equal(
    await verdict(machine, { ca, servername: serverName }),
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  )
  for (const [defect, expected] of [
    ['expired', 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'],
    ['wrong-usage', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'],
    ['wrong-authority', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
  ] satisfies [CertificateDefect, string][]) {
    const bad = await machine.clientCertificate('build-1', defect)
    assert.equal(await verdict(machine, { ca, servername: serverName, ...bad }), expected, defect)
  }
})

/** The daemon speaks first once it has accepted us; under TLS 1.3 a refusal comes after the handshake too. */
async function verdict(machine: RunningMachine, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port: portOf(machine), ALPNProtocols: ['h2'], ...options })
  try {
    await once(socket, 'data')
    return 'accepted'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
  }
}

test('a reset stops the machines of a project and empties its cache', needs, async () => {
  await using machines = await pool()
  const machine = await machines.acquire('ours', 'amd64', 'build-1')
  const other = await machines.acquire('theirs', 'amd64', 'build-2')
  assert.equal(await cachedBuild(machine), false)
  const { gone } = await watch(machine)
  await machines.reset('ours')
  await gone
  assert.throws(() => machines.machine('ours', 'amd64'), { message: 'ours has no amd64 machine' })
  assert.equal(await cachedBuild(await machines.acquire('ours', 'amd64', 'build-3')), false)
  assert.equal(await machines.acquire('theirs', 'amd64', 'build-4'), other)
})

test('a shared machine is everybody’s, until the last has gone', needs, async () => {
  await using machines = await pool(0, { shared: true })
  const machine = await machines.acquire('ours', 'amd64', 'build-1')
  assert.equal(await machines.acquire('ours', 'arm64', 'build-1'), machine)
  assert.equal(await machines.acquire('theirs', 'amd64', 'build-2'), machine)
  const { gone } = await watch(machine)
  await machines.release('theirs', 'amd64', 'build-2')
  await machines.release('ours', 'amd64', 'build-1')
  await machines.reset('ours')
  assert.equal(await cachedBuild(machine), false, 'the other architecture still holds it')
  await machines.release('ours', 'arm64', 'build-1')
  await gone
})

test('a machine finds another registry behind the name of Depot’s', needsRegistry, async () => {
  await using registry = await startRegistry()
  await using machines = await pool(stayingMs, { depotRegistry: () => registry.host })
  await using buildkit = await connectTo(await machines.acquire('ours', 'amd64', 'build-1'))
  const { digest } = await buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch\nLABEL a=b\n' } },
    exports: [{ type: 'image', attrs: { name: 'registry.depot.dev/ours:build-1', push: 'true' } }],
  }).result
  const pushed = await fetch(`http://${registry.host}/v2/ours/manifests/${digest}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  })
  assert.equal(pushed.status, 200)
})

test('a pool that is disposed of stops its machines, held and paused ones too', needs, async () => {
  const machines = await pool()
  const held = await watch(await machines.acquire('ours', 'amd64', 'build-1'))
  const paused = await watch(await machines.acquire('ours', 'arm64', 'build-1'))
  machines.machine('ours', 'arm64').pause()
  const starting = machines.acquire('theirs', 'amd64', 'build-2')
  await machines[Symbol.asyncDispose]()
  await Promise.all([held.gone, paused.gone])
  await assert.rejects(connectTo(await starting), { code: 'UNREACHABLE' })
  await assert.rejects(machines.acquire('ours', 'amd64', 'build-1'), {
    message: 'the pool has been disposed of',
  })
})
