import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ClientCall, RpcClient } from '../../../src/grpc/client.ts'
import { Code, RpcError } from '../../../src/grpc/status.ts'
import {
  followStatus,
  type SolveOutcome,
  type StatusFollowing,
} from '../../../src/solve/status/follow-status.ts'
import type { SolveStatus } from '../../../src/solve/status/status.ts'
import { messageStreamPair, type StreamEnd } from '../../support/message-stream-pair.ts'
import { wireStatus } from '../../support/wire-status.ts'

const step = (name: string) => wireStatus({ vertexes: [{ name }] })
const unknown = new RpcError(Code.NotFound, 'no such job')

/** A daemon's side of the status streams that were opened, the latest last. */
class Daemon {
  readonly streams: StreamEnd[] = []
  readonly rpc = {
    serverStream: (_method: string, _request: Uint8Array, { signal }: { signal: AbortSignal }) => {
      const [ours, theirs] = messageStreamPair({ highWaterBytes: Number.POSITIVE_INFINITY })
      this.streams.push(theirs)
      signal.addEventListener('abort', () => theirs.break(new RpcError(Code.Canceled, 'cancelled')))
      return ours as unknown as ClientCall
    },
  } as unknown as RpcClient

  get stream(): StreamEnd {
    return this.streams.at(-1)!
  }
}

/** Follows at a daemon; `names` are those of the steps that have come. */
function follow(onStatus: (status: SolveStatus) => Promise<void> | undefined = () => undefined) {
  const daemon = new Daemon()
  const names: (string | undefined)[] = []
  const failures: unknown[] = []
  let impatient = 0
  const following = followStatus(daemon.rpc, {
    ref: 'r',
    onStatus: (status) => {
      names.push(status.vertexes?.[0]?.name)
      return onStatus(status)
    },
    onImpatience: () => impatient++,
    onFailure: (error) => failures.push(error),
  })
  return { daemon, names, failures, following, impatience: () => impatient }
}

/** Whether the following ends, watched without waiting for it. */
function ending(
  following: StatusFollowing,
  outcome: SolveOutcome,
  signal?: AbortSignal,
): { isOver: boolean } {
  const state = { isOver: false }
  following.end(outcome, signal).then(() => {
    state.isOver = true
  })
  return state
}

/** Lets what is due happen, before and after so many milliseconds. */
async function pass(ms: number): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  mock.timers.tick(ms)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
}

describe('followStatus', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('ends with the stream', async () => {
    const { daemon, names, following } = follow()
    daemon.stream.send(step('one'))
    daemon.stream.send(step('two'))
    daemon.stream.end()
    await following.ended
    await following.end('succeeded')
    assert.deepEqual(names, ['one', 'two'])
  })

  it('gives up a stream that is silent for five seconds after the answer, and not before', async () => {
    const { daemon, following } = follow()
    daemon.stream.send(step('one'))
    await pass(3_600_000)
    const state = ending(following, 'failed')
    await pass(4_900)
    assert.equal(state.isOver, false)
    daemon.stream.send(step('two'))
    await pass(4_900)
    assert.equal(state.isOver, false)
    await pass(200)
    assert.equal(state.isOver, true)
  })

  it('does not wait for five seconds where Solve has failed before any status came', async () => {
    const { following } = follow()
    const state = ending(following, 'failed')
    await pass(400)
    assert.equal(state.isOver, false)
    await pass(200)
    assert.equal(state.isOver, true)
  })

  it('waits as long as ever once a status has come within that time', async () => {
    const { daemon, following } = follow()
    const state = ending(following, 'failed')
    daemon.stream.send(step('late'))
    await pass(4_900)
    assert.equal(state.isOver, false)
    await pass(200)
    assert.equal(state.isOver, true)
  })

  it('gives up a stream that never falls silent, 65 s after the answer', async () => {
    const { daemon, names, following, impatience } = follow()
    daemon.stream.send(step('on'))
    await pass(0)
    const state = ending(following, 'succeeded')
    for (let second = 1; second < 65; second++) {
      daemon.stream.send(step('and on'))
      await pass(1_000)
      assert.equal(state.isOver, false)
      assert.equal(impatience(), second < 60 ? 0 : 1)
    }
    await pass(1_000)
    assert.equal(state.isOver, true)
    assert.equal(names.length, 65)
  })

  it('takes five seconds in all where the build was cancelled', async () => {
    const { daemon, following, impatience } = follow()
    const state = ending(following, 'cancelled')
    assert.equal(impatience(), 1)
    for (let second = 0; second < 5; second++) {
      assert.equal(state.isOver, false)
      daemon.stream.send(step('and on'))
      await pass(1_000)
    }
    assert.equal(state.isOver, true)
  })

  it('takes five seconds more where the build is cancelled after the answer', async () => {
    const { daemon, following, impatience } = follow()
    const cancelling = new AbortController()
    const state = ending(following, 'succeeded', cancelling.signal)
    for (let second = 0; second < 7; second++) {
      if (second === 2) cancelling.abort()
      assert.deepEqual([state.isOver, impatience()], [false, second < 2 ? 0 : 1])
      daemon.stream.send(step('and on'))
      await pass(1_000)
    }
    assert.equal(state.isOver, true)
  })

  it('asks again, ever more slowly, while the daemon does not know the build', async () => {
    const { daemon, names, following } = follow()
    for (const [asked, pauseMs] of [100, 200, 400, 800, 1600, 3200, 5000, 5000].entries()) {
      assert.equal(daemon.streams.length, asked + 1)
      daemon.stream.break(unknown)
      await pass(pauseMs - 1)
      assert.equal(daemon.streams.length, asked + 1)
      await pass(1)
    }
    daemon.stream.send(step('at last'))
    daemon.stream.end()
    await following.ended
    assert.deepEqual(names, ['at last'])
  })

  it('asks once more for the status of a build that is over, at once', async () => {
    const { daemon, names, following } = follow()
    daemon.stream.break(unknown)
    await pass(0)
    const state = ending(following, 'failed')
    await pass(0)
    assert.equal(daemon.streams.length, 2)
    daemon.stream.send(step('replayed'))
    daemon.stream.end()
    await pass(0)
    assert.equal(state.isOver, true)
    assert.deepEqual(names, ['replayed'])
  })

  it('asks only once more', async () => {
    const { daemon, following } = follow()
    daemon.stream.break(unknown)
    await pass(0)
    const state = ending(following, 'succeeded')
    await pass(0)
    daemon.stream.break(unknown)
    await pass(0)
    assert.equal(state.isOver, true)
    assert.equal(daemon.streams.length, 2)
  })

  it('does not ask again for a build that the daemon has forgotten meanwhile, or where all fails', async () => {
    const forgotten = follow()
    forgotten.daemon.stream.send(step('one'))
    await pass(0)
    forgotten.daemon.stream.break(unknown)
    await forgotten.following.ended
    const broken = follow()
    broken.daemon.stream.break(new RpcError(Code.Internal, 'broken'))
    await broken.following.ended
    await pass(10_000)
    assert.deepEqual([forgotten.daemon.streams.length, broken.daemon.streams.length], [1, 1])
    assert.deepEqual([...forgotten.failures, ...broken.failures], [])
  })

  it('reports a malformed message', async () => {
    const { daemon, failures, following } = follow()
    daemon.stream.send(Buffer.from('0aff', 'hex'))
    await following.ended
    assert.equal((failures[0] as { code?: string }).code, 'PROTOCOL_ERROR')
  })

  it('reads no further while it is asked to wait, and is impatient only once Solve is over', async () => {
    let make: () => void = () => {}
    const room = new Promise<void>((resolve) => {
      make = resolve
    })
    const { daemon, names, following, impatience } = follow(() => room)
    daemon.stream.send(step('one'))
    daemon.stream.send(step('two'))
    daemon.stream.end()
    await pass(3_600_000)
    assert.deepEqual([names, impatience()], [['one'], 0])
    const state = ending(following, 'succeeded')
    await pass(4_900)
    assert.equal(impatience(), 0)
    await pass(200)
    assert.equal(impatience(), 1)
    assert.equal(state.isOver, false)
    make()
    await pass(0)
    assert.equal(state.isOver, true)
    assert.deepEqual(names, ['one', 'two'])
  })

  it('is stopped at once, also while it is asked to wait', async () => {
    let make: () => void = () => {}
    const room = new Promise<void>((resolve) => {
      make = resolve
    })
    const { daemon, following, impatience } = follow(() => room)
    daemon.stream.send(step('one'))
    await pass(0)
    const stopping = following.stop()
    assert.equal(impatience(), 1)
    make()
    await stopping
  })

  it('is stopped at once, also while it pauses', async () => {
    const listening = follow()
    await listening.following.stop()
    const pausing = follow()
    pausing.daemon.stream.break(unknown)
    await pass(0)
    await pausing.following.stop()
    assert.equal(pausing.daemon.streams.length, 1)
  })
})
