import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, linkSync, lutimesSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { bytesOf, toByteString } from '../../../src/fsutil/byte-string.ts'
import { tempDir } from '../../support/temp.ts'
import { fill } from './fill.ts'
import { everywhere, transfer } from './receiver.ts'

const isRoot = process.getuid?.() === 0
const rootOnly = { skip: !isRoot && 'only root can make device nodes' }

everywhere((where) => {
  test('every name arrives as the bytes it is', async () => {
    await using dir = await tempDir()
    const names = [
      '.hidden',
      ' ',
      'a b',
      'a,b',
      'new\nline',
      'back\\slash',
      '-dash',
      '*',
      '[x]',
      '!',
      '#',
      "quo'te",
    ]
    const bytes = [
      ...names.map(toByteString),
      toByteString('é'),
      toByteString('😀'),
      toByteString('\uf8ff'),
      '\xff\xfe',
      '\xc3',
    ]
    fill(dir.path, Object.fromEntries(bytes.map((name) => [name, `contents of ${name}`])))
    const { stats, contents } = await transfer(dir.path)
    assert.deepEqual(
      stats.map(({ path }) => path),
      [...bytes].sort(),
    )
    for (const name of bytes) assert.equal(contents.get(name)?.toString(), `contents of ${name}`)
  })

  test('entries of a directory come right after it, ordered by the bytes of their names', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'd/x': '', 'd/x-y/z': '', 'd/x.y': '', 'd-e': '', 'd.e/f': '', D: '', 'empty/': '' })
    const { stats } = await transfer(dir.path)
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['D', 'd', 'd/x', 'd/x-y', 'd/x-y/z', 'd/x.y', 'd-e', 'd.e', 'd.e/f', 'empty'],
    )
  })

  test('twenty levels are walked to the end', async () => {
    await using dir = await tempDir()
    const path = Array.from({ length: 20 }, (_, level) => `level ${level}`).join('/')
    fill(dir.path, { [`${path}/file`]: 'deep' })
    const { stats, contents } = await transfer(dir.path)
    assert.equal(stats.length, 21)
    assert.equal(contents.get(`${path}/file`)?.toString(), 'deep')
  })

  test('modes, sizes and times are sent, and owners are not', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'sticky/': '', setuid: 'abc', old: 'x', 'sticky/in': '' })
    chmodSync(join(dir.path, 'sticky'), 0o1777)
    chmodSync(join(dir.path, 'setuid'), 0o4755)
    chmodSync(join(dir.path, 'old'), 0o600)
    execFileSync('touch', ['-d', '1969-12-31T23:59:58.123456789Z', join(dir.path, 'old')])
    execFileSync('touch', ['-d', '2038-01-19T03:14:08.000000001Z', join(dir.path, 'setuid')])
    const { byPath } = await transfer(dir.path)
    assert.equal(byPath.get('sticky')?.mode, 0x801001ff)
    assert.equal(byPath.get('sticky')?.size, 0)
    assert.deepEqual(byPath.get('setuid'), {
      path: 'setuid',
      mode: 0x008001ed,
      uid: 0,
      gid: 0,
      size: 3,
      modTime: 2147483648000000001n,
      linkname: '',
      devmajor: 0,
      devminor: 0,
    })
    assert.equal(byPath.get('old')?.modTime, -1876543211n)
    assert.equal(byPath.get('old')?.mode, 0o600)
  })

  test('symlinks are sent as they are, wherever they lead', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'd/file': 'x' })
    const links = {
      'd/up': '../../../..',
      dangling: 'not/there',
      absolute: '/etc/passwd',
      'to-d': 'd',
      'd/bytes': '\xff',
    }
    for (const [path, target] of Object.entries(links)) symlinkSync(bytesOf(target), join(dir.path, path))
    lutimesSync(join(dir.path, 'dangling'), 5, 5)
    const { byPath, stats } = await transfer(dir.path)
    for (const [path, target] of Object.entries(links)) {
      const { mode, linkname, size } = byPath.get(path)!
      assert.deepEqual([mode, linkname, size], [0x080001ff, target, target.length])
    }
    assert.equal(byPath.get('dangling')?.modTime, 5_000_000_000n)
    assert.equal(stats.length, 7, 'nothing behind a link is sent')
  })

  test('further names of a file are sent as links to its first', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'b/first': 'same', single: 'x' })
    for (const name of ['b/second', 'c', 'd-']) linkSync(join(dir.path, 'b/first'), join(dir.path, name))
    const { stats, contents } = await transfer(dir.path)
    assert.deepEqual(
      stats.map(({ path, linkname, size }) => [path, linkname, size]),
      [
        ['b', '', 0],
        ['b/first', '', 4],
        ['b/second', 'b/first', 4],
        ['c', 'b/first', 4],
        ['d-', 'b/first', 4],
        ['single', '', 1],
      ],
    )
    assert.equal(contents.get('b/first')?.toString(), 'same')
  })

  test('when the first name of a file is left out, the next one takes its place', async () => {
    await using dir = await tempDir()
    fill(dir.path, { a: 'same' })
    for (const name of ['b', 'c']) linkSync(join(dir.path, 'a'), join(dir.path, name))
    const { stats, contents } = await transfer({ root: dir.path, excludePatterns: ['a'] })
    assert.deepEqual(
      stats.map(({ path, linkname }) => [path, linkname]),
      [
        ['b', ''],
        ['c', 'b'],
      ],
    )
    assert.equal(contents.get('b')?.toString(), 'same')
  })

  test('files of two file systems are told apart though their numbers are the same', rootOnly, async () => {
    await using dir = await tempDir()
    const mounted: string[] = []
    using _ = { [Symbol.dispose]: () => unmount(mounted) }
    for (const name of ['one', 'two']) {
      const path = join(dir.path, name)
      mkdirSync(path)
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path])
      mounted.push(path)
      fill(path, { a: name })
      linkSync(join(path, 'a'), join(path, 'b'))
    }
    assert.equal(statSync(join(dir.path, 'one/a')).ino, statSync(join(dir.path, 'two/a')).ino)
    const { stats, contents } = await transfer(dir.path)
    assert.deepEqual(
      stats.map(({ path, linkname }) => [path, linkname]),
      [
        ['one', ''],
        ['one/a', ''],
        ['one/b', 'one/a'],
        ['two', ''],
        ['two/a', ''],
        ['two/b', 'two/a'],
      ],
    )
    assert.equal(contents.get('two/a')?.toString(), 'two')
  })

  test('a fifo is sent as a fifo, and a socket as an empty file', async () => {
    await using dir = await tempDir()
    execFileSync('mkfifo', ['-m', '640', join(dir.path, 'fifo')])
    const server = createServer().listen(join(dir.path, 'socket'))
    await once(server, 'listening')
    chmodSync(join(dir.path, 'socket'), 0o751)
    const { byPath, contents, warnings } = await transfer(dir.path)
    server.close()
    assert.equal(byPath.get('fifo')?.mode, 0x020001a0)
    assert.equal(byPath.get('socket')?.mode, 0o751)
    assert.deepEqual([...contents], [['socket', Buffer.alloc(0)]])
    assert.deepEqual(warnings, [])
  })

  test('device nodes are sent with their numbers', rootOnly, async () => {
    await using dir = await tempDir()
    execFileSync('mknod', ['-m', '600', join(dir.path, 'char'), 'c', '300', '70000'])
    execFileSync('mknod', ['-m', '660', join(dir.path, 'block'), 'b', '8', '1'])
    const { byPath } = await transfer(dir.path)
    const { mode, devmajor, devminor } = byPath.get('char')!
    assert.deepEqual([mode, devmajor, devminor], [0x04200180, 300, 70000])
    const block = byPath.get('block')!
    assert.deepEqual([block.mode, block.devmajor, block.devminor], [0x040001b0, 8, 1])
  })

  test('the root may be a link, and files in it are found through it', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'real/file': 'x' })
    symlinkSync('real', join(dir.path, 'link'))
    const { contents } = await transfer(join(dir.path, 'link'))
    assert.equal(contents.get('file')?.toString(), 'x')
  })

  test('files of every size arrive whole', async () => {
    await using dir = await tempDir()
    const chunk = 256 << 10
    const sizes = [
      0,
      1,
      2,
      8191,
      8192,
      65536,
      chunk - 1,
      chunk,
      chunk + 1,
      chunk + 2,
      2 * chunk,
      3 * chunk + 17,
    ]
    const files = new Map(sizes.map((size) => [`of ${size} bytes`, randomBytes(size)]))
    for (const [name, contents] of files) writeFileSync(join(dir.path, name), contents)
    const { contents, sent } = await transfer(dir.path, { messagesPerTurn: 2 })
    for (const [name, expected] of files) assert.ok(contents.get(name)?.equals(expected), name)
    assert.deepEqual(sent, {
      walked: sizes.length,
      listed: sizes.length,
      requested: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    })
  })

  test('a file whose size the system does not know is read to its end', async () => {
    const { byPath, contents } = await transfer({ root: '/proc/sys/kernel', includePatterns: ['ostype'] })
    assert.equal(byPath.get('ostype')?.size, 0)
    assert.equal(contents.get('ostype')?.toString(), 'Linux\n')
  })

  test('only what is asked for is read', async () => {
    await using dir = await tempDir()
    fill(dir.path, { a: 'one', b: 'two', c: 'three' })
    const { contents, sent } = await transfer(dir.path, { wants: ({ path }) => path === 'b' })
    assert.deepEqual([...contents], [['b', Buffer.from('two')]])
    assert.deepEqual(sent, { walked: 3, listed: 3, requested: 1, bytes: 3 })
  })

  test('an entry is sent with the directories it is in, though they do not match', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'a/b/keep': '', 'a/b/other': '', 'a/c/other': '', 'd/keep': '', 'e/other': '' })
    const { stats } = await transfer({ root: dir.path, includePatterns: ['**/keep'] })
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['a', 'a/b', 'a/b/keep', 'd', 'd/keep'],
    )
  })

  test('excluded entries are left out, and what is spared in them is not', async () => {
    await using dir = await tempDir()
    fill(dir.path, {
      'node_modules/a/x.js': '',
      'node_modules/keep/y.js': '',
      'src/x.js': '',
      'src/x.log': '',
    })
    const { stats } = await transfer({
      root: dir.path,
      excludePatterns: ['node_modules', '!node_modules/keep', '**/*.log'],
    })
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['node_modules', 'node_modules/keep', 'node_modules/keep/y.js', 'src', 'src/x.js'],
    )
  })

  test('followed paths bring along what links lead to', async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'real/file': 'x', 'real/other': '', unrelated: '' })
    symlinkSync('real', join(dir.path, 'link'))
    symlinkSync('/link/file', join(dir.path, 'Dockerfile'))
    const { stats } = await transfer({ root: dir.path, followPaths: ['Dockerfile', 'missing/*', 'real/fi*'] })
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['Dockerfile', 'link', 'real', 'real/file'],
    )
  })

  test('hundreds of patterns over thousands of files take no time to speak of', async () => {
    await using dir = await tempDir()
    const files: Record<string, string> = {}
    for (let index = 0; index < 1000; index++) files[`dir ${index % 40}/sub/file ${index}.txt`] = ''
    fill(dir.path, files)
    const excludePatterns = Array.from({ length: 200 }, (_, index) => [
      `dir ${index}x`,
      `**/*.no${index}`,
      `!dir ${index}/*/keep`,
      `**/[xy]${index}`,
    ]).flat()
    const start = process.cpuUsage()
    const { stats } = await transfer({ root: dir.path, excludePatterns })
    assert.equal(stats.length, 1000 + 80)
    assert.ok(process.cpuUsage(start).user < 5_000_000)
  })

  test('timers fire while a big tree is walked and sent', async () => {
    await using dir = await tempDir()
    const files: Record<string, string> = {}
    for (let index = 0; index < 2000; index++) files[`${index % 3}/file ${index}`] = 'contents'
    fill(dir.path, files)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const { contents } = await transfer(dir.path)
    clearInterval(timer)
    assert.equal(contents.size, 2000)
    assert.ok(ticks >= 5, `a timer of 1 ms has fired ${ticks} times`)
  })

  test('a program ends when its transfers have', async () => {
    await using dir = await tempDir()
    fill(dir.path, { file: 'x' })
    const program = `
    import { transfer } from '${new URL('receiver.ts', import.meta.url)}'
    const { contents } = await transfer({ root: ${JSON.stringify(dir.path)}, where: '${where}' })
    console.log(contents.get('file').toString())
  `
    const args = [
      ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
      '--input-type=module',
      '-e',
      program,
    ]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
    assert.equal(stdout, 'x\n')
  })

  const rootErrors = [
    { what: 'that is not there', path: 'missing', received: 'nothing there' },
    { what: 'that is a file', path: 'file', received: 'something else' },
    { what: 'that is a link to nothing', path: 'dangling', received: 'nothing there' },
  ]
  for (const { what, path, received } of rootErrors)
    test(`a root ${what} is an error`, async () => {
      await using dir = await tempDir()
      fill(dir.path, { file: '' })
      symlinkSync('nowhere', join(dir.path, 'dangling'))
      await assert.rejects(transfer(join(dir.path, path)), { code: 'CONTEXT_FAILED', received })
    })
})

function unmount(paths: readonly string[]): void {
  for (const path of paths) execFileSync('umount', [path])
}
