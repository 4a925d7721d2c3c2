import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { moby } from '../../src/gen/buildkit.js'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { unary } from '../../src/session/attachable.ts'
import { commandLine } from './command-line.ts'
import { fakeDaemon } from './fake-daemon.ts'

const method = '/moby.buildkit.v1.Control/ListWorkers'
const record = [
  {
    ID: 'worker-one',
    Labels: { 'b.label': '2', 'a.label': '1\x1b[31m' },
    platforms: [
      { OS: 'linux', Architecture: 'amd64' },
      { OS: 'linux', Architecture: 'arm', Variant: 'v7' },
    ],
    BuildkitVersion: { version: 'v0.33.1' },
  },
  { ID: 'w2', Labels: {}, platforms: [] },
]
const listing = unary(() => moby.buildkit.v1.ListWorkersResponse.encode({ record }).finish())

async function listed(...argv: string[]) {
  await using daemon = await fakeDaemon({ handlers: { [method]: listing } })
  const run = commandLine(['debug', 'workers', '--addr', daemon.address, ...argv])
  assert.equal(await run.exitCode, 0, run.stderr)
  assert.equal(run.stderr, '')
  assert.equal(run.listeners, 0)
  return run.stdout
}

describe('debug workers', () => {
  it('prints a table of ids and platforms', async () => {
    assert.equal(await listed(), 'ID          PLATFORMS\nworker-one  linux/amd64,linux/arm/v7\nw2\n')
  })

  it('adds the labels in order with -v, and lets none of them drive the terminal', async () => {
    assert.equal(
      await listed('-v'),
      [
        'ID          PLATFORMS',
        'worker-one  linux/amd64,linux/arm/v7',
        '  a.label=1\uFFFD[31m',
        '  b.label=2',
        'w2',
        '',
      ].join('\n'),
    )
  })

  it('prints all that is known as JSON', async () => {
    assert.deepEqual(JSON.parse(await listed('--format', 'json')), [
      {
        id: 'worker-one',
        labels: { 'a.label': '1\x1b[31m', 'b.label': '2' },
        platforms: ['linux/amd64', 'linux/arm/v7'],
        version: 'v0.33.1',
      },
      { id: 'w2', labels: {}, platforms: [], version: '' },
    ])
  })

  it('takes the address from BUILDKIT_HOST', async () => {
    await using daemon = await fakeDaemon({ handlers: { [method]: listing } })
    const run = commandLine(['debug', 'workers'], { env: { BUILDKIT_HOST: daemon.address } })
    assert.equal(await run.exitCode, 0)
    assert.match(run.stdout, /worker-one/)
  })

  it('fails with 1 when the daemon answers with an error', async () => {
    const handlers = { [method]: unary(() => Promise.reject(new RpcError(Code.PermissionDenied, 'not you'))) }
    await using daemon = await fakeDaemon({ handlers })
    const run = commandLine(['debug', 'workers', '--addr', daemon.address])
    assert.equal(await run.exitCode, 1)
    assert.match(run.stderr, /^error: .*not you\n$/)
    assert.equal(run.stdout, '')
  })

  it('fails with 130 when it is interrupted while the daemon is silent', async () => {
    const asked = deferred()
    const silent = unary((_message, { signal }) => {
      asked.resolve()
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(Buffer.alloc(0))))
    })
    await using daemon = await fakeDaemon({ handlers: { [method]: silent } })
    const run = commandLine(['debug', 'workers', '--addr', daemon.address])
    await Promise.race([asked.promise, run.exitCode])
    run.interrupt()
    assert.equal(await run.exitCode, 130)
    assert.match(run.stderr, /^note: cancelling; once more to leave at once\nerror: .*cancelled/i)
  })
})
