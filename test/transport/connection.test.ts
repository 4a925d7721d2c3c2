import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { type ConnectionState, openConnection } from '../../src/transport/connection.ts'
import type { Dialer, Route } from '../../src/transport/route.ts'
import { fakeBuildkitd } from '../support/fake-buildkitd.ts'

function routeOver(dial: Dialer): Route {
  return { kind: 'buildkit', description: 'the test daemon', authority: 'localhost', scheme: 'http', dial }
}

const refused = () =>
  Promise.reject(new BuildkitError('UNREACHABLE', 'nothing listens there', { received: 'ECONNREFUSED' }))

/** A listener that accepts and then does as it is told. */
async function listener(behave: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    behave(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const dial: Dialer = async () => {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  return {
    dial,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('openConnection', () => {
  it('goes from connecting to ready, and to closed once', async () => {
    const states: ConnectionState[] = []
    const connection = await openConnection(routeOver(fakeBuildkitd({}).dial), {
      onState: (s) => states.push(s),
    })
    assert.equal(connection.state, 'ready')
    await connection.close()
    await connection.close()
    assert.equal(await connection.closed, undefined)
    assert.deepEqual(states, ['connecting', 'ready', 'closed'])
  })

  it('fails when the daemon goes away, and says so', async () => {
    const states: ConnectionState[] = []
    const daemon = fakeBuildkitd({})
    const connection = await openConnection(routeOver(daemon.dial), {
      onState: (state) => states.push(state),
    })
    daemon.die()
    assert.equal((await connection.closed)?.code, 'CONNECTION_LOST')
    assert.equal(connection.state, 'failed')
    await connection.close()
    assert.deepEqual(states, ['connecting', 'ready', 'failed'])
  })

  it('passes on the first failure when it is not to wait', async () => {
    const states: ConnectionState[] = []
    await assert.rejects(openConnection(routeOver(refused), { onState: (state) => states.push(state) }), {
      code: 'UNREACHABLE',
    })
    assert.deepEqual(states, ['connecting', 'failed'])
  })

  it('keeps trying while it is to wait, until the daemon is there', async () => {
    const daemon = fakeBuildkitd({})
    let attempts = 0
    const dial: Dialer = (signal) => (++attempts < 4 ? refused() : daemon.dial(signal))
    const connection = await openConnection(routeOver(dial), { waitForReadyMs: 10_000 })
    assert.equal(attempts, 4)
    await connection.close()
  })

  it('gives up waiting at its deadline, with the last failure in the message', async () => {
    await assert.rejects(openConnection(routeOver(refused), { waitForReadyMs: 150 }), {
      code: 'TIMEOUT',
      message:
        /did not become ready: expected a daemon that answers within 150 ms, got at the last attempt: nothing listens there/,
    })
  })

  it('does not wait for what waiting cannot mend', async () => {
    let attempts = 0
    const dial: Dialer = () => {
      attempts++
      return Promise.reject(new BuildkitError('TLS_FAILED', 'expired'))
    }
    await assert.rejects(openConnection(routeOver(dial), { waitForReadyMs: 10_000 }), { code: 'TLS_FAILED' })
    assert.equal(attempts, 1)
  })

  it('gives up on a port that accepts and never answers, and closes it', async () => {
    await using silent = await listener(() => {})
    await assert.rejects(openConnection(routeOver(silent.dial), { connectTimeoutMs: 80 }), {
      code: 'TIMEOUT',
      expected: 'an answer within 80 ms',
    })
    const [socket] = silent.sockets
    if (!socket!.destroyed) await once(socket!.resume(), 'close')
  })

  it('recognises what is not a daemon', async () => {
    await using web = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await assert.rejects(openConnection(routeOver(web.dial)), {
      code: 'UNREACHABLE',
      expected: 'gRPC over HTTP/2',
    })
  })

  it('recognises a port that hangs up at once', async () => {
    await using gone = await listener((socket) => socket.destroy())
    await assert.rejects(openConnection(routeOver(gone.dial)), { code: 'UNREACHABLE' })
  })

  it('stops when it is cancelled, also between attempts', async () => {
    const reason = new Error('changed my mind')
    await assert.rejects(openConnection(routeOver(refused), { signal: AbortSignal.abort(reason) }), {
      code: 'CANCELLED',
      cause: reason,
    })
    const stop = new AbortController()
    const waiting = openConnection(routeOver(refused), { signal: stop.signal, waitForReadyMs: 60_000 })
    setImmediate(() => stop.abort(reason))
    await assert.rejects(waiting, { code: 'CANCELLED', cause: reason })
  })
})
