import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { sendTree } from '../../../src/fsutil/send/send.ts'
import { tempDir } from '../../support/temp.ts'
import { fill } from './fill.ts'
import { Receiver, transfer } from './receiver.ts'

test('attributes arrive with their entries, those of links too', { skip: await whyNoXattrs() }, async () => {
  await using dir = await tempDir()
  const odd = 'new\nline \\ = \xff #'
  fill(dir.path, { [odd]: '', 'd/plain': '', 'd/file': '' })
  symlinkSync('nowhere', join(dir.path, 'link'))
  setXattr(join(dir.path, 'd'), 'user.d', '0x00ff')
  setXattr(join(dir.path, 'd/file'), 'user.two', 'second')
  setXattr(join(dir.path, 'd/file'), 'user.one=', 'first')
  // The tool takes names as bytes; arguments of Node are text, so the shell finds this one.
  execFileSync('sh', ['-c', 'setfattr -n user.odd -v x -- new*'], { cwd: dir.path })
  const { byPath, stats } = await transfer({ root: dir.path, xattrs: 'auto' })
  assert.deepEqual(byPath.get('d')?.xattrs, new Map([['user.d', Buffer.from([0, 0xff])]]))
  assert.deepEqual(
    byPath.get('d/file')?.xattrs,
    new Map([
      ['user.one=', Buffer.from('first')],
      ['user.two', Buffer.from('second')],
    ]),
  )
  assert.deepEqual(byPath.get(odd)?.xattrs, new Map([['user.odd', Buffer.from('x')]]))
  assert.equal(stats.filter(({ xattrs }) => xattrs !== undefined).length, 3)
})

test('with xattrs off the tool is not asked', async () => {
  await using dir = await tempDir()
  fill(dir.path, { 'tree/file': '' })
  using _ = fakeTool(dir.path, 'touch "$0.was-asked"')
  await transfer({ root: join(dir.path, 'tree'), xattrs: 'off' })
  assert.throws(() => chmodSync(join(dir.path, 'bin/getfattr.was-asked'), 0o600), { code: 'ENOENT' })
})

test('entries that the tool cannot ask about do not matter', async () => {
  await using dir = await tempDir()
  fill(dir.path, { 'tree/a': '', 'tree/b': '' })
  using _ = fakeTool(dir.path, `printf '# file: %s/b\\nuser.k=0sdg==\\n\\n' ${dir.path}/tree; exit 1`)
  const { byPath } = await transfer({ root: join(dir.path, 'tree'), xattrs: 'auto' })
  assert.deepEqual([byPath.get('a')?.xattrs, byPath.get('b')?.xattrs?.size], [undefined, 1])
})

test('a tool that cannot run breaks off the transfer', async () => {
  await using dir = await tempDir()
  fill(dir.path, { 'tree/a': '' })
  using _ = fakeTool(dir.path, 'kill -9 $$')
  await assert.rejects(transfer({ root: join(dir.path, 'tree'), xattrs: 'auto' }), {
    message: /^extended attributes cannot be read: expected xargs and getfattr to run/,
  })
})

test('entries keep their order through several runs of the tool', async () => {
  await using dir = await tempDir()
  const names = Array.from({ length: 2500 }, (_, index) => String(index).padStart(4, '0'))
  fill(dir.path, Object.fromEntries(names.map((name) => [`tree/${name}`, ''])))
  using _ = fakeTool(dir.path, 'for last; do :; done; printf "# file: %s\\nuser.k=0sdg==\\n\\n" "$last"')
  const { stats } = await transfer({ root: join(dir.path, 'tree'), xattrs: 'auto' }, { messagesPerTurn: 100 })
  assert.deepEqual(
    stats.map(({ path }) => path),
    names,
  )
  const marked = stats.filter(({ xattrs }) => xattrs !== undefined).map(({ path }) => path)
  assert.ok(
    marked.includes('1023') && marked.includes('2499'),
    'the first run is of 1024, the last of the rest',
  )
})

test('without the tool nothing is sent, and a warning says so once for all transfers of a build', async () => {
  await using dir = await tempDir()
  fill(dir.path, { 'tree/file': '', 'bin/': '' })
  using _ = withPath(join(dir.path, 'bin'))
  const warnings: unknown[] = []
  const onWarning = (warning: unknown) => warnings.push(warning)
  for (let round = 0; round < 2; round++) {
    const receiver = new Receiver()
    await sendTree(receiver.stream, { root: join(dir.path, 'tree'), onWarning })
    assert.equal(receiver.stats[0]?.xattrs, undefined)
  }
  assert.deepEqual(warnings, [
    {
      code: 'NO_XATTRS',
      message: 'extended attributes are not sent: getfattr, of the package attr, is not installed',
    },
  ])
})

/** Puts a script in the place of `getfattr`. */
function fakeTool(directory: string, script: string): Disposable {
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'getfattr'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return withPath(`${bin}${delimiter}${process.env.PATH}`)
}

function withPath(path: string): Disposable {
  const before = process.env.PATH
  process.env.PATH = path
  return {
    [Symbol.dispose]: () => {
      process.env.PATH = before
    },
  }
}

function setXattr(path: string, name: string, value: string): void {
  execFileSync('setfattr', ['-h', '-n', name, '-v', value, '--', path])
}

async function whyNoXattrs(): Promise<string | false> {
  await using dir = await tempDir()
  fill(dir.path, { file: '' })
  const set = spawnSync('setfattr', ['-n', 'user.k', '-v', 'v', join(dir.path, 'file')])
  if (set.error !== undefined) return 'setfattr is not installed'
  return set.status !== 0 && 'the file system of the temporary directory has no attributes'
}
