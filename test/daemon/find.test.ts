import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { isBuildkitError } from '../../src/base/errors.ts'
import { type FindDaemonOptions, findDaemon } from '../../src/daemon/find.ts'
import { createAuthority } from '../support/certificates.ts'
import { dockerContext, storeContexts } from '../support/docker-contexts.ts'
import { fakeEngine, switching } from '../support/fake-engine.ts'
import { listening } from '../support/listening.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

/** Options that find nothing, whatever this machine has. */
const nowhere: FindDaemonOptions = { env: {}, engineSockets: [], buildkitSockets: [] }

const notFound = 'HTTP/1.1 404 Not Found\r\nContent-Length: 14\r\n\r\npage not found'

/** What came of each look, in their order. */
async function outcomes(options: FindDaemonOptions): Promise<string[]> {
  const error = await findDaemon(options).then(
    ({ address }) => assert.fail(`found ${address}`),
    (error: unknown) => error,
  )
  assert.ok(isBuildkitError(error), String(error))
  assert.equal(error.code, 'NO_DAEMON')
  const list = error.message.replace(`. ${error.advice}`, '')
  return [...list.matchAll(/^- (.*)$/gm)].map(([, outcome]) => outcome!)
}

/** Programs on a PATH of their own: shell scripts by name. */
async function programs(dir: TempDir, scripts: Record<string, string>): Promise<string> {
  const folder = join(dir.path, 'bin')
  await mkdir(folder)
  for (const [name, script] of Object.entries(scripts))
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return `${folder}:${process.env.PATH}`
}

const fakeBuildkitd = `exec '${process.execPath}' '${join(import.meta.dirname, '../support/fake-buildkitd-program.mjs')}' "$@"`

test('an address given comes first, then BUILDKIT_HOST, and neither is dialled', async () => {
  const env = { BUILDKIT_HOST: 'tcp://build.example:1234' }
  await using given = await findDaemon({ ...nowhere, env, address: 'unix:///nowhere/b.sock' })
  assert.equal(given.by, 'address')
  assert.equal(given.address, 'unix:///nowhere/b.sock')
  await using host = await findDaemon({ ...nowhere, env })
  assert.equal(host.by, 'BUILDKIT_HOST')
  assert.equal(host.address, 'tcp://build.example:1234')
})

test('an address that cannot be read is INVALID_OPTION, naming where it came from', async () => {
  await assert.rejects(findDaemon({ ...nowhere, address: '' }), {
    code: 'INVALID_OPTION',
    subject: 'address',
  })
  await assert.rejects(findDaemon({ ...nowhere, env: { BUILDKIT_HOST: 'host:1' } }), {
    code: 'INVALID_OPTION',
    subject: 'BUILDKIT_HOST',
  })
})

test('the Docker Engine comes before the sockets of BuildKit, and these in their order', async () => {
  await using dir = await tempDir()
  const at = (name: string) => join(dir.path, name)
  const options = {
    ...nowhere,
    engineSockets: [at('no-engine'), at('engine')],
    buildkitSockets: [at('no-buildkit'), at('buildkit'), at('other')],
  }
  await using _buildkit = await listening(net.createServer(), at('buildkit'))
  await using _other = await listening(net.createServer(), at('other'))
  {
    await using engine = await fakeEngine(switching, at('engine'))
    await using daemon = await findDaemon(options)
    assert.equal(daemon.by, 'engine')
    assert.equal(daemon.address, `docker://${at('engine')}`)
    assert.deepEqual(
      engine.requests.map(({ path }) => path),
      ['/grpc'],
    )
  }
  await using daemon = await findDaemon(options)
  assert.equal(daemon.by, 'socket')
  assert.equal(daemon.address, `unix://${at('buildkit')}`)
})

test('an Engine without BuildKit, as Podman’s, is passed over', async () => {
  await using dir = await tempDir()
  const [podman, buildkit] = [join(dir.path, 'podman'), join(dir.path, 'buildkit')]
  await using _podman = await fakeEngine(notFound, podman)
  await using _buildkit = await listening(net.createServer(), buildkit)
  await using daemon = await findDaemon({ ...nowhere, engineSockets: [podman], buildkitSockets: [buildkit] })
  assert.equal(daemon.address, `unix://${buildkit}`)
})

test('DOCKER_HOST names the Engine, and its usual sockets are then not asked', async () => {
  await using dir = await tempDir()
  const [usual, named] = [join(dir.path, 'usual'), join(dir.path, 'named')]
  await using asked = await fakeEngine(switching, usual)
  await using _named = await fakeEngine(switching, named)
  await using tcp = await fakeEngine(switching)
  for (const [DOCKER_HOST, address] of [
    [`unix://${named}`, `docker://${named}`],
    [`tcp://127.0.0.1:${tcp.port}`, `docker://127.0.0.1:${tcp.port}`],
  ] as const) {
    await using daemon = await findDaemon({ ...nowhere, env: { DOCKER_HOST }, engineSockets: [usual] })
    assert.equal(daemon.by, 'engine')
    assert.equal(daemon.address, address)
    assert.equal(daemon.tls, undefined)
  }
  assert.deepEqual(asked.requests, [])
})

test('a DOCKER_HOST that cannot be used is passed over, and shows no user info', async () => {
  const outcome = async (DOCKER_HOST: string) => (await outcomes({ ...nowhere, env: { DOCKER_HOST } }))[1]
  assert.equal(
    await outcome('npipe://me:secret@host'),
    'the Docker Engine of DOCKER_HOST=npipe://…@host: option DOCKER_HOST cannot be used: ' +
      'expected unix:///path/to/docker.sock, tcp://host:port or ssh://user@host, got "npipe://…@host". ' +
      'Let the Engine listen on a TCP port of this machine, and use tcp://localhost:2375',
  )
  const withUser = await outcome('tcp://me:secret@host:1')
  assert.match(
    withUser!,
    /^the Docker Engine of DOCKER_HOST=tcp:\/\/…@host:1: option DOCKER_HOST cannot be used/,
  )
  assert.doesNotMatch(withUser!, /secret/)
})

test('a Docker context names the Engine, and the usual sockets are then not asked', async () => {
  await using dir = await tempDir()
  const [usual, named] = [join(dir.path, 'usual'), join(dir.path, 'named')]
  await using asked = await fakeEngine(switching, usual)
  await using _named = await fakeEngine(switching, named)
  await storeContexts(dir.path, { mine: { meta: dockerContext(`unix://${named}`) } })
  const options = { ...nowhere, engineSockets: [usual] }
  await using daemon = await findDaemon({
    ...options,
    env: { DOCKER_CONFIG: dir.path, DOCKER_CONTEXT: 'mine' },
  })
  assert.equal(daemon.address, `docker://${named}`)
  assert.deepEqual(asked.requests, [])
  const other = await outcomes({ ...options, env: { DOCKER_CONFIG: dir.path, DOCKER_CONTEXT: 'other' } })
  assert.match(
    other[1]!,
    /^the Docker Engine of Docker context "other" \(DOCKER_CONTEXT\): .* See docker context ls$/,
  )
})

test('DOCKER_TLS_VERIFY brings Docker’s certificates along', async () => {
  await using dir = await tempDir()
  const authority = await createAuthority()
  const { cert, key } = await authority.issue({ names: ['127.0.0.1'] })
  const engine = createServer({ cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true })
  engine.on('upgrade', (_request, socket: net.Socket) => socket.write(switching))
  await using at = await listening(engine)
  await writeFile(join(dir.path, 'ca.pem'), authority.ca)
  await writeFile(join(dir.path, 'cert.pem'), cert)
  await writeFile(join(dir.path, 'key.pem'), key)
  const DOCKER_HOST = `tcp://127.0.0.1:${at.port}`
  const env = { DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: dir.path }
  await using daemon = await findDaemon({ ...nowhere, env })
  assert.equal(daemon.address, `docker://127.0.0.1:${at.port}`)
  assert.deepEqual(daemon.tls, {
    caFile: join(dir.path, 'ca.pem'),
    certFile: join(dir.path, 'cert.pem'),
    keyFile: join(dir.path, 'key.pem'),
  })
  const home = { DOCKER_HOST, DOCKER_TLS_VERIFY: '1', HOME: dir.path }
  assert.match(
    (await outcomes({ ...nowhere, env: home }))[1]!,
    /option tls\.caFile cannot be used: .*\.docker\/ca\.pem$/,
  )
})

test('one that does not answer in time is passed over', async () => {
  await using dir = await tempDir()
  const silent = join(dir.path, 'silent')
  await using _ = await fakeEngine('', silent)
  assert.equal(
    (await outcomes({ ...nowhere, engineSockets: [silent], probeTimeoutMs: 50 }))[1],
    `the Docker Engine at docker://${silent}: no answer within 50 ms`,
  )
})

test('where nothing is found the error lists each look with what came of it, and what to do', async () => {
  await using dir = await tempDir()
  const at = (name: string) => join(dir.path, name)
  await using _engine = await fakeEngine(notFound, at('podman'))
  await writeFile(at('file'), '')
  const error = await findDaemon({
    env: { PATH: dir.path },
    engineSockets: [at('docker'), at('podman')],
    buildkitSockets: [at('file')],
  }).catch((error: Error) => error)
  assert.ok(error instanceof Error)
  const advice = 'Use a Docker Engine of version 18.09 or later with Linux containers, or a BuildKit daemon'
  assert.equal(
    error.message,
    `no BuildKit daemon was found. Looked for
- BUILDKIT_HOST: not set
- the Docker Engine at docker://${at('docker')}: no such socket
- the Docker Engine at docker://${at('podman')}: docker://${at('podman')} has no POST /grpc: got status 404: page not found. ${advice}
- BuildKit at unix://${at('file')}: connect ECONNREFUSED ${at('file')}. Nothing listens there: check the address and that the server is running
- buildkitd on PATH: not there
Start Docker or a BuildKit daemon, and name it with --addr or BUILDKIT_HOST if it listens elsewhere; or install buildkitd and runc, and rootlesskit if you are not root, to have one started for each build`,
  )
})

test('a buildkitd on PATH is started with its state in the cache folder, and stopped', async () => {
  await using dir = await tempDir()
  const env = {
    PATH: await programs(dir, { buildkitd: fakeBuildkitd }),
    TMPDIR: dir.path,
    HOME: '/nowhere',
    XDG_CACHE_HOME: join(dir.path, 'cache'),
  }
  let address: string
  {
    await using daemon = await findDaemon({ ...nowhere, env, root: true })
    assert.equal(daemon.by, 'daemonless')
    address = daemon.address
    await using again = await findDaemon({ ...nowhere, buildkitSockets: [address.slice('unix://'.length)] })
    assert.equal(again.by, 'socket')
  }
  assert.equal(
    (await outcomes({ ...nowhere, buildkitSockets: [address.slice('unix://'.length)] }))[1],
    `BuildKit at ${address}: no such socket`,
  )
  const kept = await stat(join(dir.path, 'cache', 'buildkit-client', 'buildkitd', '1'))
  assert.ok(kept.isDirectory())
})

test('without root buildkitd runs under rootlesskit, and the cache is in HOME', async () => {
  await using dir = await tempDir()
  const rootlesskit = `echo "under rootlesskit: $*" >"$HOME/said"; exec "$@"`
  const env = {
    PATH: await programs(dir, { buildkitd: fakeBuildkitd, rootlesskit }),
    TMPDIR: dir.path,
    HOME: dir.path,
    XDG_CACHE_HOME: 'relative',
  }
  await using daemon = await findDaemon({ ...nowhere, env, root: false })
  assert.equal(daemon.by, 'daemonless')
  const said = await readFile(join(dir.path, 'said'), 'utf8')
  const state = join(dir.path, '.cache/buildkit-client/buildkitd/1')
  assert.ok(said.startsWith(`under rootlesskit: ${dir.path}/bin/buildkitd --root=${state} `), said)
})

test('without root and rootlesskit that is what is missing', async () => {
  await using dir = await tempDir()
  const bin = (await programs(dir, { buildkitd: fakeBuildkitd })).split(':')[0]!
  assert.equal(
    (await outcomes({ ...nowhere, env: { PATH: bin }, root: false }))[1],
    `buildkitd on PATH: ${bin}/buildkitd needs root, or rootlesskit, which is not on PATH`,
  )
})

test('a buildkitd that does not start is in the list with its last words', async () => {
  await using dir = await tempDir()
  const env = {
    PATH: await programs(dir, { buildkitd: 'echo "buildkitd: no worker found" >&2; exit 1' }),
    TMPDIR: dir.path,
    HOME: dir.path,
  }
  assert.equal(
    (await outcomes({ ...nowhere, env, root: true }))[1],
    'buildkitd on PATH: the private buildkitd ended while it was starting: got buildkitd: no worker found',
  )
})

test('the signal ends the search', async () => {
  await using dir = await tempDir()
  const silent = join(dir.path, 'silent')
  await using engine = await fakeEngine('', silent)
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const answered = engine.answered()
  const finding = findDaemon({ ...nowhere, engineSockets: [silent], signal: abort.signal })
  await answered
  abort.abort(reason)
  await assert.rejects(finding, { code: 'CANCELLED', cause: reason })
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
})
