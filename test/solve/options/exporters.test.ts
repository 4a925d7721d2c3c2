import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forEngine } from '../../../src/cli/solve-options.ts'
import { exportsOfEach, pushedNames } from '../../../src/platforms/shared-exports.ts'
import { checkExports } from '../../../src/solve/options/check-exports.ts'
import {
  exporterOf,
  exporterTypes,
  isKeptImage,
  isPush,
  isPushByDigest,
  localMode,
} from '../../../src/solve/options/exporters.ts'
import type { Export } from '../../../src/solve/options/options.ts'

const image = (attrs: Record<string, string>): Export => ({ type: 'image', attrs })

describe('a push', () => {
  const truths = ['', '1', 't', 'T', 'TRUE', 'true', 'True']
  const falsehoods = [undefined, '0', 'f', 'F', 'FALSE', 'false', 'False']
  const withPush = (push: string | undefined) =>
    image({ name: 'r.example/a:1', ...(push !== undefined && { push }) })

  for (const push of truths)
    it(`is one everywhere with push ${JSON.stringify(push)}`, () => {
      const entry = withPush(push)
      assert.ok(isPush(entry))
      assert.ok(!isKeptImage(entry))
      assert.throws(() => checkExports([image({ push })]), { subject: 'exports[0].attrs.name' })
      assert.deepEqual(forEngine([entry]), [entry])
      assert.deepEqual(pushedNames([entry]), ['r.example/a:1'])
      const [ofEach] = exportsOfEach([entry])
      assert.ok(isPushByDigest(ofEach!))
      assert.equal(ofEach!.attrs?.name, 'r.example/a')
    })

  for (const push of falsehoods)
    it(`is none anywhere with push ${JSON.stringify(push)}`, () => {
      const entry = withPush(push)
      assert.ok(!isPush(entry))
      assert.ok(isKeptImage(entry))
      checkExports([image(push === undefined ? {} : { push })])
      assert.equal(forEngine([entry])[0]!.type, 'moby')
      assert.deepEqual(pushedNames([entry]), [])
      assert.deepEqual(exportsOfEach([entry]), [entry])
    })

  it('is none of a type that cannot push', () => {
    assert.ok(!isPush({ type: 'oci', output: 'x', attrs: { push: 'true' } }))
  })
})

describe('exporters', () => {
  it('send files, a stream or nothing', () => {
    const sends = exporterTypes.map((type) => [type, exporterOf({ type }).sends])
    assert.deepEqual(Object.fromEntries(sends), {
      image: 'nothing',
      moby: 'nothing',
      local: 'directory',
      tar: 'stream',
      oci: 'stream',
      docker: 'stream',
    })
  })

  it('of an unknown type send what the export has a target for', () => {
    assert.equal(exporterOf({ type: 'new' }).sends, 'nothing')
    assert.equal(exporterOf({ type: 'new', output: 'x' }).sends, 'stream')
    assert.equal(exporterOf({ type: 'new', outputDir: 'x' }).sends, 'directory')
    assert.equal(exporterOf({ type: 'toString' }).sends, 'nothing')
  })

  it('of files have a mode, read as the daemon does', () => {
    const mode = (mode: string) => localMode({ type: 'local', outputDir: 'x', attrs: { mode } })
    assert.deepEqual(['', 'copy', ' COPY', 'Delete', 'x'].map(mode), [
      'copy',
      'copy',
      'copy',
      'delete',
      undefined,
    ])
  })
})
