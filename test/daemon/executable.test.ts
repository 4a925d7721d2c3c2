import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { findExecutable } from '../../src/daemon/executable.ts'
import { tempDir } from '../support/temp.ts'

test('the first executable file on PATH is found, and nothing else', async () => {
  await using dir = await tempDir()
  const at = (...names: string[]) => join(dir.path, ...names)
  for (const folder of ['plain', 'folder', 'first', 'second']) await mkdir(at(folder))
  await writeFile(at('plain', 'tool'), '', { mode: 0o644 })
  await mkdir(at('folder', 'tool'))
  await writeFile(at('second', 'tool'), '', { mode: 0o755 })
  await symlink('../second/tool', at('first', 'tool'))
  const path = [at('missing'), at('plain'), at('folder'), at('first'), at('second')].join(':')
  assert.equal(await findExecutable('tool', path), at('first', 'tool'))
  assert.equal(await findExecutable('other', path), undefined)
  assert.equal(await findExecutable('tool', undefined), undefined)
})

test('a relative or empty entry of PATH is passed over', async () => {
  const [script] = ['bin/sh']
  assert.equal(await findExecutable(script, ''), undefined)
  assert.equal(await findExecutable(script, ':.:../..:../../..'), undefined)
  assert.equal(await findExecutable(script, ':/'), '/bin/sh')
})
