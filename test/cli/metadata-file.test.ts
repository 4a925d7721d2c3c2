import assert from 'node:assert/strict'
import { mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkMetadataFile, metadataJson, writeMetadataFile } from '../../src/cli/metadata-file.ts'
import { tempDir } from '../support/temp.ts'
import { treeOf } from '../support/tree.ts'

const never = new AbortController().signal

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('metadataJson', () => {
  it('decodes base64 of objects, leaves everything else, and orders the keys', () => {
    const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 7 }
    const response = {
      'image.name': 'a:1',
      'containerimage.digest': 'sha256:d',
      'containerimage.descriptor': base64(JSON.stringify(descriptor)),
      'cache.manifest': '{"a":1}',
      array: base64('[1]'),
      empty: base64('{}'),
      nothing: '',
      number: base64('1234'),
      text: base64('{not json'),
      unpadded: base64('{"a":1}').replace(/=+$/, ''),
    }
    const text = metadataJson(response)
    assert.deepEqual(JSON.parse(text), { ...response, 'containerimage.descriptor': descriptor })
    assert.deepEqual(Object.keys(JSON.parse(text)), Object.keys(response).sort())
    assert.ok(text.startsWith('{\n  "array"') && text.endsWith('}\n'))
  })
})

describe('writeMetadataFile', () => {
  it('replaces an older file as a whole and leaves nothing else behind', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'metadata.json')
    await writeFile(path, 'x'.repeat(10_000))
    await writeMetadataFile(path, { 'containerimage.digest': 'sha256:d' }, never)
    assert.equal(await readFile(path, 'utf8'), '{\n  "containerimage.digest": "sha256:d"\n}\n')
    assert.deepEqual(await readdir(dir.path), ['metadata.json'])
  })

  it('says that the build is done when it cannot write, and leaves no temporary file', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'taken')
    await mkdir(path)
    await assert.rejects(writeMetadataFile(path, {}, never), {
      code: 'EXPORT_FAILED',
      message:
        /^the build is done, but --metadata-file cannot be written: got cannot write .*: expected the path of a file, got a directory$/,
    })
    assert.deepEqual(await readdir(dir.path), ['taken'])
  })

  it('writes through a link and keeps the mode of what it leads to', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'real'), 'before', { mode: 0o640 })
    await symlink('real', join(dir.path, 'link'))
    await writeMetadataFile(join(dir.path, 'link'), {}, never)
    assert.deepEqual(await treeOf(dir.path), { link: 'link -> real', real: String.raw`file 640 "{}\n"` })
  })

  it('leaves a device and an open descriptor what they are', async () => {
    await using dir = await tempDir()
    await checkMetadataFile('/dev/null')
    await writeMetadataFile('/dev/null', {}, never)
    assert.ok((await stat('/dev/null')).isCharacterDevice())
    await using file = await open(join(dir.path, 'out'), 'w')
    await file.write('digest\n')
    await checkMetadataFile(`/dev/fd/${file.fd}`)
    await writeMetadataFile(`/dev/fd/${file.fd}`, {}, never)
    assert.equal(await readFile(join(dir.path, 'out'), 'utf8'), 'digest\n{}\n')
  })
})

describe('checkMetadataFile', () => {
  it('accepts a new name and an existing file', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'old'), '')
    await checkMetadataFile(join(dir.path, 'old'))
    await checkMetadataFile(join(dir.path, 'new'))
  })

  it('refuses what cannot become a file', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'file'), '')
    const refused = (path: string, message: string) =>
      assert.rejects(checkMetadataFile(path), {
        code: 'INVALID_OPTION',
        message: `option --metadata-file cannot be used: expected ${message}`,
      })
    await refused(dir.path, `a file, got ${JSON.stringify(dir.path)}`)
    const missing = join(dir.path, 'no', 'm.json')
    await refused(missing, `a file in a writable directory, got ${JSON.stringify(`${missing} (ENOENT)`)}`)
    const below = join(dir.path, 'file', 'm.json')
    await refused(below, `a file in a directory, got ${JSON.stringify(below)}`)
  })
})
