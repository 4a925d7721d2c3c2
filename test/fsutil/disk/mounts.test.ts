import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isOnOneOf, remoteMounts } from '../../../src/fsutil/disk/mounts.ts'
import { tempDir } from '../../support/temp.ts'

test('mounts that somebody else answers for are read from the table, with their odd names', () => {
  const table = [
    '22 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/a - nfs',
    '23 22 0:21 / /proc rw - proc proc rw',
    '30 22 0:30 / /home/me/net rw,relatime shared:1 master:2 - nfs4 server:/export rw',
    '31 22 0:31 / /mnt/with\\040space\\134 rw - fuse.sshfs me@there: rw',
    '32 22 0:32 / /mnt/c rw - 9p drvfs rw',
    '33 22 0:33 / /local rw - fuse.fuse-overlayfs fuse-overlayfs rw',
    '34 22 0:34 / /ntfs rw - fuseblk /dev/sda1 rw',
    '35 22 0:35 / /auto rw - autofs systemd-1 rw',
    '',
  ].join('\n')
  assert.deepEqual(remoteMounts(table), ['/home/me/net', '/mnt/with space\\', '/mnt/c', '/auto'])
})

const mounts = ['/net/a']
for (const [path, expected] of [
  ['/net/a', true],
  ['/net/a/b/c', true],
  ['/net', true],
  ['/', true],
  ['/net/ab', false],
  ['/net/b', false],
  ['/net/a/../b', false],
] as const)
  test(`${path} is ${expected ? '' : 'not '}on a mount at /net/a, or has it inside`, () => {
    assert.equal(isOnOneOf(mounts, path), expected)
  })

test('links are followed to a mount, one after the other, and in a circle to none', async () => {
  await using dir = await tempDir()
  mkdirSync(join(dir.path, 'real'))
  symlinkSync('/net', join(dir.path, 'real/net'))
  symlinkSync('real/net', join(dir.path, 'link'))
  symlinkSync('circle', join(dir.path, 'circle'))
  assert.equal(isOnOneOf(mounts, join(dir.path, 'link/a/src')), true)
  assert.equal(isOnOneOf(mounts, join(dir.path, 'link/b')), false)
  assert.equal(isOnOneOf(mounts, join(dir.path, 'circle/x')), false)
})
