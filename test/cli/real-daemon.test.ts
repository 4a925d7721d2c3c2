import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { extract } from 'tar-stream'
import { run } from '../../scripts/parts/command.ts'
import { busybox, daemonAddress } from '../support/daemon.ts'
import { part } from '../support/parts.ts'
import { startBasicAuthRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { commandLine } from './command-line.ts'
import { commandProcess } from './process.ts'

const dockerfile = `FROM scratch AS files
COPY greeting /a/greeting
FROM files
ARG WHO=nobody
LABEL who=$WHO
`

async function project(): Promise<TempDir> {
  const dir = await tempDir()
  await mkdir(join(dir.path, 'context'))
  await writeFile(join(dir.path, 'context/greeting'), 'hello\n')
  await writeFile(join(dir.path, 'context/Dockerfile'), dockerfile)
  return dir
}

async function built(dir: TempDir, argv: readonly string[], more: { stdin?: string } = {}) {
  const run = commandLine(['build', '--addr', daemonAddress(), '--progress', 'quiet', ...argv], {
    cwd: dir.path,
    env: { HOME: dir.path, DOCKER_CONFIG: dir.path },
    ...more,
  })
  return { exitCode: await run.exitCode, stdout: run.stdout, stderr: run.stderr }
}

describe('build on a real daemon', { skip: skipWithout('daemon') }, () => {
  it('leaves the files of the result in a directory', async () => {
    await using dir = await project()
    assert.deepEqual(await built(dir, ['-o', 'out', 'context']), { exitCode: 0, stdout: '', stderr: '' })
    assert.equal(await readFile(join(dir.path, 'out/a/greeting'), 'utf8'), 'hello\n')
  })

  it('builds a Dockerfile outside the context, or from standard input, to the same digest', async () => {
    await using dir = await project()
    await writeFile(join(dir.path, 'Elsewhere'), dockerfile)
    const flags = ['-t', 'me/app:1', '--build-arg', 'WHO=me', 'context']
    const inside = await built(dir, flags)
    assert.match(inside.stdout, /^sha256:[0-9a-f]{64}\n$/)
    assert.deepEqual(await built(dir, ['-f', 'Elsewhere', ...flags]), inside)
    assert.deepEqual(await built(dir, ['-f', '-', ...flags], { stdin: dockerfile }), inside)
    const other = await built(dir, ['-t', 'me/app:1', 'context'])
    assert.notEqual(other.stdout, inside.stdout)
  })

  it('writes an archive whose index has the digest of the metadata file', async () => {
    await using dir = await project()
    const flags = ['-o', 'type=oci,dest=image.tar', '-t', 'me/app:1', '--metadata-file', 'm.json', 'context']
    const { exitCode, stdout } = await built(dir, flags)
    assert.equal(exitCode, 0)
    const metadata = JSON.parse(await readFile(join(dir.path, 'm.json'), 'utf8'))
    assert.equal(stdout, `${metadata['containerimage.digest']}\n`)
    assert.equal(metadata['containerimage.descriptor'].digest, metadata['containerimage.digest'])
    assert.equal(metadata['image.name'], 'docker.io/me/app:1')
    const files = await untar(await readFile(join(dir.path, 'image.tar')))
    const index = JSON.parse(files.get('index.json') ?? '')
    assert.equal(index.manifests[0].digest, metadata['containerimage.digest'])
  })

  it('writes an archive, and nothing else, to standard output', async () => {
    await using dir = await project()
    const argv = ['build', '--addr', daemonAddress(), '--target', 'files', '-o', '-', 'context']
    const run = commandProcess(argv, { cwd: dir.path })
    assert.equal(await run.ended, 0, run.stderr)
    assert.equal((await untar(run.stdout)).get('a/greeting'), 'hello\n')
  })

  it('ends with 1, the lines around the failed step, and what it said', async () => {
    await using dir = await project()
    await copyFile(busybox(), join(dir.path, 'context/busybox'))
    const failing = 'FROM scratch\nCOPY busybox /\nRUN ["/busybox", "sh", "-c", "echo why; exit 3"]'
    const { exitCode, stdout, stderr } = await built(dir, ['-f', '-', 'context'], { stdin: failing })
    assert.deepEqual([exitCode, stdout], [1, ''])
    const lines = stderr.split('\n')
    assert.equal(lines[1]?.startsWith(' > '), true)
    assert.deepEqual(
      [lines[0], ...lines.slice(2, -1)],
      [
        '------',
        'why',
        '------',
        'Dockerfile:3',
        '--------------------',
        '   1 |     FROM scratch',
        '   2 |     COPY busybox /',
        '   3 | >>> RUN ["/busybox", "sh", "-c", "echo why; exit 3"]',
        '--------------------',
        'error: failed to solve: process "/busybox sh -c echo why; exit 3" did not complete successfully: exit code: 3',
      ],
    )
  })

  it('lists its workers', async () => {
    const run = commandLine(['debug', 'workers', '--addr', daemonAddress(), '--format', 'json'])
    assert.equal(await run.exitCode, 0)
    const [worker] = JSON.parse(run.stdout)
    assert.equal(worker.labels['org.mobyproject.buildkit.worker.executor'], 'oci')
    assert.match(worker.platforms[0], /^linux\//)
  })
})

describe('build --push', { skip: skipWithout('daemon', 'registry') }, () => {
  it('pushes with the credentials of the Docker config, and prints the digest in the registry', async () => {
    await using dir = await project()
    await using registry = await startBasicAuthRegistry()
    const { host, username, password } = registry
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const auths = { [host]: { auth: authorization.slice('Basic '.length) } }
    await writeFile(join(dir.path, 'config.json'), JSON.stringify({ auths }))
    const { exitCode, stdout, stderr } = await built(dir, ['-t', `${host}/me/app:1`, '--push', 'context'])
    assert.deepEqual([exitCode, stderr], [0, ''])
    const answer = await fetch(`http://${host}/v2/me/app/manifests/1`, {
      headers: {
        authorization,
        accept:
          'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
      },
    })
    assert.equal(`${answer.headers.get('docker-content-digest')}\n`, stdout)
  })
})

const systemSocket = '/run/buildkit/buildkitd.sock'
const daemonless =
  skipWithout('buildkitd', 'runc', 'busybox') ||
  (existsSync(systemSocket) && `a daemon of the system listens on ${systemSocket}`)

describe('build without a daemon', { skip: daemonless }, () => {
  /** Builds on a private daemon, whose socket and state are in folders of the test. */
  function started(dir: TempDir, argv: readonly string[]) {
    const { PATH = '' } = process.env
    const env = {
      PATH: `${dirname(part('buildkitd'))}:${dirname(part('runc'))}:${PATH}`,
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
      TMPDIR: join(dir.path, 'tmp'),
      XDG_CACHE_HOME: join(dir.path, 'cache'),
    }
    return commandProcess(['build', '--progress', 'plain', ...argv], { cwd: dir.path, env })
  }

  it('starts one for the build, stops it, and keeps its state', async () => {
    await using dir = await project()
    await mkdir(join(dir.path, 'tmp'))
    for (const expected of [
      /\[.*\] COPY greeting \/a\/greeting\n#\d+ DONE/,
      /\[.*\] COPY greeting .*\n#\d+ CACHED/,
    ]) {
      const run = started(dir, ['-o', 'out', 'context'])
      assert.equal(await run.ended, 0, run.stderr)
      assert.match(run.stderr, /^note: building on a private buildkitd/)
      assert.match(run.stderr, expected)
      assert.deepEqual(await processesWith(dir.path), [])
      assert.deepEqual(await socketFolders(dir), [])
    }
  })

  for (const times of [1, 2]) {
    it(`stops it after ${times === 1 ? 'one Ctrl-C' : 'two'}`, async () => {
      await using dir = await project()
      await mkdir(join(dir.path, 'tmp'))
      await copyFile(busybox(), join(dir.path, 'context/busybox'))
      const endless = 'FROM scratch\nCOPY busybox /\nRUN ["/busybox", "sh", "-c", "echo running; sleep 1000"]'
      await writeFile(join(dir.path, 'context/Dockerfile'), endless)
      const run = started(dir, ['context'])
      await run.untilSaid(' running\n')
      for (let i = 0; i < times; i++) {
        run.child.kill('SIGINT')
        await run.untilSaid('note: cancelling')
      }
      assert.equal(await run.ended, 130)
      while ((await processesWith(dir.path)).length > 0) await delay(50)
      while ((await socketFolders(dir)).length > 0) await delay(50)
      await unmountBelow(dir)
    })
  }
})

/** The folders of private daemons, among what else is temporary. */
async function socketFolders(dir: TempDir): Promise<string[]> {
  return (await readdir(join(dir.path, 'tmp'))).filter((name) => name.startsWith('buildkit-client-'))
}

/** A buildkitd that is stopped while a step runs may leave the root of its container mounted. */
async function unmountBelow(dir: TempDir): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const points = mounts.split('\n').map((line) => line.split(' ')[4] ?? '')
  for (const point of points.filter((path) => path.startsWith(`${dir.path}/`)).reverse())
    await run('umount', ['--lazy', point])
}

/** The command lines that mention a path. */
async function processesWith(path: string): Promise<string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(
    numbers.map((number) => readFile(`/proc/${number}/cmdline`, 'utf8').catch(() => '')),
  )
  return commands.filter((command) => command.includes(path))
}

async function untar(archive: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const entries = extract()
  entries.end(archive)
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    files.set(entry.header.name, Buffer.concat(chunks).toString())
  }
  return files
}
