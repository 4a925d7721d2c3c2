import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Code, RpcError } from '../../src/grpc/status.ts'
import type { FakeBuild } from '../support/fake-buildkitd.ts'
import { tempDir } from '../support/temp.ts'
import { fakeDaemon } from './fake-daemon.ts'
import { type CommandProcess, commandProcess } from './process.ts'

describe('the process', () => {
  it('ends with the exit code, and with nothing that keeps it alive', async () => {
    await using daemon = await fakeDaemon({ solve: async () => ({ 'containerimage.digest': 'sha256:d' }) })
    await writeFile(join(daemon.folder, 'Dockerfile'), 'FROM scratch\n')
    const options = { cwd: daemon.folder, env: { BUILDKIT_HOST: daemon.address } }
    const good = commandProcess(['build', '-t', 'a', '--progress', 'quiet'], options)
    assert.deepEqual([await good.ended, good.stdout.toString(), good.stderr], [0, 'sha256:d\n', ''])
    const bad = commandProcess(['build', 'nowhere'], options)
    assert.equal(await bad.ended, 2)
    assert.match(bad.stderr, /^error: context cannot be used/)
  })

  it('reads a Dockerfile from its standard input', async () => {
    await using daemon = await fakeDaemon()
    const options = { cwd: daemon.folder, env: { BUILDKIT_HOST: daemon.address } }
    const run = commandProcess(['build', '-f', '-', '--progress', 'quiet'], options)
    run.child.stdin?.end('FROM scratch\n')
    assert.deepEqual([await run.ended, run.stderr], [0, ''])
  })

  it('reads a Dockerfile from a pipe, such as a shell makes for <(command)', async () => {
    const sent: string[] = []
    await using daemon = await fakeDaemon({
      solve: async (build) => {
        sent.push(JSON.stringify(build.request))
        return {}
      },
    })
    const pipe = join(daemon.folder, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    const options = { cwd: daemon.folder, env: { BUILDKIT_HOST: daemon.address } }
    const fromPipe = commandProcess(['build', '-f', 'pipe', '--progress', 'quiet'], options)
    await writeFile(pipe, 'FROM scratch\n')
    assert.deepEqual([await fromPipe.ended, fromPipe.stderr], [0, ''])
    const fromStdin = commandProcess(['build', '-f', '/dev/stdin', '--progress', 'quiet'], options)
    fromStdin.child.stdin?.end('FROM scratch\n')
    assert.deepEqual([await fromStdin.ended, fromStdin.stderr], [0, ''])
    assert.equal(sent.length, 2)
  })

  it('does not mind a reader that has gone away', async () => {
    await using dir = await tempDir()
    const run = commandProcess(['--help'], { cwd: dir.path })
    run.child.stdout?.destroy()
    assert.deepEqual([await run.ended, run.stderr], [0, ''])
  })
})

describe('signals to the process', () => {
  /** Runs a build that only ends when it is cancelled, or not even then. */
  async function interrupted(
    how: { obedient: boolean },
    use: (run: CommandProcess) => Promise<void>,
  ): Promise<void> {
    const solve = async (build: FakeBuild) => {
      await build.say({ vertexes: [{ digest: 'a', name: 'endless', started: { seconds: 1 } }] })
      await new Promise((resolve) => how.obedient && build.signal.addEventListener('abort', resolve))
      throw new RpcError(Code.Canceled, 'context canceled')
    }
    await using daemon = await fakeDaemon({ solve })
    await writeFile(join(daemon.folder, 'Dockerfile'), 'FROM scratch\n')
    const flags = ['--addr', daemon.address, '--progress', 'rawjson']
    const run = commandProcess(['build', ...flags], { cwd: daemon.folder })
    try {
      await run.untilSaid('endless')
      await use(run)
    } finally {
      run.child.kill('SIGKILL')
      await run.ended
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`${signal} cancels the build and ends with 130`, async () => {
      await interrupted({ obedient: true }, async (run) => {
        run.child.kill(signal)
        assert.equal(await run.ended, 130)
        assert.match(run.stderr, /\nnote: cancelling; once more to leave at once\n/)
        assert.match(run.stderr, new RegExp(`\\nerror: the build was cancelled: ${signal}\\n$`))
      })
    })
  }

  it('a second SIGINT leaves at once, without another word', async () => {
    await interrupted({ obedient: false }, async (run) => {
      run.child.kill('SIGINT')
      await run.untilSaid('note: cancelling')
      run.child.kill('SIGINT')
      assert.equal(await run.ended, 130)
      assert.match(run.stderr, /\nnote: cancelling; once more to leave at once\n$/)
    })
  })
})
