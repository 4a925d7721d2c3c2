import assert from 'node:assert/strict'
import { link, lstat, mkdir, readdir, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { GoMode } from '../../../src/fsutil/mode.ts'
import { type ReceiveLimits, receiveTree } from '../../../src/fsutil/receive/receive.ts'
import { type FakeEntry, FakeSender } from '../../support/fake-sender.ts'
import { messageStreamPair, type StreamEnd } from '../../support/message-stream-pair.ts'
import { tempDir } from '../../support/temp.ts'
import { treeOf } from '../../support/tree.ts'

const directory = (path: string): FakeEntry => ({ path, mode: (GoMode.directory | 0o755) >>> 0 })
const symlinkTo = (path: string, linkname: string): FakeEntry => ({ path, mode: GoMode.symlink, linkname })

/** A target inside a directory that is watched: nothing beside the target may change. */
interface Scene extends AsyncDisposable {
  readonly target: string
  readonly outside: string
  readonly sender: FakeSender
  readonly ours: StreamEnd
  receive(options?: { limits?: Partial<ReceiveLimits>; mode?: 'copy' | 'delete' }): Promise<void>
}

async function scene(): Promise<Scene> {
  const dir = await tempDir()
  const target = join(dir.path, 'target')
  const outside = join(dir.path, 'outside')
  await mkdir(target)
  await mkdir(outside)
  await writeFile(join(outside, 'passwd'), 'root')
  const [ours, theirs] = messageStreamPair()
  const openBefore = await openFiles()
  return {
    target,
    outside,
    ours,
    sender: new FakeSender(theirs),
    receive: (options = {}) => receiveTree(ours, { outputDir: target, mode: 'copy', ...options }),
    [Symbol.asyncDispose]: async () => {
      await using _dir = dir
      assert.deepEqual(await treeOf(outside), { passwd: 'file 644 "root"' }, 'nothing outside has changed')
      assert.deepEqual((await readdir(dir.path)).sort(), ['outside', 'target'])
      const staged = Object.keys(await treeOf(target)).filter((path) => path.includes('.buildkit-client-'))
      assert.deepEqual(staged, [], 'nothing that is incomplete is left')
      assert.deepEqual(await openFiles(), openBefore, 'nothing is left open')
    },
  }
}

/** The files of the temporary directories that this process has open, where the system tells. */
async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => [])
  const paths = descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => ''))
  return (await Promise.all(paths)).filter((path) => path.includes('buildkit-client-test-'))
}

/** Waits until something has that path; all else in the target may come and go meanwhile. */
async function appearance(path: string): Promise<void> {
  const isThere = () =>
    lstat(path).then(
      () => true,
      () => false,
    )
  while (!(await isThere())) await new Promise((resolve) => setImmediate(resolve))
}

/** Lists entries, of which the last one is refused, and checks that the daemon is told so. */
async function refused(
  entries: readonly FakeEntry[],
  error: { code: string; message: string | RegExp },
  limits: Partial<ReceiveLimits> = {},
): Promise<void> {
  await using here = await scene()
  const receiving = here.receive({ limits })
  for (const entry of entries) here.sender.stat(entry)
  await assert.rejects(receiving, error)
  const told = await here.sender.receiverError()
  if (typeof error.message === 'string') assert.equal(told, error.message)
  else assert.match(told, error.message)
}

const unsafe = (path: string) => ({
  code: 'UNSAFE_PATH',
  message: `the daemon has sent a path that could lead out of its target: expected a clean relative path, got ${JSON.stringify(path)}`,
})
const outOfOrder = { code: 'PROTOCOL_ERROR', message: /file listing out of order/ }

describe('receiveTree, given a hostile daemon', () => {
  for (const path of [
    '..',
    '../outside/new',
    'a/../../outside/new',
    '/',
    '/etc/new',
    '.',
    './a',
    'a//b',
    'a/',
    'a/.',
    'nul\0',
    '',
  ]) {
    it(`refuses the path ${JSON.stringify(path)}`, () => refused([{ path }], unsafe(path)))
  }

  it('refuses a path twice, a path out of order, and a child without its directory', async () => {
    await refused([{ path: 'a' }, { path: 'a' }], outOfOrder)
    await refused([directory('a'), directory('a')], outOfOrder)
    await refused([{ path: 'b' }, { path: 'a' }], outOfOrder)
    await refused([directory('a'), { path: 'a-b' }, { path: 'a/b' }], outOfOrder)
    await refused([{ path: 'a/b' }], outOfOrder)
  })

  it('refuses a child of a file, of a symlink that it has just made, and of a device', async () => {
    await refused([{ path: 'a' }, { path: 'a/b' }], outOfOrder)
    await refused([symlinkTo('a', '../outside'), { path: 'a/new' }], outOfOrder)
    await refused([symlinkTo('a', '../outside'), directory('a/new')], outOfOrder)
    await refused([{ path: 'a', mode: GoMode.device }, { path: 'a/b' }], outOfOrder)
  })

  it('refuses a directory that is also a symlink no more than a directory', async () => {
    await using here = await scene()
    const receiving = here.receive()
    const mode = (GoMode.directory | GoMode.symlink | 0o700) >>> 0
    await here.sender.sendAll([
      { path: 'd', mode, linkname: '../outside' },
      { path: 'd/f', content: 'in d' },
    ])
    await receiving
    assert.deepEqual(await treeOf(here.target), { d: 'dir 700', 'd/f': 'file 644 "in d"' })
  })

  it('refuses hard links to anything but a file of this transfer', async () => {
    const unknown = (path: string) => ({
      code: 'UNSAFE_PATH',
      message: `the daemon has sent a hard link to what it has not sent as a file: expected the path of a file before it, got ${JSON.stringify(path)}`,
    })
    for (const linkname of ['../outside/passwd', '/etc/passwd', 'b', 'nothing', 'd/../a']) {
      await refused([{ path: 'b', linkname }], unknown(linkname))
    }
    await refused([directory('a'), { path: 'b', linkname: 'a' }], unknown('a'))
    await refused([symlinkTo('a', '../outside/passwd'), { path: 'b', linkname: 'a' }], unknown('a'))
    await refused([{ path: 'a' }, { path: 'b', linkname: 'a' }, { path: 'c', linkname: 'b' }], unknown('b'))
  })

  it('makes no hard link to a file that was in the target before', async () => {
    await using here = await scene()
    await link(join(here.outside, 'passwd'), join(here.target, 'mine'))
    const receiving = here.receive()
    here.sender.stat({ path: 'yours', linkname: 'mine' })
    await assert.rejects(receiving, { code: 'UNSAFE_PATH' })
    assert.deepEqual(await readdir(here.target), ['mine'])
  })

  it('refuses symlinks that cannot be one', async () => {
    const error = { code: 'PROTOCOL_ERROR', message: /symlink that cannot be one: expected a target for "a"/ }
    await refused([symlinkTo('a', '')], error)
    await refused([symlinkTo('a', 'x\0y')], error)
  })

  it('keeps to its limits', async () => {
    const tooMany = (what: string, limit: number) => ({
      code: 'TOO_LARGE',
      message: `an export has too many ${what}: expected at most ${limit}, got more`,
    })
    const files = ['a', 'b', 'c'].map((path) => ({ path }))
    await refused(files, tooMany('entries', 2), { entries: 2 })
    await refused(files, tooMany('bytes of paths', 2), { listingBytes: 2 })
    await refused([{ path: 'n'.repeat(4_097) }], tooMany('bytes in one path', 4_096))
    await refused([symlinkTo('a', 'n'.repeat(4_097))], tooMany('bytes in one path', 4_096))
    const deep = Array.from({ length: 257 }, (_, depth) =>
      directory(
        Array(depth + 1)
          .fill('d')
          .join('/'),
      ),
    )
    await refused(deep, tooMany('names in one path', 256))
  })

  it('takes 256 levels of directories', async () => {
    await using here = await scene()
    const receiving = here.receive()
    const deep = Array.from({ length: 255 }, (_, depth) =>
      directory(
        Array(depth + 1)
          .fill('d')
          .join('/'),
      ),
    )
    const path = `${deep.at(-1)!.path}/f`
    await here.sender.sendAll([...deep, { path, content: 'deep' }])
    await receiving
    assert.equal((await treeOf(here.target))[path], 'file 644 "deep"')
  })

  it('takes no more data than its limit', async () => {
    await using here = await scene()
    const receiving = here.receive({ limits: { dataBytes: 10 } })
    here.sender.stat({ path: 'a' })
    await here.sender.request()
    here.sender.data(0, '12345678901')
    await assert.rejects(receiving, { code: 'TOO_LARGE', message: /too many bytes of data/ })
    assert.deepEqual(await readdir(here.target), [])
  })

  const unasked = (id: number) => ({
    code: 'PROTOCOL_ERROR',
    message: `the daemon has sent data that nobody asked for: expected data of a requested file, got id ${id}`,
  })

  it('refuses data of an entry that it has not asked for', async () => {
    for (const id of [0, 2, 0xffffffff]) {
      await using here = await scene()
      const receiving = here.receive()
      here.sender.stat(directory('d'))
      here.sender.stat({ path: 'd/f' })
      assert.equal(await here.sender.request(), 1)
      here.sender.data(id, 'x')
      await assert.rejects(receiving, unasked(id))
    }
  })

  it('refuses data after the end of a file', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat({ path: 'f' })
    const id = await here.sender.request()
    here.sender.file(id, 'all')
    here.sender.data(id, 'more')
    await assert.rejects(receiving, unasked(id))
  })

  it('refuses a second end of a file', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat({ path: 'f' })
    const id = await here.sender.request()
    here.sender.endOfFile(id)
    here.sender.endOfFile(id)
    await assert.rejects(receiving, unasked(id))
  })

  it('refuses entries after the end of the listing, and a second end', async () => {
    for (const say of [
      (sender: FakeSender) => sender.stat({ path: 'late' }),
      (sender: FakeSender) => sender.endOfListing(),
    ]) {
      await using here = await scene()
      const receiving = here.receive()
      here.sender.stat({ path: 'f' })
      here.sender.endOfListing()
      await here.sender.request()
      say(here.sender)
      await assert.rejects(receiving, {
        code: 'PROTOCOL_ERROR',
        message: 'the daemon has listed an entry after the end of its listing',
      })
    }
  })

  it('refuses FIN before all is there, requests, and packets that are none', async () => {
    for (const [bytes, message] of [
      ['0803', /the export ended early/],
      ['0801', /the daemon wants a file of an export/],
      ['ff', /malformed file transfer packet/],
      ['0809', /./],
    ] as const) {
      await using here = await scene()
      const receiving = here.receive()
      here.sender.stat({ path: 'f' })
      await here.sender.request()
      here.sender.end.send(Buffer.from(bytes, 'hex'))
      await assert.rejects(receiving, { code: 'PROTOCOL_ERROR', message })
    }
  })

  it('leaves complete files and nothing of the others when the stream ends early', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat(directory('d'))
    here.sender.stat({ path: 'd/done' })
    here.sender.stat({ path: 'd/half' })
    here.sender.stat({ path: 'd/not-begun' })
    for (const id of [1, 2, 3]) assert.equal(await here.sender.request(), id)
    here.sender.file(1, 'done')
    await here.sender.data(2, 'half')
    here.sender.end.end()
    await assert.rejects(receiving, {
      code: 'PROTOCOL_ERROR',
      message: 'the export was broken off: expected everything to the end, got the end of the stream',
    })
    assert.deepEqual(await treeOf(here.target), { d: 'dir 700', 'd/done': 'file 644 "done"' })
  })

  it('keeps what a file held before when its replacement does not become complete', async () => {
    await using here = await scene()
    await writeFile(join(here.target, 'f'), 'before')
    const receiving = here.receive({ mode: 'delete' })
    here.sender.stat({ path: 'f' })
    await here.sender.data(await here.sender.request(), 'after')
    here.sender.error('disk\x1b\r\non fire')
    await assert.rejects(receiving, {
      code: 'EXPORT_FAILED',
      message: 'the daemon has broken off the export: disk on fire',
    })
    assert.deepEqual(await treeOf(here.target), { f: 'file 644 "before"' })
  })

  it('removes nothing in delete mode unless everything has arrived', async () => {
    await using here = await scene()
    await writeFile(join(here.target, 'other'), 'other')
    const receiving = here.receive({ mode: 'delete' })
    here.sender.stat({ path: 'f' })
    here.sender.endOfListing()
    await here.sender.request()
    here.sender.end.break(new Error('gone'))
    await assert.rejects(receiving, { message: 'gone' })
    assert.deepEqual(await treeOf(here.target), { other: 'file 644 "other"' })
  })

  it('ends with the reason when the call is cancelled in the middle of a file', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat({ path: 'big' })
    here.sender.stat({ path: 'small' })
    here.sender.endOfListing()
    const id = await here.sender.request()
    await here.sender.data(id, Buffer.alloc(1 << 20))
    const reason = new Error('the user has had enough')
    here.ours.break(reason)
    await assert.rejects(receiving, (error) => error === reason)
    assert.deepEqual(await readdir(here.target), [])
  })

  it('survives packets after its failure', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat({ path: 'f' })
    const id = await here.sender.request()
    here.sender.stat({ path: '..' })
    here.sender.file(id, 'x')
    here.sender.stat({ path: 'g' })
    here.sender.endOfListing()
    await assert.rejects(receiving, unsafe('..'))
    assert.deepEqual(await readdir(here.target), [])
  })
})

describe('receiveTree, into a target with symlinks', () => {
  it('replaces a symlink that is in the place of a directory or file, and does not follow it', async () => {
    await using here = await scene()
    await symlink('../outside', join(here.target, 'd'))
    await symlink('../outside/passwd', join(here.target, 'f'))
    await symlink('../outside/passwd', join(here.target, 'h'))
    const receiving = here.receive()
    await here.sender.sendAll([
      directory('d'),
      { path: 'd/new', content: 'new' },
      { path: 'd/passwd', content: 'mine' },
      { path: 'f', content: 'f' },
      { path: 'h', linkname: 'f' },
    ])
    await receiving
    assert.deepEqual(await treeOf(here.target), {
      d: 'dir 755',
      'd/new': 'file 644 "new"',
      'd/passwd': 'file 644 "mine"',
      f: 'file 644 "f"',
      h: 'file 644 "f"',
    })
  })

  it('writes no file through a directory that is swapped for a symlink during the transfer', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat(directory('d'))
    here.sender.stat({ path: 'd/passwd' })
    here.sender.endOfListing()
    const id = await here.sender.request()
    await rename(join(here.target, 'd'), join(here.target, 'moved'))
    await symlink('../outside', join(here.target, 'd'))
    here.sender.file(id, 'overwritten')
    await assert.rejects(receiving, {
      code: 'UNSAFE_PATH',
      message: /somebody else has changed the target.*expected "d" as the export has made it/,
    })
  })

  it('opens no directory that is swapped for a symlink between its making and its attributes', async () => {
    await using here = await scene()
    const receiving = here.receive()
    here.sender.stat(directory('a'))
    here.sender.stat(directory('a/deep'))
    here.sender.stat({ path: 'b' })
    here.sender.endOfListing()
    const id = await here.sender.request()
    await rename(join(here.target, 'a', 'deep'), join(here.target, 'moved'))
    await symlink('../../outside', join(here.target, 'a', 'deep'))
    here.sender.file(id, 'b')
    await assert.rejects(receiving, { code: 'UNSAFE_PATH' })
  })

  it('makes no hard link through a directory, or of a file, that is swapped for a symlink', async () => {
    for (const swapped of ['d', 'd/passwd']) {
      await using here = await scene()
      const receiving = here.receive()
      here.sender.stat(directory('d'))
      here.sender.stat({ path: 'd/passwd' })
      here.sender.stat({ path: 'e' })
      here.sender.file(await here.sender.request(), 'mine')
      const id = await here.sender.request()
      await appearance(join(here.target, swapped))
      await rename(join(here.target, swapped), join(here.target, 'moved'))
      await symlink(join(here.outside, swapped.slice(2)), join(here.target, swapped))
      here.sender.stat({ path: 'f', linkname: 'd/passwd' })
      here.sender.file(id, '')
      await assert.rejects(receiving, { code: 'UNSAFE_PATH' })
      assert.equal('f' in (await treeOf(here.target)), false)
    }
  })

  it('stays in the target while somebody swaps its directories all the time', async () => {
    await using here = await scene()
    const receiving = here.receive()
    const count = 300
    const entries = Array.from({ length: count }, (_, index) => {
      const parent = `d${String(index).padStart(4, '0')}`
      return [directory(parent), { path: `${parent}/passwd`, content: 'mine' }]
    }).flat()
    let swapping = true
    const swapper = (async () => {
      while (swapping) {
        for (const name of (await readdir(here.target)).slice(-8)) {
          if (name.startsWith('x')) continue
          await rename(join(here.target, name), join(here.target, `x${name}`)).catch(() => {})
          await symlink('../outside', join(here.target, name)).catch(() => {})
        }
      }
    })()
    const sending = here.sender.sendAll(entries)
    await receiving.then(
      () => {},
      (error: { code: string }) =>
        assert.ok(['UNSAFE_PATH', 'EXPORT_FAILED'].includes(error.code), String(error)),
    )
    swapping = false
    await Promise.all([swapper, sending])
  })
})
