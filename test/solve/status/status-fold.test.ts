import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeStatus } from '../../../src/solve/status/decode-status.ts'
import { StatusFold } from '../../../src/solve/status/status-fold.ts'
import { wireStatus } from '../../support/wire-status.ts'

const at = (seconds: number) => ({ seconds, nanos: 0 })
const time = (seconds: number) => `1970-01-01T00:00:0${seconds}Z`

function folded(...messages: Parameters<typeof wireStatus>[0][]) {
  const fold = new StatusFold()
  for (const message of messages) fold.add(wireStatus(message))
  return decodeStatus(fold.message())
}

describe('StatusFold', () => {
  it('keeps the last state of each step and item, in the order in which they were first heard of', () => {
    const statuses = (current: number) => [{ ID: 'x', vertex: 'a', current, timestamp: at(1) }]
    const status = folded(
      { vertexes: [{ digest: 'a', name: 'one' }] },
      { vertexes: [{ digest: 'b', name: 'two' }], statuses: statuses(1) },
      { vertexes: [{ digest: 'a', name: 'one', started: at(1) }], statuses: statuses(2) },
    )
    assert.deepEqual(status, {
      vertexes: [
        { digest: 'a', name: 'one', started: time(1) },
        { digest: 'b', name: 'two' },
      ],
      statuses: [{ id: 'x', vertex: 'a', current: 2, timestamp: time(1) }],
    })
  })

  it('keeps every warning once', () => {
    const warning = { vertex: 'a', short: Buffer.from('old'), url: 'u', ranges: [{ start: { line: 1 } }] }
    const other = { ...warning, ranges: [{ start: { line: 2 } }] }
    const { warnings } = folded({ warnings: [warning] }, { warnings: [warning, other] })
    assert.deepEqual(
      warnings!.map(({ range }) => range![0]!.start.line),
      [1, 2],
    )
  })

  it('says of each stream of a step how many bytes of its output are left out, where the rest goes on', () => {
    const log = (vertex: string, stream: number, text: string, seconds: number) => ({
      logs: [{ vertex, stream, msg: Buffer.from(text), timestamp: at(seconds) }],
    })
    const { logs } = folded(
      log('a', 1, 'four', 1),
      log('a', 2, 'x', 2),
      log('b', 1, 'y', 3),
      log('a', 1, '56', 4),
    )
    const entries = logs!.map(({ data, ...entry }) => [entry, Buffer.from(data!, 'base64').toString()])
    assert.deepEqual(entries, [
      [{ vertex: 'a', stream: 2, timestamp: time(2) }, '[1 bytes of output left out]\n'],
      [{ vertex: 'b', stream: 1, timestamp: time(3) }, '[1 bytes of output left out]\n'],
      [{ vertex: 'a', stream: 1, timestamp: time(4) }, '[6 bytes of output left out]\n'],
    ])
  })

  it('is bounded, and drops items before steps, the oldest first', () => {
    const fold = new StatusFold()
    const name = 'n'.repeat(1_000)
    for (let n = 0; n < 1_000; n++) {
      fold.add(wireStatus({ vertexes: [{ digest: `v${n}`, name }] }))
      for (let i = 0; i < 10; i++) fold.add(wireStatus({ statuses: [{ ID: `${i}`, vertex: `v${n}`, name }] }))
    }
    const message = fold.message()
    assert.ok(message.length < 4 << 20)
    const { vertexes, statuses } = decodeStatus(message)
    assert.equal(vertexes!.length, 1_000)
    assert.equal(statuses!.at(-1)!.vertex, 'v999')
    for (let n = 0; n < 10_000; n++) fold.add(wireStatus({ vertexes: [{ digest: `w${n}`, name }] }))
    const later = decodeStatus(fold.message())
    assert.equal(later.statuses, undefined)
    assert.equal(later.vertexes!.at(-1)!.digest, 'w9999')
    assert.notEqual(later.vertexes![0]!.digest, 'v0')
  })
})
