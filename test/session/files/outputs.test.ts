import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import type { BuildkitError } from '../../../src/base/errors.ts'
import { ownOutputs, useOutput } from '../../../src/session/files/outputs.ts'

describe('ownOutputs', () => {
  it('passes on the failure of a stream that is not written to yet, and keeps it from the process', async () => {
    const stream = new PassThrough()
    const failures: BuildkitError[] = []
    const owned = ownOutputs(
      [
        { output: stream },
        { output: 'a path' },
        { output: () => stream },
        null,
        7,
        { output: { write() {}, end() {} } },
      ],
      (error) => failures.push(error),
    )
    stream.destroy(Object.assign(new Error('ENOENT: no such file, open'), { code: 'ENOENT' }))
    await new Promise((resolve) => stream.once('close', resolve))
    assert.deepEqual(
      failures.map(({ code, message }) => [code, message]),
      [['EXPORT_FAILED', 'cannot write the output: ENOENT: no such file']],
    )
    owned[Symbol.dispose]()
  })

  it('passes on a failure from before', async () => {
    const stream = new PassThrough()
    stream.on('error', () => {})
    stream.destroy(new Error('early'))
    await new Promise((resolve) => stream.once('close', resolve))
    const failures: BuildkitError[] = []
    ownOutputs([{ output: stream }], (error) => failures.push(error))[Symbol.dispose]()
    assert.equal(failures[0]!.message, 'cannot write the output: early')
  })

  it('destroys at the end what was not written to, with the last of its owners', () => {
    const [unused, written] = [new PassThrough(), new PassThrough()]
    const outer = ownOutputs([{ output: unused }, { output: written }], assert.fail)
    const inner = ownOutputs([{ output: unused }, { output: unused }, { output: written }], assert.fail)
    useOutput(written)
    inner[Symbol.dispose]()
    assert.equal(unused.destroyed, false)
    outer[Symbol.dispose]()
    assert.equal(unused.destroyed, true)
    assert.equal(written.destroyed, false)
    assert.equal(written.listenerCount('error'), 0)
  })

  it('takes anything for exports', () => {
    for (const exports of [undefined, null, 'tar', {}, [undefined]])
      ownOutputs(exports, assert.fail)[Symbol.dispose]()
  })

  it('lets a stream be written to once', () => {
    const stream = new PassThrough()
    useOutput(stream)
    assert.throws(() => useOutput(stream), { code: 'EXPORT_FAILED' })
  })
})
