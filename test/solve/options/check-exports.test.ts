import assert from 'node:assert/strict'
import { relative } from 'node:path'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { checkExports } from '../../../src/solve/options/check-exports.ts'
import type { Export } from '../../../src/solve/options/options.ts'

/** Exports as a program without types gives them. */
function refuses(exports: readonly object[], fields: Record<string, unknown>): void {
  assert.throws(() => checkExports(exports as Export[]), { code: 'INVALID_OPTION', ...fields }, show(exports))
}

function takes(...exports: object[]): void {
  assert.doesNotThrow(() => checkExports(exports as Export[]), show(exports))
}

const show = (exports: readonly object[]) => exports.map((one) => Object.entries(one).join()).join(' and ')
const stream = () => new Writable({ write: (_chunk, _encoding, done) => done() })

describe('the target of an export', () => {
  it('is a directory for local, by its path', () => {
    takes({ type: 'local', outputDir: 'out' })
    for (const outputDir of [undefined, '', 7, null])
      refuses([{ type: 'local', outputDir }], {
        subject: 'exports[0].outputDir',
        expected: 'the path of a directory',
      })
  })

  it('is a stream for tar, oci and docker: a path, a Writable, or a function', () => {
    for (const type of ['tar', 'oci', 'docker']) {
      for (const output of ['out.tar', stream(), () => stream()]) takes({ type, output })
      for (const output of [undefined, '', 7, null, {}, { write() {} }, { end() {} }])
        refuses([{ type, output }], {
          subject: 'exports[0].output',
          expected: 'the path of a file, a Writable, or a function that returns one',
        })
    }
  })

  it('is none for what goes elsewhere, and not one of the other kind', () => {
    const expected = 'none for this type of export'
    refuses([{ type: 'image', outputDir: 'out' }], { subject: 'exports[0].outputDir', expected })
    refuses([{ type: 'image', output: 'out' }], { subject: 'exports[0].output', expected })
    refuses([{ type: 'oci', output: 'out', outputDir: 'out' }], {
      subject: 'exports[0].outputDir',
      expected,
    })
    refuses([{ type: 'local', outputDir: 'out', output: 'out' }], { subject: 'exports[0].output', expected })
  })

  it('is one stream, not a content store', () => {
    takes({ type: 'oci', output: 'out', attrs: { tar: 'true' } })
    takes({ type: 'oci', output: 'out', attrs: {} })
    takes({ type: 'local', outputDir: 'out', attrs: { tar: 'false' } })
    refuses([{ type: 'oci', output: 'out', attrs: { tar: 'false' } }], {
      subject: 'exports[0].attrs.tar',
      advice: 'Exports into a content store are not supported yet',
    })
  })

  it('differs from those of the others, however its path is written', () => {
    const output = stream()
    const given = () => output
    takes({ type: 'tar', output: 'a' }, { type: 'tar', output: 'b' }, { type: 'image' }, { type: 'image' })
    takes({ type: 'tar', output: given }, { type: 'tar', output: given })
    for (const [one, other] of [
      [
        { type: 'tar', output: 'a' },
        { type: 'oci', output: './x/../a' },
      ],
      [
        { type: 'local', outputDir: 'a' },
        { type: 'local', outputDir: `${relative('/x', '/x/a')}/` },
      ],
      [
        { type: 'tar', output },
        { type: 'oci', output },
      ],
    ] as const)
      refuses([{ type: 'image' }, one, other], {
        subject: 'exports[2]',
        expected: 'a target of its own',
        received: /the target of exports\[1\]/,
      })
  })
})

describe('the attributes of an export', () => {
  it('are booleans as the daemon reads them, where they push', () => {
    takes(
      { type: 'image', attrs: { push: '', name: 'me/app' } },
      { type: 'tar', output: 'a', attrs: { push: 'maybe' } },
    )
    refuses([{ type: 'image', attrs: { push: 'maybe' } }], { subject: 'exports[0].attrs.push' })
  })

  it('name a mode that the daemon knows, for local only', () => {
    takes({ type: 'local', outputDir: 'a', attrs: { mode: 'delete' } })
    takes({ type: 'tar', output: 'a', attrs: { mode: 'mirror' } })
    refuses([{ type: 'local', outputDir: 'a', attrs: { mode: 'mirror' } }], {
      subject: 'exports[0].attrs.mode',
    })
  })

  it('name images by references, and nothing else', () => {
    takes({ type: 'oci', output: 'a', attrs: { name: 'me/app:1,other/app' } })
    takes({ type: 'image', attrs: { name: '*' } })
    takes({ type: 'tar', output: 'a', attrs: { name: 'No Reference' } })
    refuses([{ type: 'image', attrs: { name: 'No Reference' } }], { subject: 'exports[0].attrs.name' })
  })
})
