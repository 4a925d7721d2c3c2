import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, symlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedKeyOf } from '../../../src/solve/options/shared-key.ts'
import { tempDir } from '../../support/temp.ts'

const { signal } = new AbortController()
const hashed = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)

test('the default shared key tells directories, and machines, apart', async () => {
  await using temp = await tempDir()
  const dir = temp.path
  const context = join(dir, 'my context')
  await mkdir(context)
  await symlink(context, join(dir, 'link'))
  const key = `my%20context:${hashed(`${hostname()}\0${context}`)}`
  assert.equal(await sharedKeyOf({ localDirs: { context } }, signal), key)
  assert.equal(await sharedKeyOf({ localDirs: { context: join(dir, 'link') } }, signal), key)
  assert.equal(
    await sharedKeyOf({ localDirs: { a: dir, src: context }, frontendAttrs: { contextkey: 'src' } }, signal),
    key,
  )
})

test('files that are no directory have no shared key', async () => {
  assert.equal(await sharedKeyOf({ localDirs: { context: {} } }, signal), '')
  assert.equal(await sharedKeyOf({}, signal), '')
})
