import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import * as http2 from 'node:http2'
import net from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Buildkit, type ConnectionState, connect, type SolveRun } from '../../src/index.ts'
import { busybox, startDaemon } from '../support/daemon.ts'
import { relayTo } from '../support/relay.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

/** A build that has come to a step that lasts. Its context is copied before, so nothing of it is read any more. */
async function underWay(buildkit: Buildkit, command = 'sleep 600'): Promise<{ run: SolveRun }> {
  await using dir = await tempDir()
  await copyFile(busybox(), join(dir.path, 'sh'))
  const Dockerfile = `FROM scratch\nCOPY sh /bin/sh\nCOPY sh /bin/sleep\nRUN echo begun && ${command}\n`
  const run = buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: dir.path, dockerfile: { Dockerfile } },
  })
  for await (const { logs = [] } of run.status)
    if (logs.some(({ data }) => Buffer.from(data ?? '', 'base64').includes('begun'))) return { run }
  await run
  assert.fail('the step did not begin')
}

async function secondsUntil(work: Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work
  return (performance.now() - begin) / 1000
}

const socketOf = (address: string) => address.replace(/^unix:\/\//, '')

describe('a real daemon', { skip: skipWithout('buildkitd', 'busybox') }, () => {
  it('that is stopped is noticed within 25 s by builds, questions and idle connections', async () => {
    await using daemon = await startDaemon()
    await using buildkit = await connect(daemon.ready.unix)
    await using idle = await connect(daemon.ready.unix)
    const { run } = await underWay(buildkit)
    process.kill(daemon.pid, 'SIGSTOP')
    const lost = { code: 'CONNECTION_LOST', message: /has stopped answering/ }
    const seconds = await Promise.all([
      secondsUntil(
        assert.rejects(run.result, {
          code: 'CONNECTION_LOST',
          message:
            /buildkitd\.sock has stopped answering, during \[3\/3\] RUN echo begun && sleep 600: expected/,
        }),
      ),
      secondsUntil(assert.rejects(buildkit.info(), lost)),
      secondsUntil(assert.rejects(buildkit.listWorkers(), lost)),
      secondsUntil(idle.closed),
    ])
    // A busy machine is given two seconds more.
    for (const waited of seconds)
      assert.ok(waited > 15 && waited < 27, `noticed after ${seconds.join(', ')} s`)
    assert.deepEqual([buildkit.state, idle.state], ['failed', 'failed'])
    await assert.rejects(buildkit.solve({ definition: new Uint8Array() }).result, lost)
    process.kill(daemon.pid, 'SIGCONT')
  })

  it('that is healthy is not blamed for an event loop of ours that was blocked, with a build or without', async () => {
    await using daemon = await startDaemon()
    await using buildkit = await connect(daemon.ready.unix, { livenessTimeoutMs: 1_000 })
    const { run } = await underWay(buildkit, 'sleep 6')
    // Longer than the limit, and before any question.
    for (let times = 0; times < 2; times++) {
      const end = performance.now() + 3_000
      while (performance.now() < end);
      await sleep(50)
    }
    await run.result
    assert.equal(buildkit.state, 'ready')
    await buildkit.info()
  })

  it('takes no offence at being asked again and again, as it does at pings', async () => {
    await using daemon = await startDaemon()
    await using buildkit = await connect(daemon.ready.unix, { livenessTimeoutMs: 1_000 })
    const pinging = http2.connect('http://localhost', {
      createConnection: () => net.connect(socketOf(daemon.ready.unix)),
    })
    pinging.on('error', () => {})
    const reproached = once(pinging, 'goaway')
    let pings = 0
    while (!pinging.destroyed && pings < 10) {
      pinging.ping(() => {})
      pings++
      await sleep(500)
    }
    const [, , data] = await reproached
    assert.equal(String(data), 'too_many_pings')
    // Some fifteen questions in the same time.
    assert.equal(buildkit.state, 'ready')
    await buildkit.info()
  })

  it('that dies behind a connection that stays open is noticed, and answers the next one when it is back', async () => {
    await using kept = await tempDir()
    const daemon = await startDaemon({ folder: kept.path })
    await using relay = await relayTo(() => Promise.resolve(net.connect(socketOf(daemon.ready.unix))))
    await using buildkit = await connect(relay.dial, { livenessTimeoutMs: 2_000 })
    const { run } = await underWay(buildkit)
    relay.halfOpen()
    await daemon.kill()
    await daemon.stop()
    await using again = await startDaemon({ folder: kept.path })
    await assert.rejects(run.result, { code: 'CONNECTION_LOST', message: /has stopped answering, during / })
    await using fresh = await connect(again.ready.unix)
    await fresh.info()
  })

  it('that is told to end finishes what it is building, and takes no new calls', async () => {
    await using daemon = await startDaemon()
    const states: ConnectionState[] = []
    const onState = (state: ConnectionState) => void states.push(state)
    await using buildkit = await connect(daemon.ready.unix, { onState })
    const { run } = await underWay(buildkit, 'sleep 4')
    process.kill(daemon.pid, 'SIGTERM')
    while (buildkit.state === 'ready') await sleep(20)
    assert.equal(buildkit.state, 'draining')
    const refusal = { code: 'CONNECTION_LOST', message: /takes no new calls on this connection: got GOAWAY/ }
    await assert.rejects(buildkit.info(), refusal)
    await assert.rejects(buildkit.solve({ definition: new Uint8Array() }).result, refusal)
    await run.result
    assert.match((await buildkit.closed)!.message, /GOAWAY/)
    assert.deepEqual(states, ['connecting', 'ready', 'draining', 'failed'])
  })
})
