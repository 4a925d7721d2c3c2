import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { grpc } from '../../src/gen/buildkit.js'
import { RpcClient } from '../../src/grpc/client.ts'
import { Code } from '../../src/grpc/status.ts'
import { type Attachable, unary } from '../../src/session/attachable.ts'
import type { Session, SessionHeaders } from '../../src/session/session.ts'
import { linkedPair } from '../support/linked-pair.ts'
import { sessionOf } from '../support/session-of.ts'

const { HealthCheckRequest, HealthCheckResponse } = grpc.health.v1

const greeter: Attachable = {
  methods: { '/t.Greeter/Greet': unary((request) => Buffer.from(`hello ${request.toString()}`)) },
}

/** A session served on one end of a pair, with a client of a daemon's kind on the other. */
function serveOnPair(session: Session) {
  const [ours, theirs] = linkedPair()
  let headers: SessionHeaders = {}
  const running = session.run((given) => {
    headers = given
    return ours
  })
  running.catch(() => {})
  const client = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  client.ready.catch(() => {})
  return { running, client, ours, theirs, headers: () => headers }
}

describe('Session', () => {
  it('introduces itself with its id, its key and exactly the methods it serves', async () => {
    const { session } = sessionOf([greeter], { sharedKey: 'the key' })
    const { running, headers } = serveOnPair(session)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(headers(), {
      'x-docker-expose-session-uuid': session.id,
      'x-docker-expose-session-sharedkey': 'the key',
      'x-docker-expose-session-grpc-method': ['/grpc.health.v1.Health/Check', '/t.Greeter/Greet'],
    })
    assert.match(session.id, /^[0-9a-z]{25}$/)
    session.close()
    await running
  })

  it('answers health checks, its attachables, and Unimplemented for the rest', async () => {
    const { session } = sessionOf([greeter])
    const { running, client } = serveOnPair(session)
    const health = await client.unary('/grpc.health.v1.Health/Check', HealthCheckRequest.encode({}).finish())
    assert.equal(HealthCheckResponse.decode(health).status, HealthCheckResponse.ServingStatus.SERVING)
    assert.equal((await client.unary('/t.Greeter/Greet', Buffer.from('you'))).toString(), 'hello you')
    await assert.rejects(client.unary('/t.Greeter/Part', Buffer.alloc(0)), { grpcCode: Code.Unimplemented })
    session.close()
    await running
  })

  it('is lost when the other side ends it', async () => {
    const { session } = sessionOf([])
    const { running, theirs } = serveOnPair(session)
    theirs.destroy()
    await assert.rejects(running, { code: 'SESSION_LOST' })
  })

  it('ends with the reason of the connection that carried it, where that has broken', async () => {
    const { session } = sessionOf([])
    const { running, ours } = serveOnPair(session)
    const reason = new BuildkitError('CONNECTION_LOST', 'the daemon has stopped answering')
    ours.destroy(reason)
    await assert.rejects(running, reason)
  })

  it('can be closed twice, and before it has begun', async () => {
    const { session } = sessionOf([])
    session.close()
    session.close()
    const { running } = serveOnPair(session)
    await running
  })
})
