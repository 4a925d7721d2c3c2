import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type DaemonlessOptions, startDaemonless } from '../../src/daemon/daemonless.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

const program = join(import.meta.dirname, '../support/fake-buildkitd-program.mjs')

/** Options to start the stand-in, with everything under one temporary folder. */
function options(dir: TempDir, env: Record<string, string> = {}): DaemonlessOptions {
  return {
    command: [process.execPath, program],
    stateDir: join(dir.path, 'state'),
    env: { PATH: process.env.PATH, TMPDIR: dir.path, ...env },
  }
}

/** What is left in the folder beside the state. */
const leftovers = async (dir: TempDir) => (await readdir(dir.path)).filter((name) => name !== 'state')

test('a daemon is started on a private socket, and gone with it afterwards', async () => {
  await using dir = await tempDir()
  {
    await using daemon = await startDaemonless(options(dir))
    assert.equal(daemon.root, join(dir.path, 'state', '1'))
    const folder = dirname(daemon.address.slice('unix://'.length))
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    assert.equal((await stat(daemon.root)).mode & 0o777, 0o700)
    const stream = await (await routeTo(daemon.address)).dial(new AbortController().signal)
    stream.destroy()
  }
  assert.deepEqual(await leftovers(dir), [])
})

test('a state folder in use is left to its daemon, and the next one is taken', async () => {
  await using dir = await tempDir()
  await using daemon = await startDaemonless(options(dir, { FAKE_BUSY: '2' }))
  assert.equal(daemon.root, join(dir.path, 'state', '3'))
  assert.equal((await leftovers(dir)).length, 1, 'one socket folder only')
})

test('when every state folder is in use that is said', async () => {
  await using dir = await tempDir()
  const command = ['/bin/sh', '-c', 'echo "could not lock $1/buildkitd.lock" >&2', 'sh']
  await assert.rejects(startDaemonless({ ...options(dir), command }), {
    code: 'NO_DAEMON',
    message: `every state folder in ${join(dir.path, 'state')} is in use: expected at most 64 private daemons at a time`,
  })
  assert.deepEqual(await leftovers(dir), [])
})

test('a daemon that ends at once is NO_DAEMON with its last words, without stack traces', async () => {
  await using dir = await tempDir()
  const said =
    'level=warning msg="no runc"\nbuildkitd: \x1b[1mno worker found\nmain.main\n\t/main.go:1\nruntime.goexit\n\t/asm.s:2\n'
  await assert.rejects(startDaemonless(options(dir, { FAKE_SAYS: said })), {
    code: 'NO_DAEMON',
    message:
      'the private buildkitd ended while it was starting: got level=warning msg="no runc"\nbuildkitd: [1mno worker found',
  })
  await assert.rejects(startDaemonless(options(dir, { FAKE_SAYS: '' })), { received: 'no message' })
  assert.deepEqual(await leftovers(dir), [])
})

test('a daemon that accepts a connection and ends before it answers was never ready', async () => {
  await using dir = await tempDir()
  await assert.rejects(startDaemonless(options(dir, { FAKE_DOOMED: 'buildkitd: no worker found' })), {
    code: 'NO_DAEMON',
    received: /buildkitd: no worker found$/,
  })
  assert.deepEqual(await leftovers(dir), [])
})

test('a daemon that does not listen is a TIMEOUT with its last words, and is stopped', async () => {
  await using dir = await tempDir()
  const deaf = { ...options(dir, { FAKE_DEAF: '1' }), startTimeoutMs: 1000 }
  await assert.rejects(startDaemonless(deaf), (error: Error & { code?: string; received?: string }) => {
    assert.equal(error.code, 'TIMEOUT')
    assert.match(error.message, /expected an answer within 1000 ms/)
    assert.match(error.received!, /--root=.*\/state\/1 --addr=unix:.* --containerd-worker=false$/)
    return true
  })
  assert.deepEqual(await leftovers(dir), [])
})

test('the signal stops a start, and what was started', async () => {
  await using dir = await tempDir()
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const starting = startDaemonless({ ...options(dir, { FAKE_DEAF: '1' }), signal: abort.signal })
  setImmediate(() => abort.abort(reason))
  await assert.rejects(starting, { code: 'CANCELLED', cause: reason })
  await assert.rejects(startDaemonless({ ...options(dir), signal: abort.signal }), {
    code: 'CANCELLED',
    cause: reason,
  })
  assert.deepEqual(await leftovers(dir), [])
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
})

test('real daemons at the same time have state of their own, which is kept', {
  skip: skipWithout('buildkitd'),
}, async () => {
  await using dir = await tempDir()
  // It looks for the program when it starts, and runs it with the first step.
  const bin = join(dir.path, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'runc'), '', { mode: 0o755 })
  const real = { ...options(dir, { PATH: `${bin}:${process.env.PATH}` }), command: [part('buildkitd')] }
  {
    await using one = await startDaemonless(real)
    await using other = await startDaemonless(real)
    assert.deepEqual(
      [one.root, other.root],
      ['1', '2'].map((name) => join(dir.path, 'state', name)),
    )
    for (const { address } of [one, other]) {
      const connection = await openConnection(await routeTo(address))
      assert.equal(connection.state, 'ready')
      await connection.close()
    }
  }
  assert.deepEqual(await leftovers(dir), ['bin'])
  const before = await stat(join(dir.path, 'state', '1', 'cache.db'))
  await using again = await startDaemonless(real)
  assert.equal(again.root, join(dir.path, 'state', '1'))
  assert.equal((await stat(join(again.root, 'cache.db'))).ino, before.ino)
})

test('what a real buildkitd says when it cannot work is in the error', {
  skip: skipWithout('buildkitd'),
}, async () => {
  await using dir = await tempDir()
  const { env } = options(dir, { PATH: '/nowhere' })
  await assert.rejects(
    startDaemonless({ ...options(dir), env, command: [part('buildkitd')] }),
    (error: Error) => {
      assert.match(error.message, /runc does not exist/)
      assert.match(error.message, /buildkitd: no worker found, rebuild the buildkit daemon\?$/)
      return true
    },
  )
})
