import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, it, test } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { BuildkitError } from '../../src/base/errors.ts'
import { connect } from '../../src/buildkit.ts'
import { containerd, google, moby } from '../../src/gen/buildkit.js'
import type { Handler } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { AnswerSearch, storedAnswer } from '../../src/solve/answer.ts'
import { SolveError } from '../../src/solve/failure/solve-error.ts'
import type { SolveOptions } from '../../src/solve/options/options.ts'
import type { Connection } from '../../src/transport/connection.ts'
import type { Dialer } from '../../src/transport/route.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { type FakeBehaviour, type FakeBuild, failed, fakeBuildkitd } from '../support/fake-buildkitd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { linkedPair } from '../support/linked-pair.ts'
import { wireStatus } from '../support/wire-status.ts'

const { BuildHistoryEvent, BuildHistoryEventType, BuildHistoryRequest } = moby.buildkit.v1
const historyMethod = '/moby.buildkit.v1.Control/ListenBuildHistory'
const contentMethod = '/containerd.services.content.v1.Content/Read'
const statusMethod = '/moby.buildkit.v1.Control/Status'
const options: SolveOptions = { definition: new Uint8Array(), ref: 'r' }

type Record = NonNullable<Parameters<typeof BuildHistoryEvent.encode>[0]['record']>

/** A daemon whose history has this record of any build; `asked` counts the questions. */
function remembering(record: Record | 'running', asked = { count: 0 }): { [method: string]: Handler } {
  const status = google.rpc.Status.encode({
    code: 2,
    message: 'no',
    details: [
      {
        type_url: 'github.com/moby/buildkit/gatewayapi.ExitMessage+json',
        value: Buffer.from('{"code": 7}'),
      },
    ],
  }).finish()
  const digest = `sha256:${createHash('sha256').update(status).digest('hex')}`
  return {
    [historyMethod]: async (call) => {
      asked.count++
      for await (const message of call.messages) {
        const { Ref } = BuildHistoryRequest.decode(message)
        const event =
          record === 'running'
            ? { type: BuildHistoryEventType.STARTED, record: { Ref } }
            : { type: BuildHistoryEventType.COMPLETE, record: { externalError: { digest }, ...record, Ref } }
        await call.send(BuildHistoryEvent.encode(event).finish())
      }
    },
    [contentMethod]: async (call) => {
      const { ReadContentResponse } = containerd.services.content.v1
      await call.send(ReadContentResponse.encode({ data: status }).finish())
    },
  }
}

const brokenStep = { vertexes: [{ digest: 'v', name: 'RUN x', error: 'process failed: exit code: 9' }] }

/** What a build is rejected with. The daemon that dies does so once its first status has arrived. */
async function failure(behaviour: (die: () => Promise<void>) => FakeBehaviour): Promise<SolveError> {
  const heard = deferred()
  const die = async () => {
    await heard.promise
    daemon.die()
  }
  const daemon: ReturnType<typeof fakeBuildkitd> = fakeBuildkitd(behaviour(die))
  const buildkit = await connect(daemon.dial)
  try {
    const run = buildkit.solve(options)
    void run.status[Symbol.asyncIterator]()
      .next()
      .then(() => heard.resolve())
    const error = await run.result.catch((reason) => reason)
    assert.ok(error instanceof SolveError, String(error))
    return error
  } finally {
    await buildkit.close()
  }
}

/** The first connection hears nothing once it is deafened, as on Node 20 after trailers that are too large. */
function deafening(dial: Dialer): { dial: Dialer; deafen: () => void } {
  let isDeaf = false
  let isFirst = true
  const first = (inner: Duplex): Duplex => {
    const outer = new Duplex({
      read() {},
      write: (chunk, _, done) => inner.write(chunk, done),
      destroy: (error, done) => {
        inner.destroy()
        done(error)
      },
    })
    inner.on('data', (chunk) => isDeaf || outer.push(chunk))
    inner.once('close', () => outer.destroy())
    return outer
  }
  return {
    dial: async (signal) => {
      const inner = await dial(signal)
      if (!isFirst) return inner
      isFirst = false
      return first(inner)
    },
    deafen: () => {
      isDeaf = true
    },
  }
}

/** Never answers, as on Node 20 when the answer was too large. */
async function hang(build: FakeBuild): Promise<never> {
  await once(build.signal, 'abort')
  throw failed('cancelled')
}

/** The status of a build that has one step. */
const sayOnce: Handler = async (call) => {
  await call.send(wireStatus({ vertexes: [{ digest: 'v', name: 'RUN x' }] }))
}

describe('an answer to Solve that does not arrive', () => {
  it('is read from the history, with its details, on a fresh connection where it has cost the first one', async () => {
    const handlers = remembering({ error: { code: 2, message: 'process failed' } })
    const error = await failure((die) => ({
      handlers,
      solve: async (build) => {
        await build.say({ vertexes: [{ digest: 'v', name: 'RUN x' }] })
        await die()
        return {}
      },
    }))
    assert.equal(error.code, 'SOLVE_FAILED')
    assert.equal(error.message, 'failed to solve: process failed')
    assert.deepEqual([error.grpcCode, error.exitCode], [2, 7])
  })

  it('is read from the history when a step has failed and nothing more comes', async () => {
    const handlers = remembering({ error: { code: 3, message: 'process failed' } })
    const error = await failure(() => ({
      handlers,
      solve: async (build) => {
        await build.say(brokenStep)
        return hang(build)
      },
    }))
    assert.equal(error.message, 'failed to solve: InvalidArgument: process failed')
    assert.deepEqual([error.vertex?.name, error.exitCode], ['RUN x', 7])
  })

  it('ends a connection that hears the daemon no more, with all that is on it', async () => {
    const daemon = fakeBuildkitd({
      handlers: remembering({ error: { code: 2, message: 'no' } }),
      solve: async (build) => {
        await build.say(
          build.request.Ref === 'r' ? brokenStep : { vertexes: [{ digest: 'w', name: 'RUN y' }] },
        )
        return hang(build)
      },
    })
    const { dial, deafen } = deafening(daemon.dial)
    const buildkit = await connect(dial)
    const other = buildkit.solve({ ...options, ref: 'other' })
    await other.status[Symbol.asyncIterator]().next()
    const run = buildkit.solve(options)
    await run.status[Symbol.asyncIterator]().next()
    deafen()
    await assert.rejects(run.result, { code: 'SOLVE_FAILED', message: 'failed to solve: no' })
    const lost = { code: 'CONNECTION_LOST', received: 'more than Node’s HTTP/2 can read' }
    await assert.rejects(buildkit.info(), lost)
    assert.equal(buildkit.state, 'failed')
    // The fake's history has the same record of every build.
    await assert.rejects(other.result, { code: 'SOLVE_FAILED' })
    await assert.rejects(buildkit.solve(options).result, lost)
    await buildkit.close()
  })

  it('is not asked for of a build that was never sent', async () => {
    const asked = { count: 0 }
    const daemon = fakeBuildkitd({ handlers: remembering('running', asked) })
    const buildkit = await connect(daemon.dial)
    daemon.die()
    await buildkit.closed
    await assert.rejects(buildkit.solve(options).result, { code: 'CONNECTION_LOST' })
    assert.equal(asked.count, 0)
  })

  it('is asked for again while the daemon still works on the build', async () => {
    const asked = { count: 0 }
    let isOver = false
    const running = remembering('running', asked)
    const over = remembering({ error: { code: 2, message: 'at last' } }, asked)
    const history: Handler = (call) => (isOver ? over : running)[historyMethod]!(call)
    const error = await failure(() => ({
      handlers: {
        ...over,
        [historyMethod]: async (call) => {
          await history(call)
          isOver = true
        },
      },
      solve: async (build) => {
        await build.say(brokenStep)
        return hang(build)
      },
    }))
    assert.equal(error.message, 'failed to solve: at last')
    assert.equal(asked.count, 2)
  })

  it('is not waited for without end where the history tells of a success', async (test) => {
    const clock = fakeClock(test)
    const error = await clock.until(
      failure(() => ({
        handlers: { ...remembering({}), [statusMethod]: sayOnce },
        solve: hang,
      })),
    )
    assert.equal(
      error.message,
      'failed to solve: the daemon has recorded a success and has not answered within 30 s',
    )
  })

  it('costs no question where it arrives', async () => {
    const asked = { count: 0 }
    const error = await failure(() => ({
      handlers: remembering({ error: { code: 2, message: 'other' } }, asked),
      solve: async (build) => {
        await build.say(brokenStep)
        throw failed('the answer')
      },
    }))
    assert.equal(error.message, 'failed to solve: the answer')
    assert.equal(asked.count, 0)
  })

  it('is no answer where the daemon only tells of the lost connection', async () => {
    for (const recorded of [
      { code: Code.Canceled, message: 'gone' },
      { code: Code.Unknown, message: 'failed to solve: context canceled' },
    ]) {
      const error = await failure((die) => ({
        handlers: remembering({ error: recorded }),
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: 'v', name: 'RUN x', started: { seconds: 1 } }] })
          await die()
          return {}
        },
      }))
      assert.equal(error.code, 'CONNECTION_LOST')
      assert.match(error.message, /during RUN x/)
    }
  })

  it('is told by the failed step where the daemon has no history', async () => {
    const unknown: Handler = () => Promise.reject(new RpcError(Code.Unimplemented, 'unknown method'))
    const error = await failure((die) => ({
      handlers: { [historyMethod]: unknown },
      solve: async (build) => {
        await build.say(brokenStep)
        await die()
        return {}
      },
    }))
    assert.equal(error.code, 'SOLVE_FAILED')
    assert.equal(error.shortMessage, 'failed to solve: process failed: exit code: 9')
    assert.match(error.advice!, /BuildKit v0.15 or newer/)
    assert.deepEqual([error.grpcCode, error.exitCode], [undefined, 9])
  })

  it('keeps code and message where the details cannot be read', async () => {
    const error = await failure((die) => ({
      handlers: remembering({ error: { code: 2, message: 'no' }, externalError: { digest: 'sha256:x' } }),
      solve: async (build) => {
        await build.say({ vertexes: [{ digest: 'v', name: 'RUN x' }] })
        await die()
        return {}
      },
    }))
    assert.deepEqual([error.message, error.exitCode], ['failed to solve: no', undefined])
  })
})

test('a daemon that was silent on a fresh connection too is not asked again once the first one is lost', async (t) => {
  const clock = fakeClock(t)
  const doubted = deferred()
  let dials = 0
  const route = await routeTo(async () => {
    dials++
    return linkedPair()[0]
  }, {})
  const connection = { doubted: doubted.promise, route, state: 'failed' } as unknown as Connection
  const search = new AnswerSearch({ connection, ref: 'r' })
  doubted.resolve()
  while (search.lastWords === undefined && clock.passedMs < 30_000) await clock.pass(100)
  assert.deepEqual(search.lastWords, { outcome: undefined })
  assert.ok(clock.passedMs >= 3_000 && clock.passedMs < 7_500, `${clock.passedMs} ms`)
  search[Symbol.dispose]()
  const lost = new BuildkitError('CONNECTION_LOST', 'silent')
  assert.equal(await storedAnswer(lost, { connection, ref: 'r', hasFailedStep: false, search }), lost)
  assert.equal(dials, 1)
})
