import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOptions } from '../../../src/solve/options/check.ts'
import type { SolveOptions } from '../../../src/solve/options/options.ts'

const definition = new Uint8Array()

async function refuses(options: SolveOptions, fields: Record<string, unknown>): Promise<void> {
  await assert.rejects(checkOptions({ definition, ...options }), fields)
}

async function takes(options: SolveOptions): Promise<void> {
  await checkOptions({ definition, ...options })
}

const image = (attrs: Record<string, string>): SolveOptions => ({ exports: [{ type: 'image', attrs }] })

describe('an image that is to be pushed', () => {
  it('is refused without a name: it would be pushed nowhere', async () => {
    const fields = { code: 'INVALID_OPTION', subject: 'exports[0].attrs.name' }
    await refuses(image({ push: 'true' }), { ...fields, received: 'nothing' })
    await refuses(image({ push: '', name: '' }), fields)
    await refuses(image({ 'push-by-digest': 'true' }), fields)
  })

  it('is taken under a name, a prefix, or the name of the frontend', async () => {
    await takes(image({ push: 'true', name: 'registry.example/a,registry.example/b:1' }))
    await takes(image({ push: 'true', 'push-by-digest': 'true', name: 'registry.example/a' }))
    await takes(image({ push: 'true', 'dangling-name-prefix': 'registry.example/a' }))
    await takes(image({ push: 'true', name: '*' }))
  })
})

describe('an image that is not to be pushed', () => {
  it('is taken without a name', async () => {
    await takes(image({}))
    await takes(image({ push: 'false', 'push-by-digest': '0' }))
  })
})

describe('a cache of type local', () => {
  it('is refused, with those that there are', async () => {
    const fields = { code: 'UNSUPPORTED', advice: 'Use registry, inline, gha, s3 or azblob' }
    const inline = { type: 'inline' }
    const local = { type: 'local', attrs: { dest: 'cache' } }
    await refuses({ cacheExports: [inline, local] }, { ...fields, subject: 'cacheExports[1].type' })
    await refuses({ cacheImports: [local] }, { ...fields, subject: 'cacheImports[0].type' })
    await takes({ cacheExports: [inline], cacheImports: [{ type: 'registry', attrs: { ref: 'a' } }] })
  })
})

describe('a local directory', () => {
  const localDir = (dir: unknown) => ({ localDirs: { c: dir } }) as SolveOptions

  it('is a path or files, and nothing else', async () => {
    for (const dir of [5, null, ['a']])
      await refuses(localDir(dir), { code: 'INVALID_OPTION', subject: 'localDirs.c' })
  })

  it('has files of text or bytes, and no directories that are objects', async () => {
    const fields = { code: 'INVALID_OPTION', subject: 'localDirs.c["a/b"]' }
    await refuses(localDir({ 'a/b': 5 }), { ...fields, received: '5' })
    await refuses(localDir({ 'a/b': { c: '' } }), { ...fields, received: 'an object' })
    await takes(localDir({ 'a/b': '', c: new Uint8Array(1) }))
  })
})
