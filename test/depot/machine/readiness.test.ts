import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, it } from 'node:test'
import { deferred } from '../../../src/base/deferred.ts'
import { connectWhenReady } from '../../../src/depot/machine/readiness.ts'
import { Code, RpcError } from '../../../src/grpc/status.ts'
import { routeTo } from '../../../src/transport/route-to.ts'
import { fakeBuildkitd } from '../../support/fake-buildkitd.ts'
import { linkedPair } from '../../support/linked-pair.ts'
import { listening } from '../../support/listening.ts'

const { signal } = new AbortController()

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  await using server = await listening(net.createServer())
  return server.port
}

/** Puts a fake daemon behind a port. */
function daemonOn(port: number, daemon: ReturnType<typeof fakeBuildkitd>) {
  const server = net.createServer(async (socket) => {
    const inner = await daemon.dial(signal)
    socket.on('error', () => inner.destroy()).once('close', () => inner.destroy())
    inner.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.pipe(inner).pipe(socket)
  })
  return new Promise<AsyncDisposable>((resolve) => {
    server.listen(port, '127.0.0.1', () =>
      resolve({
        [Symbol.asyncDispose]: async () => {
          daemon.die()
          await new Promise((done) => server.close(done))
        },
      }),
    )
  })
}

describe('connecting to a machine', () => {
  it('waits for a port that opens later', async () => {
    const port = await freePort()
    const route = await routeTo(`tcp://127.0.0.1:${port}`)
    const dialled = deferred()
    const watched = {
      ...route,
      dial: (limit: AbortSignal) => {
        dialled.resolve()
        return route.dial(limit)
      },
    }
    const connecting = connectWhenReady(watched, { subject: 'it', signal, timeoutMs: 10_000 })
    await dialled.promise
    await using _ = await daemonOn(port, fakeBuildkitd({}))
    const connection = await connecting
    assert.equal(connection.state, 'ready')
    await connection.close()
  })

  it('waits for a BuildKit that is not ready yet behind a port that is', async () => {
    let asked = 0
    const handlers = {
      '/moby.buildkit.v1.Control/ListWorkers': async (call: { send(m: Uint8Array): unknown }) => {
        if (asked++ === 0) throw new RpcError(Code.Unavailable, 'booting')
        await call.send(new Uint8Array())
      },
    }
    const port = await freePort()
    await using _ = await daemonOn(port, fakeBuildkitd({ handlers }))
    const route = await routeTo(`tcp://127.0.0.1:${port}`)
    const connection = await connectWhenReady(route, { subject: 'it', signal, timeoutMs: 10_000 })
    assert.equal(asked, 2)
    await connection.close()
  })

  it('asks before anything has come back, which saves a round trip', async () => {
    const asked = deferred()
    const handlers = {
      '/moby.buildkit.v1.Control/ListWorkers': async (call: { send(m: Uint8Array): unknown }) => {
        asked.resolve()
        await call.send(new Uint8Array())
      },
    }
    const daemon = fakeBuildkitd({ handlers })
    const route = await routeTo(async (limit) => {
      const inner = await daemon.dial(limit)
      const [near, far] = linkedPair()
      far.pipe(inner)
      asked.promise.then(() => inner.pipe(far))
      return near
    })
    const connection = await connectWhenReady(route, { subject: 'it', signal, timeoutMs: 10_000 })
    assert.equal(connection.state, 'ready')
    await connection.close()
    daemon.die()
  })

  it('says in whole milliseconds how long nobody has listened', async () => {
    const route = await routeTo(`tcp://127.0.0.1:${await freePort()}`)
    await assert.rejects(connectWhenReady(route, { subject: 'it', signal, timeoutMs: 300 }), {
      code: 'TIMEOUT',
      expected: /^a daemon that answers within (?:300|299) ms$/,
    })
  })

  it('gives up on a BuildKit that never answers, within the time', async () => {
    const port = await freePort()
    const handlers = {
      '/moby.buildkit.v1.Control/ListWorkers': (call: { signal: AbortSignal }) =>
        new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve())),
    }
    await using _ = await daemonOn(port, fakeBuildkitd({ handlers }))
    const route = await routeTo(`tcp://127.0.0.1:${port}`)
    const began = performance.now()
    await assert.rejects(connectWhenReady(route, { subject: 'it', signal, timeoutMs: 300 }), {
      code: 'TIMEOUT',
      expected: 'it within 300 ms',
      received: 'at the last attempt: /moby.buildkit.v1.Control/ListWorkers was cancelled: 300 ms are over',
    })
    assert.ok(performance.now() - began < 2_000)
  })
})
