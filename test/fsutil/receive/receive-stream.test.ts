import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { deferred } from '../../../src/base/deferred.ts'
import { receiveStream } from '../../../src/fsutil/receive/receive-stream.ts'
import { stagingName } from '../../../src/fsutil/receive/staging-name.ts'
import { stallDisk } from '../../support/stalled-disk.ts'
import { tempDir } from '../../support/temp.ts'
import { treeOf } from '../../support/tree.ts'

const never = new AbortController().signal

async function* pieces(...texts: string[]): AsyncGenerator<Buffer[]> {
  for (const piece of texts) yield [Buffer.from(piece)]
}

async function* broken(error: Error, ...texts: string[]): AsyncGenerator<Buffer[]> {
  yield* pieces(...texts)
  throw error
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true')
  await once(child, 'exit')
  return child.pid!
}

describe('receiveStream, into a file', () => {
  it('gives the file its name when the stream has ended, and not before', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'out.tar')
    const during: string[][] = []
    async function* watched(): AsyncGenerator<Buffer[]> {
      yield [Buffer.from('one ')]
      while ((await readdir(dir.path)).length === 0);
      during.push(await readdir(dir.path))
      yield [Buffer.from('two')]
    }
    await receiveStream(watched(), path, never)
    assert.equal(during.length, 1)
    assert.match(during[0]!.join(), /^\.buildkit-client-[0-9a-f]{8}-\d+-\d+-[0-9a-f]{16}-\d+$/)
    assert.deepEqual(await readdir(dir.path), ['out.tar'])
    assert.equal(await readFile(path, 'utf8'), 'one two')
  })

  it('makes an empty file of an empty stream, with the permissions of a new file', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'empty')
    await receiveStream(pieces(), path, never)
    await writeFile(join(dir.path, 'another'), '')
    assert.equal((await stat(path)).size, 0)
    assert.equal((await stat(path)).mode, (await stat(join(dir.path, 'another'))).mode)
  })

  it('writes pieces of every size in order', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'out')
    const sizes = [1, 3, 4_096, 70_000, 1 << 20, 2, 3 << 20, 5]
    const content = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, 65 + index)))
    // Cut from one buffer, as messages are cut from what the network delivers.
    async function* cut(): AsyncGenerator<Buffer[]> {
      let start = 0
      for (const size of sizes) {
        yield [content.subarray(start, start + size)]
        start += size
      }
      for (let index = 0; index < 5_000; index++) yield [Buffer.from(`${index},`)]
    }
    await receiveStream(cut(), path, never)
    const tail = Array.from({ length: 5_000 }, (_, index) => `${index},`).join('')
    assert.ok((await readFile(path)).equals(Buffer.concat([content, Buffer.from(tail)])))
  })

  it('leaves nothing of a stream that breaks, and what was there before', async () => {
    await using dir = await tempDir()
    const error = new Error('the daemon is gone')
    await assert.rejects(receiveStream(broken(error, 'half'), join(dir.path, 'new'), never), error)
    await writeFile(join(dir.path, 'old'), 'before')
    await assert.rejects(receiveStream(broken(error, 'half'), join(dir.path, 'old'), never), error)
    assert.deepEqual(await treeOf(dir.path), { old: 'file 644 "before"' })
  })

  it('gives no name to a file whose call was cancelled, although the stream has ended well', async () => {
    await using dir = await tempDir()
    const reason = new Error('cancelled')
    const controller = new AbortController()
    async function* cancelling(): AsyncGenerator<Buffer[]> {
      yield [Buffer.from('all')]
      controller.abort(reason)
    }
    await assert.rejects(receiveStream(cancelling(), join(dir.path, 'f'), controller.signal), reason)
    assert.deepEqual(await readdir(dir.path), [])
  })

  it('keeps the permissions of an existing file, and a symlink to it', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'real'))
    await writeFile(join(dir.path, 'real', 'out'), 'a longer text than the new one')
    await chmod(join(dir.path, 'real', 'out'), 0o640)
    await symlink('real/out', join(dir.path, 'out'))
    await receiveStream(pieces('new'), join(dir.path, 'out'), never)
    assert.deepEqual(await treeOf(dir.path), {
      out: 'link -> real/out',
      real: 'dir 755',
      'real/out': 'file 640 "new"',
    })
  })

  it('removes what killed processes have left beside it, and nothing else', async () => {
    await using dir = await tempDir()
    const own = stagingName()
    const abandoned = own.replace(`-${process.pid}-`, `-${await deadPid()}-`)
    const reused = own.replace(
      /-(\d+)(-[0-9a-f]{16}-\d+)$/,
      (_, started, rest) => `-${Number(started) - 60}${rest}`,
    )
    const elsewhere = abandoned.replace(/client-[0-9a-f]{8}/, 'client-00000000')
    for (const name of [own, abandoned, reused, elsewhere, '.buildkit-client-notes'])
      await writeFile(join(dir.path, name), '')
    await receiveStream(pieces('x'), join(dir.path, 'out'), never)
    assert.deepEqual(
      (await readdir(dir.path)).sort(),
      ['out', own, elsewhere, '.buildkit-client-notes'].sort(),
    )
  })

  it('refuses a directory and a path in no directory before it reads the stream', async () => {
    await using dir = await tempDir()
    const unread = pieces('never')
    await assert.rejects(receiveStream(unread, dir.path, never), {
      code: 'EXPORT_FAILED',
      message: `cannot write ${dir.path}: expected the path of a file, got a directory`,
    })
    const nowhere = join(dir.path, 'missing', 'out')
    await assert.rejects(receiveStream(unread, nowhere, never), {
      code: 'EXPORT_FAILED',
      message: `cannot write ${nowhere}: expected a path in an existing directory, got one in no directory`,
    })
    await writeFile(join(dir.path, 'file'), '')
    await assert.rejects(receiveStream(unread, join(dir.path, 'file', 'out'), never), {
      code: 'EXPORT_FAILED',
      message: `cannot write ${join(dir.path, 'file', 'out')}: ENOTDIR: not a directory`,
    })
    assert.equal((await unread.next()).done, false)
  })

  it('names the file and the system error when it cannot be written', async () => {
    await using dir = await tempDir()
    const gone = join(dir.path, 'gone')
    await mkdir(gone)
    async function* removing(): AsyncGenerator<Buffer[]> {
      await rm(gone, { recursive: true })
      for (;;) yield [Buffer.from('endless')]
    }
    await assert.rejects(
      receiveStream(removing(), join(gone, 'out'), never),
      (error: { code: string; message: string; cause: { code: string } }) => {
        assert.equal(error.code, 'EXPORT_FAILED')
        assert.equal(error.message, `cannot write ${join(gone, 'out')}: ENOENT: no such file or directory`)
        assert.equal(error.cause.code, 'ENOENT')
        return true
      },
    )
  })

  it('lets the stream wait when the disk does not keep up', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'out')
    const begun = deferred()
    const go = deferred()
    let given = 0
    async function* endless(): AsyncGenerator<Buffer[]> {
      begun.resolve()
      await go.promise
      while (given++ < 32) yield [Buffer.alloc(1 << 20)]
    }
    const receiving = receiveStream(endless(), path, never)
    await begun.promise
    await using disk = await stallDisk(dir.path)
    go.resolve()
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(given >= 8 && given <= 9, `${given} MiB were taken with nothing written`)
    await disk.letGo()
    await receiving
    assert.equal((await stat(path)).size, 32 << 20)
  })
})

describe('receiveStream, into a device or a named pipe', () => {
  it('writes to a device without putting a file in its place', async () => {
    await receiveStream(pieces('nothing'), '/dev/null', never)
    assert.ok((await stat('/dev/null')).isCharacterDevice())
    await assert.rejects(
      receiveStream(pieces('too much'), '/dev/full', never),
      (error: { code: string; message: string; cause: { code: string } }) => {
        assert.equal(error.code, 'EXPORT_FAILED')
        assert.equal(error.message, 'cannot write /dev/full: ENOSPC: no space left on device')
        assert.equal(error.cause.code, 'ENOSPC')
        return true
      },
    )
    assert.ok((await stat('/dev/full')).isCharacterDevice())
  })

  it('writes to a named pipe, whose reader may come later', async () => {
    await using dir = await tempDir()
    const pipe = join(dir.path, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    const large = 'x'.repeat(1 << 20)
    const receiving = receiveStream(pieces(large, 'end'), pipe, never)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await text(createReadStream(pipe)), `${large}end`)
    await receiving
    assert.ok((await stat(pipe)).isFIFO())
  })

  it('waits for the reader of a named pipe until the signal', async () => {
    await using dir = await tempDir()
    const pipe = join(dir.path, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    const controller = new AbortController()
    const receiving = receiveStream(pieces('x'), pipe, controller.signal)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    const reason = new Error('cancelled')
    controller.abort(reason)
    await assert.rejects(receiving, (error) => error === reason || (error as Error).cause === reason)
  })

  it('does not wait for a socket, which has no readers', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'socket')
    const server = createServer().listen(path)
    await once(server, 'listening')
    await assert.rejects(receiveStream(pieces('x'), path, never), {
      code: 'EXPORT_FAILED',
      message: `cannot write ${path}: ENXIO: no such device or address`,
    })
    server.close()
  })

  it('adds to an open descriptor, by any path to it, where that is a file', async () => {
    await using dir = await tempDir()
    await using file = await open(join(dir.path, 'log'), 'w')
    await file.write('before ')
    await symlink(`/proc/self/fd/${file.fd}`, join(dir.path, 'link'))
    await receiveStream(pieces('one '), `/dev/fd/${file.fd}`, never)
    await receiveStream(pieces('two '), join(dir.path, 'link'), never)
    await receiveStream(pieces('three'), `/proc/${process.pid}/fd/${file.fd}`, never)
    assert.equal(await readFile(join(dir.path, 'log'), 'utf8'), 'before one two three')
    assert.equal((await file.stat()).nlink, 1, 'the file has kept its name')
  })
})

describe('receiveStream, into a Writable', () => {
  it('ends it and waits for its end', async () => {
    const written: string[] = []
    let finish = () => {}
    const output = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk))
        done()
      },
      final(done) {
        finish = done
      },
    })
    let done = false
    const receiving = receiveStream(pieces('one', 'two'), output, never).then(() => {
      done = true
    })
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(written, ['one', 'two'])
    assert.equal(done, false)
    finish()
    await receiving
    assert.ok(output.writableFinished)
  })

  it('lets the stream wait while the Writable is full', async () => {
    const output = new PassThrough({ highWaterMark: 10 })
    let given = 0
    async function* counted(): AsyncGenerator<Buffer[]> {
      for (; given < 100; given++) yield [Buffer.from('123456')]
    }
    const receiving = receiveStream(counted(), output, never)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(given < 6, `${given} pieces were taken`)
    assert.equal(await text(output), '123456'.repeat(100))
    await receiving
  })

  it('destroys it with the error of the stream, which is thrown as it is', async () => {
    const output = new PassThrough().resume()
    const error = new Error('the daemon is gone')
    const closed = once(output, 'error')
    await assert.rejects(receiveStream(broken(error, 'half'), output, never), (thrown) => thrown === error)
    assert.deepEqual(await closed, [error])
    assert.ok(output.destroyed)
  })

  it('fails with the error of the Writable as the cause, and lets go of the stream', async () => {
    const cause = new Error('the pipe is broken')
    const output = new Writable({ write: (_chunk, _encoding, done) => done(cause) })
    let released = false
    async function* endless(): AsyncGenerator<Buffer[]> {
      try {
        for (;;) yield [Buffer.from('more')]
      } finally {
        released = true
      }
    }
    await assert.rejects(
      receiveStream(endless(), output, never),
      (error: { code: string; message: string; cause: unknown }) => {
        assert.equal(error.code, 'EXPORT_FAILED')
        assert.equal(error.message, 'cannot write the output: the pipe is broken')
        assert.equal(error.cause, cause)
        return true
      },
    )
    assert.ok(released)
  })

  it('fails with a Writable that is over already', async () => {
    const ended = new PassThrough().resume()
    ended.end()
    await once(ended, 'close')
    const destroyed = new PassThrough()
    destroyed.destroy()
    for (const output of [ended, destroyed]) {
      await assert.rejects(receiveStream(pieces('x'), output, never), {
        code: 'EXPORT_FAILED',
        message: 'cannot write the output: it is over already',
      })
    }
  })

  it('stops waiting for a Writable when the call is cancelled, and destroys it', async () => {
    const output = new Writable({ write: () => {} })
    const controller = new AbortController()
    const reason = new Error('cancelled')
    const receiving = receiveStream(pieces('x'.repeat(100_000), 'y'), output, controller.signal)
    controller.abort(reason)
    await assert.rejects(receiving, (error) => error === reason)
    assert.ok(output.destroyed)
  })
})
