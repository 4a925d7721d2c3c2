import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { deferred } from '../../../src/base/deferred.ts'
import { Backlog } from '../../../src/fsutil/receive/backlog.ts'
import { Monitor } from '../../../src/fsutil/receive/monitor.ts'
import { StagedFile } from '../../../src/fsutil/receive/staged-file.ts'
import { tempDir } from '../../support/temp.ts'

const backlog = () => new Backlog(new Monitor())
const fail = (error: unknown) => assert.fail(error as Error)

describe('StagedFile', () => {
  it('does not become complete after a write has failed, even if it could be written by now', async () => {
    await using dir = await tempDir()
    const failure = deferred<unknown>()
    const path = join(dir.path, 'missing', 'staged')
    const file = new StagedFile(path, { mode: 0o600, backlog: backlog(), onFailure: failure.resolve })
    file.append(Buffer.from('lost'))
    const error = (await failure.promise) as { code: string }
    assert.equal(error.code, 'ENOENT')
    await mkdir(join(dir.path, 'missing'))
    await assert.rejects(file.complete({}), (thrown) => thrown === error)
    await file.discard()
    assert.deepEqual(await readdir(join(dir.path, 'missing')), [])
  })

  it('writes to no file that is there already', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'taken')
    await writeFile(path, 'mine')
    const file = new StagedFile(path, { mode: 0o600, backlog: backlog(), onFailure: fail })
    await assert.rejects(file.complete({}), { code: 'EEXIST' })
    await file.discard()
    assert.equal(await readFile(path, 'utf8'), 'mine')
  })

  it('keeps no large buffer for a little of it', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'staged')
    const file = new StagedFile(path, { mode: 0o600, backlog: backlog(), onFailure: fail })
    const large = Buffer.alloc(64 << 10, 'a')
    file.append(large.subarray(0, 10))
    // Whoever still has the buffer would see this.
    large.fill('b')
    await file.complete({})
    assert.equal(await readFile(path, 'utf8'), 'a'.repeat(10))
  })

  it('writes the first bytes at once and gathers the others, until it is complete', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'staged')
    const monitor = new Monitor()
    let written = 0
    const backlog = Object.assign(new Backlog(monitor), {
      remove: (bytes: number) => {
        written += bytes
        monitor.changed()
      },
    })
    const file = new StagedFile(path, { mode: 0o600, backlog, gatherBytes: 1000, onFailure: fail })
    file.append(Buffer.from('first'))
    await monitor.until(() => written > 0)
    assert.equal(await readFile(path, 'utf8'), 'first')
    file.append(Buffer.alloc(999, 'a'))
    file.append(Buffer.alloc(1, 'b'))
    const before = written
    await monitor.until(() => written > before)
    const gathered = `first${'a'.repeat(999)}b`
    assert.equal(await readFile(path, 'utf8'), gathered)
    file.append(Buffer.from('last'))
    await file.complete({})
    assert.equal(await readFile(path, 'utf8'), `${gathered}last`)
  })

  it('is not created before its first bytes, and not at all when it is discarded', async () => {
    await using dir = await tempDir()
    const file = new StagedFile(join(dir.path, 'staged'), {
      mode: 0o600,
      backlog: backlog(),
      onFailure: fail,
    })
    assert.deepEqual(await readdir(dir.path), [])
    await file.discard()
    assert.deepEqual(await readdir(dir.path), [])
  })
})
