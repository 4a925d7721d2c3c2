import assert from 'node:assert/strict'
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openRoot } from '../../../src/fsutil/receive/confined-directory.ts'
import { tempDir } from '../../support/temp.ts'
import { treeOf } from '../../support/tree.ts'

/** By open descriptors where the system has them, and by paths, as everywhere else. */
const ways = { descriptors: '/proc/self/fd', paths: '/nowhere/fd' }

for (const [way, descriptors] of Object.entries(ways)) {
  describe(`ConfinedDirectory, by ${way}`, () => {
    it('makes, lists, renames and removes below the root', async () => {
      await using dir = await tempDir()
      const root = await openRoot(join(dir.path, 'new', 'root'), descriptors)
      const inner = await root.make('inner')
      await inner.symlink('link', 'a target', 0n)
      await writeFile(inner.pathOf('staged'), 'text', { mode: 0o644 })
      await inner.rename(inner.pathOf('staged'), 'file')
      await inner.link('again', inner, 'file')
      await inner.setAttributes({ mode: 0o750 })
      assert.deepEqual((await inner.names()).sort(), ['again', 'file', 'link'])
      assert.deepEqual(await treeOf(join(dir.path, 'new', 'root')), {
        inner: 'dir 750',
        'inner/again': 'file 644 "text"',
        'inner/file': 'file 644 "text"',
        'inner/link': 'link -> a target',
      })
      await inner.release()
      await root.remove('inner')
      assert.deepEqual(await root.names(), [])
      await root.release()
    })

    it('takes a root that is a symlink', async () => {
      await using dir = await tempDir()
      await mkdir(join(dir.path, 'real'))
      await symlink('real', join(dir.path, 'link'))
      const root = await openRoot(join(dir.path, 'link'), descriptors)
      await (await root.make('made')).release()
      await root.release()
      assert.deepEqual(await readdir(join(dir.path, 'real')), ['made'])
    })

    it('opens no symlink, no file and nothing that is not there', async () => {
      await using dir = await tempDir()
      await using outside = await tempDir()
      await writeFile(join(dir.path, 'file'), '')
      await symlink(outside.path, join(dir.path, 'link'))
      const root = await openRoot(dir.path, descriptors)
      for (const name of ['link', 'file', 'missing']) {
        await assert.rejects(root.open(name), { code: 'UNSAFE_PATH', subject: name })
      }
      await root.release()
    })

    it('makes a directory in place of a symlink', async () => {
      await using dir = await tempDir()
      await using outside = await tempDir()
      await symlink(outside.path, join(dir.path, 'link'))
      const root = await openRoot(dir.path, descriptors)
      const made = await root.make('link')
      await (await made.make('in')).release()
      await made.release()
      await root.release()
      assert.deepEqual(await treeOf(dir.path), { link: 'dir 700', 'link/in': 'dir 700' })
      assert.deepEqual(await readdir(outside.path), [])
    })

    it('removes a symlink and not what it leads to', async () => {
      await using dir = await tempDir()
      await using outside = await tempDir()
      await writeFile(join(outside.path, 'precious'), '')
      await mkdir(join(dir.path, 'd'))
      await symlink(outside.path, join(dir.path, 'd', 'link'))
      const root = await openRoot(dir.path, descriptors)
      await root.remove('d')
      await root.release()
      assert.deepEqual(await readdir(dir.path), [])
      assert.deepEqual(await readdir(outside.path), ['precious'])
    })

    it('makes no hard link of a symlink', async () => {
      await using dir = await tempDir()
      await symlink('/etc/hostname', join(dir.path, 'link'))
      const root = await openRoot(dir.path, descriptors)
      await assert.rejects(root.link('hard', root, 'link'), { code: 'UNSAFE_PATH', subject: 'link' })
      await root.release()
      assert.deepEqual(await readdir(dir.path), ['link'])
    })
  })
}

describe('ConfinedDirectory, by descriptors', () => {
  it('stays the directory that it was when it is moved and a symlink takes its place', async () => {
    await using dir = await tempDir()
    await using outside = await tempDir()
    const root = await openRoot(dir.path)
    const inner = await root.make('inner')
    await rename(join(dir.path, 'inner'), join(dir.path, 'moved'))
    await symlink(outside.path, join(dir.path, 'inner'))
    await inner.symlink('made', 'x', 0n)
    await (await inner.make('d')).release()
    await inner.release()
    await root.release()
    assert.deepEqual(await readdir(outside.path), [])
    assert.deepEqual((await readdir(join(dir.path, 'moved'))).sort(), ['d', 'made'])
  })
})
