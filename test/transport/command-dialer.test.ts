import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connect } from '../../src/buildkit.ts'
import { commandDialer } from '../../src/transport/command-dialer.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { daemonAddress } from '../support/daemon.ts'
import { fakeEngine, switching } from '../support/fake-engine.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

const never = new AbortController().signal

/** A `PATH` with these shell scripts in front. */
async function programs(dir: TempDir, scripts: Readonly<Record<string, string>>): Promise<{ PATH: string }> {
  const bin = join(dir.path, 'bin')
  await mkdir(bin, { recursive: true })
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  return { PATH: `${bin}:${process.env.PATH}` }
}

/** An ssh whose every host is this one. It writes down what it was called with. */
const localSsh = (log: string) =>
  `echo "$@" >> '${log}'; while [ "$1" != -- ]; do shift; done; shift 2; exec "$@"`

/** Passes its input and output on to a Unix socket. */
const passOn = (socket: string) =>
  `exec '${process.execPath}' -e "
    const socket = require('node:net').connect('${socket}')
    process.stdin.pipe(socket).pipe(process.stdout)
  "`

test('the stream is what the command reads and writes, and both ends end it', async () => {
  const echo = await commandDialer(['cat'], 'it')(never)
  echo.end('hello')
  assert.equal(await text(echo), 'hello')
  const speaker = await commandDialer(['sh', '-c', 'echo hello'], 'it')(never)
  assert.equal(await text(speaker), 'hello\n')
})

test('much data goes through, and is held back while nobody reads', async () => {
  const bytes = 8 << 20
  const stream = await commandDialer(['head', '-c', String(bytes), '/dev/zero'], 'it')(never)
  await once(stream, 'readable')
  for (let turn = 0; turn < 1000; turn++) {
    assert.ok(stream.readableLength <= 1 << 20, String(stream.readableLength))
    await new Promise(setImmediate)
  }
  let read = 0
  for await (const chunk of stream) read += chunk.length
  assert.equal(read, bytes)
})

test('a command that is not there, and one that fails, are UNREACHABLE with what it said', async () => {
  await assert.rejects(commandDialer(['no-such-program'], 'it')(never), {
    code: 'UNREACHABLE',
    message: 'cannot reach it: got no program no-such-program on PATH. Install it',
  })
  const script = "echo 'Permission denied (publickey).' >&2; exit 255"
  const stream = await commandDialer(['sh', '-c', script], 'it')(never)
  stream.resume()
  const [error] = await once(stream, 'error').catch((error) => [error])
  assert.equal(error.code, 'UNREACHABLE')
  assert.equal(
    error.message,
    'cannot reach it: got sh ended with code 255: Permission denied (publickey).. ' +
      'Check that ssh leads to that host without a question',
  )
})

test('the command ends with its stream, and with the signal', async () => {
  await using dir = await tempDir()
  const pidFile = join(dir.path, 'pid')
  const told = join(dir.path, 'told')
  const onTerm = `trap "echo SIGTERM > '${told}'; exit" TERM`
  const script = `${onTerm}; echo $$ > '${pidFile}'; echo started; while :; do sleep 0.1; done`
  const stream = await commandDialer(['sh', '-c', script], 'it')(never)
  await once(stream, 'data')
  const pid = Number(await readFile(pidFile, 'utf8'))
  process.kill(pid, 0)
  stream.destroy()
  await once(stream, 'close')
  await gone(pid)
  assert.equal(await readFile(told, 'utf8'), 'SIGTERM\n')
  const reason = new Error('no longer wanted')
  await assert.rejects(commandDialer(['cat'], 'it')(AbortSignal.abort(reason)), reason)
})

/** Settles when a process is no more; the runner's time limit ends a wait in vain. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z')
    if (/\bZ\b/.test(state)) return
    await new Promise(setImmediate)
  }
}

test('ssh:// runs buildctl over there, by the login, port and socket of the address', {
  skip: skipWithout('daemon', 'buildctl'),
}, async () => {
  await using dir = await tempDir()
  const log = join(dir.path, 'log')
  const path = `${dirname(part('buildctl'))}:${(await programs(dir, { ssh: localSsh(log) })).PATH}`
  const socket = daemonAddress().slice('unix://'.length)
  await using buildkit = await connect(`ssh://me@far.example:2222${socket}`, { env: { PATH: path } })
  assert.equal(buildkit.kind, 'buildkit')
  assert.equal((await buildkit.listWorkers()).length, 1)
  assert.equal(
    await readFile(log, 'utf8'),
    `-T -o ConnectTimeout=30 -l me -p 2222 -- far.example buildctl --addr=unix://${socket} dial-stdio\n`,
  )
})

test('docker+ssh:// runs docker over there', async () => {
  await using dir = await tempDir()
  const [log, socket] = [join(dir.path, 'log'), join(dir.path, 'engine.sock')]
  await using engine = await fakeEngine(switching, socket)
  const env = await programs(dir, { ssh: localSsh(log), docker: passOn(socket) })
  for (const [address, command] of [
    ['docker+ssh://far.example', 'docker system dial-stdio'],
    ['docker+ssh://far.example/run/engine.sock', 'docker --host=unix:///run/engine.sock system dial-stdio'],
  ] as const) {
    const route = await routeTo(address, { env })
    assert.equal(route.kind, 'engine')
    assert.equal(route.description, address)
    const stream = await route.dial(never)
    stream.destroy()
    assert.equal(
      (await readFile(log, 'utf8')).trimEnd().split('\n').at(-1),
      `-T -o ConnectTimeout=30 -- far.example ${command}`,
    )
  }
  assert.deepEqual(
    engine.requests.map(({ method, path }) => `${method} ${path}`),
    ['POST /grpc', 'POST /grpc'],
  )
})

test('an ssh that fails says why, for BuildKit and for an Engine', async () => {
  await using dir = await tempDir()
  const env = await programs(dir, { ssh: "echo 'Could not resolve hostname far.example' >&2; exit 255" })
  for (const address of ['ssh://far.example', 'docker+ssh://far.example'])
    await assert.rejects(openConnection(await routeTo(address, { env })), {
      code: 'UNREACHABLE',
      subject: address,
      received: 'ssh ended with code 255: Could not resolve hostname far.example',
    })
})
