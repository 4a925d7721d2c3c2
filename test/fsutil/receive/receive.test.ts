import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, link as hardLink, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Warning } from '../../../src/base/warning.ts'
import { GoMode } from '../../../src/fsutil/mode.ts'
import { comparePaths } from '../../../src/fsutil/order.ts'
import { PacketType } from '../../../src/fsutil/packet.ts'
import { type ReceiveTarget, receiveTree } from '../../../src/fsutil/receive/receive.ts'
import { bytes, type FakeEntry, FakeSender } from '../../support/fake-sender.ts'
import { messageStreamPair } from '../../support/message-stream-pair.ts'
import { stallDisk } from '../../support/stalled-disk.ts'
import { tempDir } from '../../support/temp.ts'
import { treeOf } from '../../support/tree.ts'

const directory = (path: string, permissions = 0o755): FakeEntry => ({
  path,
  mode: (GoMode.directory | permissions) >>> 0,
})
const link = (path: string, linkname: string): FakeEntry => ({ path, mode: GoMode.symlink | 0o777, linkname })
const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }

/** A transfer of well-behaved ends. Returns the ids that were asked for. */
async function receive(
  target: Partial<ReceiveTarget> & { outputDir: string },
  entries: readonly FakeEntry[],
): Promise<number[]> {
  const [ours, theirs] = messageStreamPair()
  const [requested] = await Promise.all([
    new FakeSender(theirs).sendAll(entries),
    receiveTree(ours, { mode: 'copy', ...target }),
  ])
  return requested
}

describe('receiveTree', () => {
  it('makes files, directories, symlinks and hard links with their modes', async () => {
    await using dir = await tempDir()
    const outputDir = join(dir.path, 'not', 'there', 'yet')
    const requested = await receive({ outputDir }, [
      directory('bin'),
      { path: 'bin/run', mode: 0o755, content: 'run me' },
      directory('empty', 0o700),
      { path: 'empty.txt' },
      { path: 'hard', content: 'ignored', linkname: 'bin/run' },
      link('run', 'bin/run'),
      directory('tmp', 0o777 | GoMode.sticky),
      { path: 'tmp/secret', mode: 0o600, content: 'psst' },
      link('up', '/../outside'),
    ])
    assert.deepEqual(await treeOf(outputDir), {
      bin: 'dir 755',
      'bin/run': 'file 755 "run me"',
      empty: 'dir 700',
      'empty.txt': 'file 644 ""',
      hard: 'file 755 "run me"',
      run: 'link -> bin/run',
      tmp: 'dir 1777',
      'tmp/secret': 'file 600 "psst"',
      up: 'link -> /../outside',
    })
    assert.deepEqual(requested, [1, 3, 7], 'only the contents of files are asked for')
    assert.equal((await stat(join(outputDir, 'hard'))).ino, (await stat(join(outputDir, 'bin/run'))).ino)
    assert.equal((await stat(join(dir.path, 'not'))).mode & 0o777, 0o700)
    assert.equal((await stat(outputDir)).mode & 0o777, 0o700)
  })

  it('sets times as exactly as Node can, those of directories last', async () => {
    await using dir = await tempDir()
    const times = {
      day: 1_700_000_000_123_456_789n,
      'day/file': 1_999_999_999_999_999_999n,
      'day/link': 86_400_000_000_001n,
      old: -86_400_500_000_000n,
      'old/file': -1n,
      'old/whole': -5_000_000_000n,
      zero: 0n,
    }
    await receive({ outputDir: dir.path }, [
      { ...directory('day'), modTime: times.day },
      { path: 'day/file', content: 'x', modTime: times['day/file'] },
      { ...link('day/link', 'nowhere'), modTime: times['day/link'] },
      { ...directory('old'), modTime: times.old },
      { path: 'old/file', modTime: times['old/file'] },
      { path: 'old/whole', modTime: times['old/whole'] },
      { ...directory('zero'), modTime: times.zero },
    ])
    for (const [path, expected] of Object.entries(times)) {
      const { mtimeNs } = await lstat(join(dir.path, path), { bigint: true })
      // Node counts in microseconds, and before 1970 in milliseconds; a time never moves into the next one.
      const late = mtimeNs - expected
      assert.ok(late <= 0n && late > (expected < 0n ? -1_000_000n : -2_000n), `${path}: ${mtimeNs}`)
    }
  })

  it('writes names of any bytes', async () => {
    await using dir = await tempDir()
    const names = [
      'a b',
      'comma, "quote"',
      'line\nbreak',
      'back\\slash',
      '..hidden',
      bytes('grün'),
      bytes('日本'),
      bytes('\u{1f980}'),
      '\xff\xfe',
      'C:',
    ].sort(comparePaths)
    await receive(
      { outputDir: dir.path },
      names.map((path) => ({ path, content: path })),
    )
    assert.deepEqual(Object.keys(await treeOf(dir.path)).sort(comparePaths), names)
  })

  it('keeps the target of a symlink byte for byte', async () => {
    await using dir = await tempDir()
    await receive({ outputDir: dir.path }, [link('l', '\xff/\xc3\xa4')])
    assert.deepEqual(await treeOf(dir.path), { l: 'link -> \xff/\xc3\xa4' })
  })

  it('keeps what is there in copy mode and replaces what the export has', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'd'))
    await mkdir(join(dir.path, 'file-now'))
    await writeFile(join(dir.path, 'file-now', 'gone'), 'gone')
    await writeFile(join(dir.path, 'd', 'kept'), 'kept')
    await writeFile(join(dir.path, 'd', 'old'), 'a longer old text', { mode: 0o400 })
    await writeFile(join(dir.path, 'dir-now'), 'was a file')
    await writeFile(join(dir.path, 'link-now'), 'was a file')
    await symlink('elsewhere', join(dir.path, 'linked'))
    await chmod(join(dir.path, 'd'), 0o555)
    await receive({ outputDir: dir.path }, [
      directory('d', 0o750),
      { path: 'd/old', content: 'new' },
      directory('dir-now'),
      { path: 'dir-now/in', content: 'in' },
      { path: 'file-now', content: 'file' },
      link('link-now', 'x'),
      link('linked', 'there'),
    ])
    assert.deepEqual(await treeOf(dir.path), {
      d: 'dir 750',
      'd/kept': 'file 644 "kept"',
      'd/old': 'file 644 "new"',
      'dir-now': 'dir 755',
      'dir-now/in': 'file 644 "in"',
      'file-now': 'file 644 "file"',
      'link-now': 'link -> x',
      linked: 'link -> there',
    })
  })

  it('exports into the same target again', async () => {
    await using dir = await tempDir()
    const entries = [
      directory('d', 0o555),
      { path: 'd/f', mode: 0o444, content: 'one' },
      { path: 'd/h', linkname: 'd/f' },
      link('l', 'd'),
    ]
    await receive({ outputDir: dir.path }, entries)
    const first = await treeOf(dir.path)
    await receive({ outputDir: dir.path }, entries)
    assert.deepEqual(await treeOf(dir.path), first)
    assert.equal(first['d/h'], 'file 444 "one"')
  })

  it('opens a directory of an earlier export to its owner while it writes into it', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'd'))
    await chmod(join(dir.path, 'd'), 0o2555)
    const [ours, theirs] = messageStreamPair()
    const receiving = receiveTree(ours, { outputDir: dir.path, mode: 'copy' })
    const sender = new FakeSender(theirs)
    sender.stat(directory('d', 0o555))
    sender.stat({ path: 'd/f' })
    sender.endOfListing()
    const id = await sender.request()
    assert.equal((await stat(join(dir.path, 'd'))).mode & 0o7777, 0o2755)
    sender.file(id, 'in')
    assert.equal((await sender.next())?.type, PacketType.fin)
    sender.fin()
    await receiving
    assert.deepEqual(await treeOf(dir.path), { d: 'dir 555', 'd/f': 'file 644 "in"' })
  })

  it('writes a new file beside an existing hard link, not through it', async () => {
    await using dir = await tempDir()
    await using outside = await tempDir()
    const shared = join(outside.path, 'shared')
    await writeFile(shared, 'untouched')
    await hardLink(shared, join(dir.path, 'f'))
    await receive({ outputDir: dir.path }, [{ path: 'f', content: 'new' }])
    assert.equal(await readFile(shared, 'utf8'), 'untouched')
    assert.equal(await readFile(join(dir.path, 'f'), 'utf8'), 'new')
  })

  it('removes in delete mode what the export does not have, without following links', async () => {
    await using dir = await tempDir()
    await using outside = await tempDir()
    await writeFile(join(outside.path, 'precious'), 'precious')
    await mkdir(join(dir.path, 'd', 'old', 'deep'), { recursive: true })
    await writeFile(join(dir.path, 'd', 'old', 'deep', 'f'), '')
    await chmod(join(dir.path, 'd', 'old', 'deep'), 0o555)
    await writeFile(join(dir.path, 'd', 'same'), 'old')
    await symlink(outside.path, join(dir.path, 'd', 'way-out'))
    await symlink(outside.path, join(dir.path, 'way-out'))
    await writeFile(join(dir.path, 'stale'), 'stale')
    const modTime = 1_600_000_000_000_000_000n
    const requested = await receive({ outputDir: dir.path, mode: 'delete' }, [
      { ...directory('d'), modTime },
      { path: 'd/same', content: 'new' },
      { path: 'top', content: 'top' },
    ])
    assert.deepEqual(await treeOf(dir.path), {
      d: 'dir 755',
      'd/same': 'file 644 "new"',
      top: 'file 644 "top"',
    })
    assert.deepEqual(await treeOf(outside.path), { precious: 'file 644 "precious"' })
    assert.deepEqual(requested, [1, 2], 'files that are there are asked for again')
    assert.equal((await stat(join(dir.path, 'd'), { bigint: true })).mtimeNs, modTime)
  })

  it('keeps setuid and setgid only where owner and group stay the same', async () => {
    await using dir = await tempDir()
    const mode = 0o755 | GoMode.setuid | GoMode.setgid
    await receive({ outputDir: dir.path }, [
      { ...directory('d', 0o755 | GoMode.setgid), uid: own.uid + 1, gid: own.gid + 1 },
      { path: 'mine', mode, ...own },
      { path: 'neither', mode, uid: own.uid + 1, gid: own.gid + 1 },
      { path: 'sticky', mode: 0o644 | GoMode.sticky },
      { path: 'their-group', mode, uid: own.uid, gid: own.gid + 1 },
    ])
    assert.deepEqual(await treeOf(dir.path), {
      d: 'dir 2755',
      mine: 'file 6755 ""',
      neither: 'file 755 ""',
      sticky: 'file 1644 ""',
      'their-group': 'file 4755 ""',
    })
    const { uid, gid } = await stat(join(dir.path, 'neither'))
    assert.deepEqual({ uid, gid }, own)
  })

  it('leaves out devices, pipes and sockets, and says so once', async () => {
    await using dir = await tempDir()
    const warnings: Warning[] = []
    await receive({ outputDir: dir.path, onWarning: (warning) => warnings.push(warning) }, [
      directory('dev'),
      { path: 'dev/null', mode: GoMode.device | GoMode.characterDevice | 0o666, devmajor: 1, devminor: 3 },
      { path: 'dev/pipe', mode: GoMode.namedPipe | 0o644 },
      { path: 'dev/real', content: 'real' },
      { path: 'dev/sda', mode: GoMode.device | 0o660 },
    ])
    assert.deepEqual(await treeOf(dir.path), { dev: 'dir 755', 'dev/real': 'file 644 "real"' })
    assert.deepEqual(warnings, [
      {
        code: 'SKIPPED_ENTRY',
        message: 'dev/null and 2 more are left out of the export: Node cannot make devices and pipes',
      },
    ])
  })

  it('takes thousands of files', async () => {
    await using dir = await tempDir()
    const entries = Array.from({ length: 3_000 }, (_, index) => {
      const path = `f${String(index).padStart(5, '0')}`
      return { path, content: `content of ${path}` }
    })
    await receive({ outputDir: dir.path }, entries)
    assert.deepEqual(
      await treeOf(dir.path),
      Object.fromEntries(entries.map(({ path, content }) => [path, `file 644 "${content}"`])),
    )
  })

  it('asks for 256 files at a time, and for another whenever one is complete', async () => {
    await using dir = await tempDir()
    const [ours, theirs] = messageStreamPair()
    const receiving = receiveTree(ours, { outputDir: dir.path, mode: 'copy' })
    const sender = new FakeSender(theirs)
    for (let index = 0; index < 1_000; index++) sender.stat({ path: `f${String(index).padStart(5, '0')}` })
    sender.endOfListing()
    for (let id = 0; id < 256; id++) assert.equal(await sender.request(), id)
    for (let id = 0; id < 10; id++) sender.endOfFile(id)
    for (let id = 256; id < 266; id++) assert.equal(await sender.request(), id)
    sender.data(266, 'not asked for')
    assert.equal((await sender.next())?.type, PacketType.error, 'no more than these')
    await assert.rejects(receiving, { code: 'PROTOCOL_ERROR' })
  })

  it('writes files whose data comes interleaved, in pieces of any size', async () => {
    await using dir = await tempDir()
    const [ours, theirs] = messageStreamPair({ highWaterBytes: 1 << 20 })
    const receiving = receiveTree(ours, { outputDir: dir.path, mode: 'copy' })
    const sender = new FakeSender(theirs)
    const contents = Array.from({ length: 5 }, () => randomBytes(3 << 20))
    for (const index of contents.keys()) sender.stat({ path: `f${index}` })
    sender.endOfListing()
    for (const index of contents.keys()) assert.equal(await sender.request(), index)
    const positions = contents.map(() => 0)
    const sizes = [1, 7, 100, 5_000, 32 << 10, 1_000_003]
    for (let turn = 0; positions.some((position, index) => position < contents[index]!.length); turn++) {
      const index = turn % contents.length
      const start = positions[index]!
      const end = Math.min(start + sizes[turn % sizes.length]!, contents[index]!.length)
      if (end > start) await sender.data(index, contents[index]!.subarray(start, end))
      positions[index] = end
    }
    for (const index of contents.keys()) sender.endOfFile(index)
    assert.equal((await sender.next())?.type, PacketType.fin)
    sender.fin()
    await receiving
    for (const [index, content] of contents.entries()) {
      assert.equal(sha256(await readFile(join(dir.path, `f${index}`))), sha256(content))
    }
  })

  it('takes several transfers into one target at the same time', async () => {
    await using dir = await tempDir()
    const platforms = ['linux_amd64', 'linux_arm64', 'linux_s390x']
    const streams = platforms.map((platform) => {
      const [ours, theirs] = messageStreamPair()
      const receiving = receiveTree(ours, { outputDir: dir.path, mode: 'copy' })
      return { platform, sender: new FakeSender(theirs), receiving }
    })
    // Each gets its file only when all of them have asked: none may wait for another to be over.
    for (const { platform, sender } of streams) {
      sender.stat(directory(platform))
      sender.stat({ path: `${platform}/bin` })
      sender.endOfListing()
    }
    for (const { sender } of streams) assert.equal(await sender.request(), 1)
    for (const { sender, platform } of streams.toReversed()) sender.file(1, platform)
    for (const { sender } of streams) {
      assert.equal((await sender.next())?.type, PacketType.fin)
      sender.fin()
    }
    await Promise.all(streams.map(({ receiving }) => receiving))
    assert.deepEqual(
      await treeOf(dir.path),
      Object.fromEntries(
        platforms.flatMap((platform) => [
          [platform, 'dir 755'],
          [`${platform}/bin`, `file 644 "${platform}"`],
        ]),
      ),
    )
  })

  it('lets the daemon wait when the disk does not keep up', async () => {
    await using dir = await tempDir()
    const outputDir = join(dir.path, 'out')
    const [ours, theirs] = messageStreamPair({ highWaterBytes: 0 })
    const receiving = receiveTree(ours, { outputDir, mode: 'copy' })
    const sender = new FakeSender(theirs)
    sender.stat({ path: 'big' })
    sender.endOfListing()
    const id = await sender.request()
    await using disk = await stallDisk(dir.path)
    const chunk = Buffer.alloc(1 << 20, 'x')
    let taken = 0
    let sending = sender.data(id, chunk)!
    while (await isDone(sending)) {
      taken++
      sending = sender.data(id, chunk)!
    }
    assert.ok(taken >= 8 && taken <= 9, `${taken} MiB were taken with nothing written`)
    await disk.letGo()
    await sending
    sender.endOfFile(id)
    assert.equal((await sender.next())?.type, PacketType.fin)
    sender.fin()
    await receiving
    assert.equal((await stat(join(outputDir, 'big'))).size, (taken + 1) << 20)
  })

  it('says which path cannot be written, with the system error as the cause', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'file'), '')
    await assert.rejects(receive({ outputDir: join(dir.path, 'file') }, []), {
      code: 'EXPORT_FAILED',
      message: `cannot write ${join(dir.path, 'file')}: EEXIST: file already exists`,
    })
    const long = 'n'.repeat(300)
    const failing = receive({ outputDir: dir.path }, [{ path: long, content: 'x' }])
    await assert.rejects(failing, (error: { code: string; message: string; cause: { code: string } }) => {
      assert.equal(error.code, 'EXPORT_FAILED')
      assert.equal(error.message, `cannot write ${join(dir.path, long)}: ENAMETOOLONG: name too long`)
      assert.equal(error.cause.code, 'ENAMETOOLONG')
      return true
    })
    assert.deepEqual(await treeOf(dir.path), { file: 'file 644 ""' })
  })
})

/** Gives everything that needs no disk its turn, then says whether the promise has settled. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  promise.then(() => {
    done = true
  })
  for (let turn = 0; turn < 10 && !done; turn++) await new Promise((resolve) => setImmediate(resolve))
  return done
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
