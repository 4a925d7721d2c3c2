import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import type { BuildkitError } from '../../src/base/errors.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { monitor } from '../../src/transport/monitor.ts'

/** A connection whose bytes and answers are the test's, and a clock that is too. */
class Watched {
  bytesReceived = 0
  readonly questions: { readonly method: string; readonly at: number; answer(): void }[] = []
  readonly over = deferred<BuildkitError | undefined>()
  readonly closed = this.over.promise
  failedAt: number | undefined
  readonly doubtedAt: number[] = []
  now = 0

  async unary(method: string): Promise<Buffer> {
    const answered = deferred<Buffer>()
    const answer = () => {
      this.bytesReceived += 40
      answered.reject(new RpcError(Code.Unimplemented, 'unknown service'))
    }
    this.questions.push({ method, at: this.now, answer })
    return await answered.promise
  }

  fail(error: BuildkitError): void {
    this.failedAt = this.now
    this.over.resolve(error)
  }

  /** Lets time pass, with a turn of the event loop after every 100 ms. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100
      mock.timers.tick(100)
      await turn()
    }
  }

  /** Lets time pass at once, as for an event loop that does nothing else. What waits is read in the next turn. */
  async block(ms: number, waiting = 0): Promise<void> {
    this.now += ms
    mock.timers.tick(2_500)
    this.bytesReceived += waiting
    await turn()
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the monitor of a connection', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  function watch(livenessTimeoutMs = 25_000): Watched {
    const watched = new Watched()
    const onDoubt = () => void watched.doubtedAt.push(watched.now)
    monitor(watched, { description: 'unix:///sock', livenessTimeoutMs, now: () => watched.now, onDoubt })
    return watched
  }

  it('asks after at most 10 s of silence and gives up at most 25 s after the last byte, wherever it fell', async () => {
    for (const lastByteAt of [100, 1_300, 2_400, 2_500, 4_900]) {
      const watched = watch()
      await watched.pass(lastByteAt)
      watched.bytesReceived++
      await watched.pass(30_000)
      assert.equal(watched.questions.length, 1)
      const [{ method, at }] = watched.questions as [(typeof watched.questions)[0]]
      assert.equal(method, '/moby.buildkit.v1.Control/Info')
      assert.ok(at - lastByteAt >= 7_500 && at - lastByteAt <= 10_000, `asked after ${at - lastByteAt} ms`)
      assert.equal(watched.failedAt! - at, 15_000, 'the answer has 15 s')
      assert.deepEqual(watched.doubtedAt, [at + 7_500], 'in doubt half of that time')
      const error = await watched.closed
      assert.equal(error?.code, 'CONNECTION_LOST')
      assert.match(
        error.message,
        /^unix:\/\/\/sock has stopped answering: expected a sign of life within 25 s, got none/,
      )
    }
  })

  it('takes any answer for life, an error too, through ten minutes with nothing to do', async () => {
    const watched = watch()
    let asked = 0
    while (watched.now < 600_000) {
      await watched.pass(1_000)
      if (watched.questions.length === asked) continue
      asked = watched.questions.length
      watched.questions.at(-1)!.answer()
    }
    assert.equal(watched.failedAt, undefined)
    assert.ok(asked >= 55 && asked <= 80, `${asked} questions`)
  })

  it('takes any byte for life, also in place of the answer, and asks one question at a time', async () => {
    const watched = watch()
    for (let i = 0; i < 20; i++) {
      await watched.pass(14_000)
      watched.bytesReceived++
    }
    assert.equal(watched.failedAt, undefined)
    assert.equal(watched.questions.length, 1)
  })

  it('asks nothing while bytes come', async () => {
    const watched = watch()
    for (let i = 0; i < 30; i++) {
      await watched.pass(5_000)
      watched.bytesReceived++
    }
    assert.deepEqual(watched.questions, [])
  })

  it('does not take a blocked event loop of ours for silence of the daemon', async () => {
    const watched = watch()
    await watched.pass(20_000)
    assert.equal(watched.questions.length, 1)
    // The answer came meanwhile and lies there unread when the timer fires.
    await watched.block(40_000, 50)
    assert.equal(watched.failedAt, undefined)
    // The question itself has not left yet when the loop is blocked.
    await watched.pass(10_000)
    assert.equal(watched.questions.length, 1, 'the first is still open')
    for (let i = 0; i < 3; i++) await watched.block(40_000)
    assert.equal(watched.failedAt, undefined, 'the daemon has had 10 s so far')
    await watched.pass(25_000)
    assert.notEqual(watched.failedAt, undefined)
  })

  it('ends with the connection, and never begins without a limit', async () => {
    const watched = watch()
    watched.over.resolve(undefined)
    await turn()
    await watched.pass(60_000)
    const unlimited = watch(Number.POSITIVE_INFINITY)
    await unlimited.pass(60_000)
    assert.deepEqual([...watched.questions, ...unlimited.questions], [])
  })
})
