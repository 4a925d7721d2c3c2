import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { moby } from '../../src/gen/buildkit.js'
import { type Attachable, unary } from '../../src/session/attachable.ts'
import { SharedSession } from '../../src/solve/shared-session.ts'
import { type FakeBuild, failed } from '../support/fake-buildkitd.ts'
import { fakeRuns } from '../support/fake-run.ts'

const sendMethod = '/moby.filesync.v1.FileSend/DiffCopy'
const greeter: Attachable = { methods: { '/t.G/Greet': unary(() => Buffer.from('hello')) } }

/** Sends an export as the daemon does: with the trace context of the Solve that it is for. */
async function exportTo(
  build: FakeBuild,
  words: string,
  traceparent = build.metadata.get('traceparent')?.[0],
) {
  const { rpc } = await build.session()
  const call = rpc.open(sendMethod, {
    metadata: {
      'buildkit-attachable-exporter-id': '0',
      ...(traceparent !== undefined && { traceparent }),
    },
  })
  await call.send(moby.filesync.v1.BytesMessage.encode({ data: Buffer.from(words) }).finish())
  call.halfClose()
  for await (const _ of call.messages);
}

describe('a session that builds share', () => {
  it('has one id, serves everyone’s attachables, and brings each export to its own build', async () => {
    const sessions = new Set<string>()
    const traces = new Set<string>()
    await using runs = await fakeRuns({
      solve: async (build) => {
        sessions.add(build.request.Session)
        traces.add(build.metadata.get('traceparent')![0]!)
        const { rpc } = await build.session()
        assert.equal((await rpc.unary('/t.G/Greet', Buffer.alloc(0))).toString(), 'hello')
        await exportTo(build, `for ${build.request.Ref}`)
        return {}
      },
    })
    await using session = new SharedSession(runs.connection, { session: [greeter] })
    const refs = ['red', 'blue', 'green']
    const received = await Promise.all(
      refs.map(async (ref) => {
        const output = new PassThrough()
        const run = runs.solve({ session }, { ref, exports: [{ type: 'tar', output }] })
        const [words] = await Promise.all([text(output), run.result])
        return words
      }),
    )
    assert.deepEqual(
      received,
      refs.map((ref) => `for ${ref}`),
    )
    assert.deepEqual([[...sessions], traces.size], [[session.id], 3])
  })

  it('gives an export that is for no build, or for one that is over, to none', async () => {
    let over: string | undefined
    const refusals: string[] = []
    await using runs = await fakeRuns({
      solve: async (build) => {
        if (over === undefined) {
          over = build.metadata.get('traceparent')![0]!
          return {}
        }
        for (const trace of [over, '']) {
          const refused = await exportTo(build, 'lost', trace).catch((error) => error)
          refusals.push(refused.message)
        }
        await exportTo(build, 'found')
        return {}
      },
    })
    await using session = new SharedSession(runs.connection)
    await runs.solve({ session }).result
    const output = new PassThrough()
    const run = runs.solve({ session }, { exports: [{ type: 'tar', output }] })
    assert.deepEqual(await Promise.all([text(output), run.result.then(() => 'done')]), ['found', 'done'])
    assert.equal(refusals[0], 'exporter 0 not found')
    assert.match(refusals[1]!, /^the daemon does not say for which build it calls/)
  })

  it('is lost to all its builds at once, and to those that come later', async () => {
    await using runs = await fakeRuns({
      solve: async (build) => {
        if (build.request.Ref === 'last') (await build.session()).drop()
        return new Promise<never>(() => {})
      },
    })
    await using session = new SharedSession(runs.connection)
    const builds = ['first', 'last'].map((ref) => runs.solve({ session }, { ref }))
    for (const { result } of builds) await assert.rejects(result, { code: 'SESSION_LOST' })
    await assert.rejects(runs.solve({ session }).result, { code: 'SESSION_LOST' })
  })

  it('ends with its scope, and with it the builds that use it', async () => {
    await using runs = await fakeRuns({ solve: () => new Promise<never>(() => {}) })
    const session = new SharedSession(runs.connection)
    const ended = assert.rejects(runs.solve({ session }).result, {
      code: 'CLOSED',
      message: /^the session was closed before the build was over/,
    })
    await new Promise((resolve) => setImmediate(resolve))
    await session[Symbol.asyncDispose]()
    await ended
  })

  it('refuses what it cannot serve for one build, before anything is sent', async () => {
    await using runs = await fakeRuns({ solve: () => Promise.reject(failed('it was sent')) })
    await using session = new SharedSession(runs.connection, { session: [greeter] })
    for (const [options, subject, message] of [
      [{ session: [greeter] }, 'session[0]', /session\[0] of the session/],
      [
        { session: [{ methods: { '/t.G/Other': greeter.methods['/t.G/Greet']! } }] },
        'session[0]',
        /opened with/,
      ],
      [{ localDirs: { context: {} } }, 'localDirs', /directories for a frontend/],
    ] as const)
      await assert.rejects(runs.solve({ session }, options).result, {
        code: 'INVALID_OPTION',
        subject,
        message,
      })
  })
})
