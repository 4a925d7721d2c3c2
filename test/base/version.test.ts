import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { version } from '../../src/base/version.ts'

it('the version is that of package.json', async () => {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  assert.equal(version, JSON.parse(text).version)
})
