import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOptions } from '../../../src/solve/options/check.ts'
import type { SolveOptions } from '../../../src/solve/options/options.ts'

const definition = new Uint8Array()
const { signal } = new AbortController()

async function refuses(options: SolveOptions, fields: Record<string, unknown>): Promise<void> {
  await assert.rejects(checkOptions({ definition, ...options }, signal), fields)
}

async function takes(options: SolveOptions): Promise<void> {
  await checkOptions({ definition, ...options }, signal)
}

const image = (attrs: Record<string, string>): SolveOptions => ({ exports: [{ type: 'image', attrs }] })

describe('an image that is to be pushed', () => {
  it('is refused without a name: it would be pushed nowhere', async () => {
    const fields = { code: 'INVALID_OPTION', subject: 'exports[0].attrs.name' }
    await refuses(image({ push: 'true' }), { ...fields, received: 'nothing' })
    await refuses(image({ push: '', name: '' }), fields)
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

describe('an attribute of an export', () => {
  it('is refused where it would push nothing', async () => {
    await refuses(image({ 'push-by-digest': 'true', name: 'a' }), {
      code: 'INVALID_OPTION',
      subject: 'exports[0].attrs.push-by-digest',
      advice: 'Add push: "true"',
    })
  })

  it('is a boolean as the daemon reads it', async () => {
    for (const push of ['yes', 'tRue', ' 1', 'no'])
      await refuses(image({ push, name: 'a' }), { code: 'INVALID_OPTION', subject: 'exports[0].attrs.push' })
    for (const push of ['', '1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'])
      await takes(image({ push, name: 'a' }))
  })

  it('is a mode that the daemon knows', async () => {
    const local = (mode: string): SolveOptions => ({
      exports: [{ type: 'local', outputDir: 'out', attrs: { mode } }],
    })
    await refuses(local('replace'), {
      code: 'INVALID_OPTION',
      subject: 'exports[0].attrs.mode',
      expected: 'copy or delete',
    })
    for (const mode of ['', 'copy', 'Delete', ' delete ']) await takes(local(mode))
  })
})

describe('a type of export', () => {
  const other = (type: unknown, more: object = {}) => ({ exports: [{ type, ...more }] }) as SolveOptions

  it('may be one that only a newer daemon knows, with or without a target', async () => {
    await takes(other('erofs'))
    await takes(other('erofs', { output: 'erofs.img' }))
    await takes(other('files-of-tomorrow', { outputDir: 'out' }))
  })

  it('is refused where it looks like a slip, and where it is none', async () => {
    for (const [type, meant] of [
      ['imgae', 'image'],
      ['Local', 'local'],
      ['dockr', 'docker'],
    ])
      await refuses(other(type), {
        code: 'INVALID_OPTION',
        subject: 'exports[0].type',
        advice: `Did you mean ${meant}?`,
      })
    for (const type of ['', 5, null, undefined])
      await refuses(other(type), { code: 'INVALID_OPTION', subject: 'exports[0].type' })
  })
})

describe('an entitlement', () => {
  it('is one that a daemon knows', async () => {
    await takes({
      entitlements: ['network.host', 'security.insecure', 'device', 'device=vendor.example/gpu'],
    })
    await refuses(
      // @ts-expect-error The types refuse it as well.
      { entitlements: ['network.host', 'network-host'] },
      { code: 'INVALID_OPTION', subject: 'entitlements[1]', advice: 'Did you mean network.host?' },
    )
    await refuses({ entitlements: ['device='] }, { code: 'INVALID_OPTION', received: '"device="' })
  })
})

describe('a definition', () => {
  it('is the bytes of one, with operations, or empty', async () => {
    const refused = { code: 'INVALID_OPTION', subject: 'definition' }
    await refuses({ definition: Buffer.from('FROM scratch') }, refused)
    await refuses({ definition: Buffer.from('hello') }, refused)
    await refuses({ definition: Buffer.from([0x0a, 0]) }, refused)
    await refuses({ definition: Buffer.from([0x0a, 5, 1]) }, refused)
    await refuses({ definition: 'text' as never }, { ...refused, received: '"text"' })
    await takes({ definition: Buffer.from([0x0a, 1, 8]) })
    await takes({ definition: new Uint8Array() })
  })
})

describe('the keys of the Dockerfile frontend', () => {
  const options = (localDirs: SolveOptions['localDirs']): SolveOptions => ({
    definition: undefined,
    frontend: 'dockerfile.v0',
    frontendAttrs: { contextkey: 'src', dockerfilekey: 'recipe' },
    localDirs,
  })

  it('name the directories that are wanted', async () => {
    await takes(options({ context: {}, recipe: { Dockerfile: '' } }))
    // As frontends before BuildKit v0.12 have it.
    await takes(options({ src: {}, recipe: { Dockerfile: '' } }))
    await refuses(options({ recipe: { Dockerfile: '' } }), { subject: 'localDirs.context' })
    await refuses(options({ context: {}, dockerfile: { Dockerfile: '' } }), { subject: 'localDirs.recipe' })
    const remote = { contextkey: 'src', src: 'https://git.example/x.git' }
    await takes({ ...options({}), frontendAttrs: remote })
    await refuses(
      { ...options({}), frontendAttrs: { context: remote.src, contextkey: 'src' } },
      {
        subject: 'localDirs.dockerfile',
      },
    )
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
