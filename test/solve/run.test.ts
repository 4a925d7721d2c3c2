import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import { inspect } from 'node:util'
import { type Buildkit, connect } from '../../src/buildkit.ts'
import { moby } from '../../src/gen/buildkit.js'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { unary } from '../../src/session/attachable.ts'
import { dockerConfigAuth, staticAuth } from '../../src/session/auth/auth.ts'
import { SolveError } from '../../src/solve/failure/solve-error.ts'
import type { SolveOptions } from '../../src/solve/options/options.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { type FakeBehaviour, failed, fakeBuildkitd } from '../support/fake-buildkitd.ts'
import { tempDir } from '../support/temp.ts'

const options: SolveOptions = { definition: new Uint8Array() }

async function withDaemon(
  behaviour: FakeBehaviour,
  use: (buildkit: Buildkit, daemon: ReturnType<typeof fakeBuildkitd>) => Promise<void>,
): Promise<void> {
  const daemon = fakeBuildkitd(behaviour)
  const buildkit = await connect(daemon.dial)
  try {
    await use(buildkit, daemon)
  } finally {
    await buildkit.close()
  }
}

async function all(statuses: AsyncIterable<SolveStatus>): Promise<SolveStatus[]> {
  const list: SolveStatus[] = []
  for await (const status of statuses) list.push(status)
  return list
}

describe('a run', () => {
  it('is cancelled also while the check of an attachable hangs', async () => {
    await withDaemon({}, async (buildkit) => {
      const hanging = { methods: {}, check: () => new Promise<void>(() => {}) }
      const run = buildkit.solve({ ...options, session: [hanging] })
      setImmediate(() => run.cancel('enough'))
      await assert.rejects(run.result, { code: 'CANCELLED', message: /enough/ })
    })
  })

  it('gives the digest, the whole response and its ref', async () => {
    const response = { 'containerimage.digest': 'sha256:d', 'image.name': 'a' }
    await withDaemon({ solve: async () => response }, async (buildkit) => {
      const run = buildkit.solve({ ...options, ref: 'my-ref' })
      assert.deepEqual(await run.result, { ref: 'my-ref', digest: 'sha256:d', exporterResponse: response })
    })
  })

  it('names its session in the request, and the session is there to be called', async () => {
    const greeter = { methods: { '/t.G/Greet': unary((who) => Buffer.from(`hello ${who.toString()}`)) } }
    let said = ''
    await withDaemon(
      {
        solve: async (build) => {
          const session = await build.session()
          assert.equal(session.id, build.request.Session)
          assert.deepEqual(session.methods, ['/grpc.health.v1.Health/Check', '/t.G/Greet'])
          assert.equal(session.sharedKey, 'key')
          said = (await session.rpc.unary('/t.G/Greet', Buffer.from('daemon'))).toString()
          return {}
        },
      },
      async (buildkit) => {
        await buildkit.solve({ ...options, session: [greeter], sharedKey: 'key' }).result
      },
    )
    assert.equal(said, 'hello daemon')
  })

  it('yields every status in order, also those after the solve has returned', async () => {
    await withDaemon(
      {
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: 'a', name: 'one' }] })
          await build.say({ logs: [{ vertex: 'a', msg: Buffer.from('text'), stream: 1 }] })
          return {}
        },
      },
      async (buildkit) => {
        const run = buildkit.solve(options)
        assert.deepEqual(await all(run.status), [
          { vertexes: [{ digest: 'a', name: 'one' }] },
          { logs: [{ vertex: 'a', stream: 1, data: 'dGV4dA==', timestamp: '1970-01-01T00:00:00Z' }] },
        ])
        await run.result
      },
    )
  })

  it('fails with the step, its last lines and the daemon’s words', async () => {
    await withDaemon(
      {
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: 'a', name: 'RUN false' }] })
          await build.say({ logs: [{ vertex: 'a', msg: Buffer.from('about to\nfail\n'), stream: 2 }] })
          await build.say({ vertexes: [{ digest: 'a', name: 'RUN false', error: 'exit code: 1' }] })
          throw failed('process "false" did not complete: https://me:s3cret@host/x failed')
        },
      },
      async (buildkit) => {
        const run = buildkit.solve({ ...options, ref: 'r1' })
        await assert.rejects(run.result, (error) => {
          assert.ok(error instanceof SolveError)
          assert.equal(error.code, 'SOLVE_FAILED')
          assert.equal(error.ref, 'r1')
          assert.equal(error.grpcCode, Code.Unknown)
          assert.deepEqual(error.vertex, { digest: 'a', name: 'RUN false', error: 'exit code: 1' })
          assert.deepEqual(error.logs, ['about to', 'fail'])
          assert.equal(
            error.message,
            'failed to solve: process "false" did not complete: https://***@host/x failed',
          )
          return true
        })
        const reported = await run.result.catch((error) => error)
        await assert.rejects(all(run.status), (error) => error === reported)
      },
    )
  })

  it('says what broke on our side when the daemon repeats it', async () => {
    const broken = {
      methods: { '/t.T/Break': () => Promise.reject(new RpcError(Code.Unknown, 'never mind')) },
    }
    await withDaemon(
      {
        solve: async (build) => {
          await (await build.session()).rpc.unary('/t.T/Break', Buffer.alloc(0)).catch(() => {})
          throw failed('something else')
        },
      },
      async (buildkit) => {
        await assert.rejects(buildkit.solve({ ...options, session: [broken] }).result, {
          code: 'SOLVE_FAILED',
        })
      },
    )
  })

  it('is cancelled by its signal: the daemon’s work ends, the reason is kept', async () => {
    let daemonStopped = false
    const stop = new AbortController()
    const reason = new Error('user went away')
    await withDaemon(
      {
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: 'a', name: 'sleep' }] })
          stop.abort(reason)
          if (!build.signal.aborted) await once(build.signal, 'abort')
          daemonStopped = true
          throw failed('context canceled')
        },
      },
      async (buildkit) => {
        const run = buildkit.solve({ ...options, signal: stop.signal })
        await assert.rejects(run.result, { code: 'CANCELLED', cause: reason, message: /user went away/ })
        assert.ok(daemonStopped)
      },
    )
  })

  it('is not cancelled by leaving the status loop', async () => {
    await withDaemon(
      {
        solve: async (build) => {
          for (const name of ['one', 'two', 'three']) await build.say({ vertexes: [{ digest: name, name }] })
          return { done: 'yes' }
        },
      },
      async (buildkit) => {
        const run = buildkit.solve(options)
        for await (const _ of run.status) break
        assert.deepEqual((await run.result).exporterResponse, { done: 'yes' })
      },
    )
  })

  it('is cancelled by leaving its scope, and is over by then', async () => {
    let stopped = false
    await withDaemon(
      {
        solve: async (build) => {
          await once(build.signal, 'abort')
          stopped = true
          throw failed('context canceled')
        },
      },
      async (buildkit) => {
        let result: Promise<unknown>
        {
          await using run = buildkit.solve(options)
          result = run.result
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        assert.ok(stopped)
        await assert.rejects(result, { code: 'CANCELLED' })
      },
    )
  })

  it('fails before anything is sent when its options are wrong', async () => {
    let solves = 0
    await withDaemon(
      {
        solve: async () => {
          solves++
          return {}
        },
      },
      async (buildkit) => {
        await assert.rejects(buildkit.solve({}).result, { code: 'INVALID_OPTION', subject: 'frontend' })
        await assert.rejects(buildkit.solve({ ...options, frontend: 'x' }).result, { received: '"both"' })
      },
    )
    assert.equal(solves, 0)
  })

  it('reports the lost connection when the daemon dies', async () => {
    const daemon = fakeBuildkitd({
      solve: async (build) => {
        await build.say({ vertexes: [{ digest: 'a', name: 'one' }] })
        daemon.die()
        return {}
      },
    })
    const buildkit = await connect(daemon.dial)
    const run = buildkit.solve(options)
    await assert.rejects(run.result, { code: 'CONNECTION_LOST' })
    await assert.rejects(all(run.status), { code: 'CONNECTION_LOST' })
    assert.equal(buildkit.state, 'failed')
    await buildkit.close()
  })

  it('reports the lost session when only that breaks, and ends the solve', async () => {
    let stopped = false
    await withDaemon(
      {
        solve: async (build) => {
          ;(await build.session()).drop()
          await once(build.signal, 'abort')
          stopped = true
          throw failed('no active session')
        },
      },
      async (buildkit) => {
        await assert.rejects(buildkit.solve(options).result, { code: 'SESSION_LOST' })
        assert.equal(buildkit.state, 'ready')
        await buildkit.info()
        assert.ok(stopped)
      },
    )
  })

  it('fails on status messages that are garbage', async () => {
    await withDaemon(
      {
        solve: () => new Promise(() => {}),
        handlers: {
          '/moby.buildkit.v1.Control/Status': unary(() => Buffer.from('0aff', 'hex')),
        },
      },
      async (buildkit) => {
        const error = await buildkit.solve(options).result.catch((reason) => reason)
        assert.equal(error.code, 'PROTOCOL_ERROR')
      },
    )
  })

  it('survives a daemon that does not know the ref', async () => {
    const unknown = () => Promise.reject(new RpcError(Code.NotFound, 'no such job'))
    await withDaemon(
      { solve: async () => ({ a: 'b' }), handlers: { '/moby.buildkit.v1.Control/Status': unknown } },
      async (buildkit) => {
        const run = buildkit.solve(options)
        assert.deepEqual(await all(run.status), [])
        assert.deepEqual((await run.result).exporterResponse, { a: 'b' })
      },
    )
  })

  it('falls back to the failed step when the answer is a bare reset', async () => {
    await withDaemon(
      {
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: 'a', name: 'RUN x', error: 'exit code: 9' }] })
          throw new RpcError(Code.Internal, 'stream terminated by RST_STREAM')
        },
      },
      async (buildkit) => {
        await assert.rejects(buildkit.solve(options).result, {
          code: 'SOLVE_FAILED',
          shortMessage: 'failed to solve: exit code: 9',
        })
      },
    )
  })

  it('fails as closed when the connection is closed under it', async () => {
    await withDaemon({ solve: () => new Promise(() => {}) }, async (buildkit) => {
      const run = buildkit.solve(options)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await buildkit.close()
      await assert.rejects(run.result, { code: 'CLOSED' })
      await assert.rejects(buildkit.solve(options).result, {
        code: 'CLOSED',
        message: /^the connection was closed before the build was started/,
      })
    })
  })

  it('says so when its scope ends before it is over', async () => {
    const daemon = fakeBuildkitd({ solve: () => new Promise(() => {}) })
    const build = async () => {
      await using buildkit = await connect(daemon.dial)
      return { failure: buildkit.solve(options).catch((error) => error) }
    }
    const { failure } = await build()
    await assert.rejects(Promise.reject(await failure), {
      code: 'CLOSED',
      message:
        'close() was called, or the scope of `await using` ended, before the build was over. ' +
        'Await the result inside it: return await buildkit.solve(options)',
    })
  })

  it('fails before anything is sent when its files or targets cannot be', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, 'file')
    await writeFile(file, '')
    const unsent = { solve: () => assert.fail('the build was sent') }
    await withDaemon(unsent, async (buildkit) => {
      for (const [wrong, subject] of [
        [{ localDirs: { c: { 'a/../../x': '' } } }, 'localDirs.c'],
        [{ localDirs: { c: { a: '', 'a/b': '' } } }, 'localDirs.c'],
        [{ exports: [{ type: 'local', outputDir: file }] }, 'exports[0].outputDir'],
      ] as [SolveOptions, string][]) {
        const error = await buildkit.solve({ ...options, ...wrong }).result.catch((reason) => reason)
        assert.equal(error.code, 'INVALID_OPTION', error.message)
        assert.equal(error.subject, subject)
      }
    })
  })

  it('runs many at once, each with its own session and status', async () => {
    await withDaemon(
      {
        solve: async (build) => {
          await build.say({ vertexes: [{ digest: build.request.Ref, name: build.request.Ref }] })
          return { session: (await build.session()).id }
        },
      },
      async (buildkit) => {
        const runs = Array.from({ length: 50 }, (_, n) => buildkit.solve({ ...options, ref: `ref-${n}` }))
        const sessions = await Promise.all(
          runs.map(async ({ result }) => (await result).exporterResponse.session),
        )
        assert.equal(new Set(sessions).size, 50)
        for (const [n, run] of runs.entries()) {
          assert.deepEqual(await all(run.status), [{ vertexes: [{ digest: `ref-${n}`, name: `ref-${n}` }] }])
        }
      },
    )
  })

  it('stops asking when it is cancelled', async () => {
    const reason = new Error('no longer')
    const never = () => new Promise<void>(() => {})
    await withDaemon({ handlers: { '/moby.buildkit.v1.Control/ListWorkers': never } }, async (buildkit) => {
      const stop = new AbortController()
      const asking = buildkit.listWorkers({ signal: stop.signal })
      setImmediate(() => stop.abort(reason))
      await assert.rejects(asking, { code: 'CANCELLED', cause: reason })
    })
  })

  it('answers questions about the daemon', async () => {
    const old = () => Promise.reject(new RpcError(Code.Unimplemented, 'unknown method'))
    await withDaemon({}, async (buildkit) => {
      assert.deepEqual(await buildkit.info(), { version: 'v0.0.0-fake', package: 'fake', revision: '1' })
      assert.deepEqual(await buildkit.listWorkers(), [{ id: 'w', labels: {}, platforms: [], version: '' }])
    })
    await withDaemon({ handlers: { '/moby.buildkit.v1.Control/Info': old } }, async (buildkit) => {
      assert.equal(await buildkit.info(), undefined)
    })
    const garbage = unary(() => moby.buildkit.v1.BytesMessage.encode({ data: Buffer.from('?') }).finish())
    await withDaemon({ handlers: { '/moby.buildkit.v1.Control/Info': garbage } }, async (buildkit) => {
      await assert.rejects(buildkit.info(), { code: 'PROTOCOL_ERROR' })
    })
  })
})

describe('a run with credentials', () => {
  it('refuses a malformed Docker config before anything is sent, naming the file', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, 'config.json')
    await writeFile(file, '{"auths": {"a": "s3cret')
    let solves = 0
    await withDaemon(
      {
        solve: async () => {
          solves++
          return {}
        },
      },
      async (buildkit) => {
        const session = [dockerConfigAuth({ configDir: dir.path, env: {} })]
        await assert.rejects(buildkit.solve({ ...options, session }).result, (error: Error) => {
          assert.equal((error as { code?: unknown }).code, 'CREDENTIALS_FAILED')
          assert.ok(error.message.includes(file))
          assert.ok(!error.message.includes('s3cret'))
          return true
        })
      },
    )
    assert.equal(solves, 0)
  })
})

describe('a run that a registry turns away', () => {
  const refusals = [
    'failed to push r.example/a: unexpected status from HEAD request to https://r.example/v2/a/: 401 Unauthorized',
    'failed to push r.example/a: unexpected status from POST request to https://r.example/v2/a/: 403 Forbidden',
    'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope',
    'no basic auth credentials',
  ]

  async function adviceOn(refusal: string, session: SolveOptions['session']): Promise<string | undefined> {
    let advice: string | undefined
    await withDaemon({ solve: () => Promise.reject(failed(refusal)) }, async (buildkit) => {
      await assert.rejects(buildkit.solve({ ...options, session }).result, (error) => {
        assert.ok(error instanceof SolveError)
        assert.equal(error.code, 'SOLVE_FAILED')
        advice = error.advice
        return true
      })
    })
    return advice
  }

  it('is told how to give credentials where it has none', async () => {
    for (const refusal of refusals)
      assert.equal(
        await adviceOn(refusal, []),
        "Give the registry's credentials: session: [dockerConfigAuth()]",
      )
  })

  it('is told to check those that it has', async () => {
    const session = [staticAuth({})]
    assert.equal(await adviceOn(refusals[0]!, session), 'Check the credentials of r.example')
    assert.equal(await adviceOn(refusals[3]!, session), 'Check the credentials of that registry')
  })

  it('is told nothing of credentials where another fails', async () => {
    assert.equal(
      await adviceOn('process "/bin/sh -c exit 40" did not complete: exit code: 40', []),
      undefined,
    )
  })
})

test('the bytes of an error’s details are kept, and not printed', async () => {
  const details = Buffer.from('some details')
  const error = new RpcError(Code.Unknown, 'failed', { details })
  assert.equal(error.details, details)
  assert.doesNotMatch(inspect(new SolveError('SOLVE_FAILED', 'x', { ref: 'r' }, { cause: error })), /details/)
})
