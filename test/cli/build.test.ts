import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { type FakeBehaviour, type FakeBuild, failed } from '../support/fake-buildkitd.ts'
import { type CommandLine, commandLine, type Surroundings } from './command-line.ts'
import { fakeDaemon } from './fake-daemon.ts'

const digest = `sha256:${'d'.repeat(64)}`
const response = { 'containerimage.digest': digest, 'image.name': 'docker.io/me/app:1' }

interface Situation extends Surroundings {
  readonly solve?: FakeBehaviour['solve']
}

/** Runs `build` in a folder with a Dockerfile against a fake daemon, and hands over while it runs. */
async function building(
  argv: readonly string[],
  { solve = async () => response, ...surroundings }: Situation,
  use: (run: CommandLine, folder: string) => Promise<void>,
): Promise<void> {
  await using daemon = await fakeDaemon({ solve })
  const cwd = join(daemon.folder, 'app')
  await mkdir(cwd)
  await writeFile(join(cwd, 'Dockerfile'), 'FROM scratch\n')
  const run = commandLine(['build', '--addr', daemon.address, ...argv], { cwd, ...surroundings })
  await use(run, cwd)
  assert.equal(run.listeners, 0)
}

async function built(argv: readonly string[], situation: Situation = {}) {
  let outcome = { exitCode: -1, stdout: '', stderr: '' }
  await building(argv, situation, async (run) => {
    outcome = { exitCode: await run.exitCode, stdout: run.stdout, stderr: run.stderr }
  })
  return outcome
}

describe('build', () => {
  it('asks the daemon for what the flags say, and prints the digest', async () => {
    let build: FakeBuild | undefined
    let methods: readonly string[] = []
    const solve = async (fake: FakeBuild) => {
      build = fake
      methods = (await fake.session()).methods
      return response
    }
    const flags = ['-t', 'me/app:1', '--push', '--target', 'test', '--build-arg', 'A', '--no-cache']
    const outcome = await built(flags, { solve, env: { A: 'from env' } })
    assert.deepEqual(outcome, { exitCode: 0, stdout: `${digest}\n`, stderr: '' })
    assert.equal(build?.request.Frontend, 'dockerfile.v0')
    assert.deepEqual(build.request.FrontendAttrs, {
      target: 'test',
      'build-arg:A': 'from env',
      'no-cache': '',
    })
    assert.deepEqual(
      build.request.Exporters.map(({ Type, Attrs }) => [Type, Attrs]),
      [['image', { push: 'true', name: 'me/app:1' }]],
    )
    assert.ok(methods.includes('/moby.filesync.v1.FileSync/DiffCopy'))
    assert.ok(methods.includes('/moby.filesync.v1.Auth/FetchToken'))
  })

  it('notes where a result is that nobody may look for', async () => {
    const kept = await built(['-t', 'me/app:1'])
    assert.equal(kept.stdout, `${digest}\n`)
    assert.equal(
      kept.stderr,
      'note: the image stays in the daemon’s own store: --push and --output take it out of there\n',
    )
    const cached = await built([], { solve: async () => ({}) })
    assert.equal(cached.stdout, '')
    assert.equal(
      cached.stderr,
      'note: the result stays in the build cache: --tag, --push and --output say where else it goes\n',
    )
    const unnamed = await built(['-t', 'a', '-o', 'out'], { solve: async () => ({}) })
    assert.equal(unnamed.stderr, 'note: no output is an image: --tag names nothing\n')
  })

  it('shows progress on standard error', async () => {
    const solve = async (build: FakeBuild) => {
      const started = { seconds: 1, nanos: 0 }
      const step = { digest: 'a', name: 'the only step', started }
      await build.say({ vertexes: [step] })
      await build.say({ vertexes: [{ ...step, completed: { seconds: 2, nanos: 0 } }] })
      return response
    }
    const plain = await built(['--push', '-t', 'me/app'], { solve })
    assert.equal(plain.stdout, `${digest}\n`)
    assert.equal(plain.stderr, '#1 the only step\n#1 DONE 1.0s\n')
  })

  it('prints nothing but the digest when it is to be quiet', async () => {
    const outcome = await built(['-t', 'me/app:1', '--progress', 'quiet'])
    assert.deepEqual(outcome, { exitCode: 0, stdout: `${digest}\n`, stderr: '' })
  })

  it('prints each message as a line of JSON, and no notes, when BUILDKIT_PROGRESS says so', async () => {
    const solve = async (build: FakeBuild) => {
      await build.say({ vertexes: [{ digest: 'a', name: 'one' }] })
      await build.say({ logs: [{ vertex: 'a', stream: 1, msg: Buffer.from('text') }] })
      return response
    }
    const { stderr } = await built(['-t', 'me/app:1'], { solve, env: { BUILDKIT_PROGRESS: 'rawjson' } })
    assert.deepEqual(
      stderr.split('\n').map((line) => line && JSON.parse(line)),
      [
        { vertexes: [{ digest: 'a', name: 'one' }] },
        { logs: [{ vertex: 'a', stream: 1, data: 'dGV4dA==', timestamp: '1970-01-01T00:00:00Z' }] },
        '',
      ],
    )
  })

  it('writes the response of the exporters to a file', async () => {
    const descriptor = Buffer.from('{"size":7}').toString('base64')
    const solve = async () => ({ ...response, 'containerimage.descriptor': descriptor })
    await building(['-t', 'me/app:1', '--metadata-file', 'm.json'], { solve }, async (run, folder) => {
      assert.equal(await run.exitCode, 0)
      assert.deepEqual(JSON.parse(await readFile(join(folder, 'm.json'), 'utf8')), {
        ...response,
        'containerimage.descriptor': { size: 7 },
      })
    })
  })

  it('takes a Dockerfile from standard input, next to any context', async () => {
    let attrs: Record<string, string> = {}
    const solve = async ({ request }: FakeBuild) => {
      attrs = request.FrontendAttrs
      return {}
    }
    const { exitCode } = await built(['-f', '-', '.'], { solve, stdin: 'FROM scratch\n' })
    assert.equal(exitCode, 0)
    assert.deepEqual(attrs, { filename: 'Dockerfile' })
  })
})

describe('a build that fails', () => {
  it('ends with 1 and the daemon’s words, which cannot drive the terminal', async () => {
    const solve = () => Promise.reject(failed('process "false" did not complete\x1b[2J'))
    assert.deepEqual(await built([], { solve }), {
      exitCode: 1,
      stdout: '',
      stderr: 'error: failed to solve: process "false" did not complete\uFFFD[2J\n',
    })
  })

  it('shows the last words of the failed step even when it is to be quiet', async () => {
    const solve = async (build: FakeBuild) => {
      const step = { digest: 'a', name: 'RUN false', started: { seconds: 1 } }
      await build.say({ vertexes: [step], logs: [{ vertex: 'a', stream: 2, msg: Buffer.from('oh\nno\n') }] })
      await build.say({ vertexes: [{ ...step, completed: { seconds: 2 }, error: 'exit code: 1' }] })
      throw failed('exit code: 1')
    }
    const { exitCode, stderr } = await built(['--progress', 'quiet'], { solve })
    assert.equal(exitCode, 1)
    assert.equal(stderr, '------\n > RUN false:\noh\nno\n------\nerror: failed to solve: exit code: 1\n')
  })

  it('leaves an older metadata file as it was', async () => {
    const solve = () => Promise.reject(failed('no'))
    await building(['--metadata-file', 'Dockerfile'], { solve }, async (run, folder) => {
      assert.equal(await run.exitCode, 1)
      assert.equal(await readFile(join(folder, 'Dockerfile'), 'utf8'), 'FROM scratch\n')
      assert.deepEqual(await readdir(folder), ['Dockerfile'])
    })
  })

  it('ends with 3 when the daemon goes away', async () => {
    await using daemon = await fakeDaemon({
      solve: async () => {
        daemon.die()
        return new Promise(() => {})
      },
    })
    await writeFile(join(daemon.folder, 'Dockerfile'), 'FROM scratch\n')
    const run = commandLine(['build', '--addr', daemon.address], { cwd: daemon.folder })
    assert.equal(await run.exitCode, 3)
    assert.match(run.stderr, /^error: the connection to the daemon is gone/)
  })
})

describe('what cannot be built', () => {
  const mistakes: [string[], RegExp, Surroundings?][] = [
    [
      ['nowhere'],
      /^error: context cannot be used: expected the path of a readable directory, got ".*\/app\/nowhere \(ENOENT\)"\n$/,
    ],
    [['Dockerfile'], /^error: context cannot be used: expected a directory, got ".*\/app\/Dockerfile"/],
    [
      ['-f', 'Other'],
      /^error: option --file cannot be used: expected a Dockerfile in \/.*\/app, got "Other"/,
    ],
    [['-f', 'no/Other'], /^error: option --file cannot be used: .*got ".*\/app\/no \(ENOENT\)"\n$/],
    [
      ['-f', '-'],
      /^error: option --file cannot be used: expected a Dockerfile on standard input, got "nothing"\n$/,
      { stdin: '' },
    ],
    [
      ['--platform', 'a b'],
      /^error: option --platform cannot be used: expected platforms such as .*got "a b"\n$/,
    ],
    [['-t', 'me/APP'], /^error: option --tag cannot be used: expected an image name .*got "me\/APP"/],
    [
      ['-o', 'type=image,name=me/APP'],
      /^error: option --output cannot be used: expected an image name .*got "me\/APP"/,
    ],
    [
      ['-o', 'type=oic,dest=x'],
      /^error: option --output cannot be used: expected type=local, .*got "type=oic,dest=x"\. Did you mean type=oci\?\n$/,
    ],
    [['-o', 'a', '-o', 'a'], /^error: option --output cannot be used: expected a target of its own/],
    [
      ['-o', '-'],
      /^error: option --output cannot be used: expected dest=FILE, or .*got "-"\n$/,
      { stdoutIsTerminal: true },
    ],
    [['-o', 'type=moby'], /^error: this daemon cannot export as moby/],
    [['--push'], /^error: the image to push has no name/],
    [
      ['--metadata-file', '.'],
      /^error: option --metadata-file cannot be used: expected a file, got "\/.*\/app"\n$/,
    ],
    [
      ['--build-arg', '=s3cret'],
      /^error: option --build-arg cannot be used: expected NAME=VALUE or NAME, got "=…"\n$/,
    ],
    [
      [],
      /BUILDKIT_PROGRESS cannot be used: expected one of auto, .*got "fancy"\n$/,
      { env: { BUILDKIT_PROGRESS: 'fancy' } },
    ],
  ]
  for (const [argv, message, surroundings] of mistakes) {
    it(`is refused before anything is sent: ${argv.join(' ') || 'the environment'}`, async () => {
      let solves = 0
      const solve = async () => {
        solves++
        return {}
      }
      const { exitCode, stdout, stderr } = await built(argv, { solve, ...surroundings })
      assert.match(stderr, message)
      assert.deepEqual([exitCode, stdout, solves], [2, '', 0])
    })
  }
})

describe('Ctrl-C', () => {
  it('cancels the build and waits for its end', async () => {
    const began = deferred()
    let cancelled = false
    const solve = async ({ signal }: FakeBuild) => {
      began.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      cancelled = true
      throw new RpcError(Code.Canceled, 'context canceled')
    }
    await building([], { solve }, async (run) => {
      await Promise.race([began.promise, run.exitCode])
      run.interrupt()
      assert.equal(await run.exitCode, 130)
      assert.equal(cancelled, true)
      assert.equal(
        run.stderr,
        'note: cancelling; once more to leave at once\nerror: the build was cancelled: SIGINT\n',
      )
      assert.deepEqual(run.exits, [])
    })
  })

  it('leaves at once the second time', async () => {
    const began = deferred()
    const solve = async ({ signal }: FakeBuild) => {
      began.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return {}
    }
    await building([], { solve }, async (run) => {
      await Promise.race([began.promise, run.exitCode])
      run.interrupt('SIGTERM')
      run.interrupt('SIGINT')
      assert.deepEqual(run.exits, [130])
      assert.equal(await run.exitCode, 130)
    })
  })

  it('has its say below a screen that is being redrawn, which then stays as it is', async () => {
    const solve = async (build: FakeBuild) => {
      await build.say({ vertexes: [{ digest: 'a', name: 'endless', started: { seconds: 1 } }] })
      await new Promise((resolve) => build.signal.addEventListener('abort', resolve))
      await build.say({ vertexes: [{ digest: 'b', name: 'too late', started: { seconds: 2 } }] })
      throw new RpcError(Code.Canceled, 'context canceled')
    }
    await building([], { solve, stderrIsTerminal: true }, async (run) => {
      await Promise.race([run.untilSaid('endless'), run.exitCode])
      run.interrupt()
      assert.equal(await run.exitCode, 130)
      const [screen, ...said] = run.stderr.split(/(?=note: )/)
      assert.match(screen!, /\[\+\] Building .* => endless /s)
      assert.deepEqual(said, [
        'note: cancelling; once more to leave at once\nerror: the build was cancelled: SIGINT\n',
      ])
    })
  })

  it('ends the wait for a Dockerfile on standard input', async () => {
    const stdin = new PassThrough()
    await building(['-f', '-'], { stdin }, async (run) => {
      run.interrupt()
      assert.equal(await run.exitCode, 130)
      assert.match(run.stderr, /error: reading standard input was cancelled: SIGINT\n$/)
      assert.equal(stdin.destroyed, true)
    })
  })
})
