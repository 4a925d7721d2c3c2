import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { farHost } from '../support/far-host.ts'
import { tempDir } from '../support/temp.ts'
import { commandLine } from './command-line.ts'
import { fakeDaemon } from './fake-daemon.ts'

async function failure(argv: readonly string[], env: Record<string, string> = {}, cwd = '/') {
  const run = commandLine(['debug', 'workers', ...argv], { env, cwd })
  const exitCode = await run.exitCode
  assert.equal(run.stdout, '')
  return { exitCode, stderr: run.stderr }
}

describe('the daemon flags', () => {
  it('are named when an address cannot be used', async () => {
    const { exitCode, stderr } = await failure(['--addr', 'ftp://x'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: option --addr cannot be used: expected unix:\/\/\/.*got "ftp:\/\/x"/)
  })

  it('give way to the variable that holds an address which cannot be used', async () => {
    const { exitCode, stderr } = await failure([], { BUILDKIT_HOST: 'ftp://x' })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: BUILDKIT_HOST cannot be used: expected unix:\/\/\/.*got "ftp:\/\/x"/)
  })

  it('end with 3 when nothing listens there', async () => {
    await using dir = await tempDir()
    const { exitCode, stderr } = await failure(['--addr', `unix://${dir.path}/none.sock`])
    assert.equal(exitCode, 3)
    assert.match(stderr, /^error: .*none\.sock/)
  })

  it('do not matter to options that no daemon could use', async () => {
    await using dir = await tempDir()
    const argv = ['build', '--addr', `unix://${dir.path}/none.sock`]
    const empty = commandLine(argv, { cwd: dir.path })
    assert.equal(await empty.exitCode, 2)
    assert.match(empty.stderr, /^error: .*got "Dockerfile"/)
    const missing = commandLine([...argv, 'gone'], { cwd: dir.path })
    assert.equal(await missing.exitCode, 2)
    assert.match(missing.stderr, /^error: .*gone \(ENOENT\)/)
  })

  it('are named when TLS material does not fit, in what was expected as well', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'tls.key'), 'nonsense')
    const refused = async (flags: string[]) => {
      const { exitCode, stderr } = await failure(['--addr', 'tcp://127.0.0.1:1', ...flags], {}, dir.path)
      assert.equal(exitCode, 2)
      return stderr
    }
    assert.equal(
      await refused(['--tlskey', 'tls.key']),
      'error: option --tlscert cannot be used: expected the certificate that belongs to --tlskey, got nothing\n',
    )
    assert.equal(
      await refused(['--tlscacert', 'tls.key']),
      'error: option --tlscacert cannot be used: expected a certificate in PEM, got something else\n',
    )
    assert.match(
      await refused(['--tlscacert', 'gone.pem']),
      /^error: option --tlscacert cannot be used: expected a readable file, got ENOENT for \/.*\/gone\.pem\n$/,
    )
  })

  it('are named in the warning about a connection that is not encrypted', async () => {
    await using daemon = await fakeDaemon({}, 'tcp')
    using _ = farHost('far.test')
    const address = daemon.address.replace('127.0.0.1', 'far.test')
    const run = commandLine(['debug', 'workers', '--addr', address])
    assert.equal(await run.exitCode, 0, run.stderr)
    assert.equal(run.stdout, 'ID  PLATFORMS\nw\n')
    const [warning, ...rest] = run.stderr.split('\n')
    assert.ok(warning?.startsWith(`warning: The connection to ${address} is not encrypted`), warning)
    assert.deepEqual(rest, ['note: here --tlscacert, --tlscert and --tlskey set the tls option', ''])
  })

  it('refuse TLS on a Unix socket', async () => {
    const { exitCode, stderr } = await failure(['--addr', 'unix:///x', '--tlsservername', 'me'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: TLS cannot be used: expected none for a Unix socket/)
  })
})
