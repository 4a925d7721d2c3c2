import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { rawJsonLine, rawJsonView } from '../../src/progress/rawjson.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'

const fixtures = new URL('../fixtures/progress/', import.meta.url)

describe('rawJsonLine', async () => {
  for (const name of (await readdir(fixtures)).filter((file) => file.endsWith('.jsonl'))) {
    it(`gives ${name} as the Go client wrote it, byte for byte`, async () => {
      const text = await readFile(new URL(name, fixtures), 'utf8')
      const lines = text.split('\n').slice(0, -1)
      assert.ok(lines.length > 0)
      assert.equal(lines.map((line) => rawJsonLine(JSON.parse(line))).join(''), text)
    })
  }

  it('escapes what Go escapes, and nothing else', () => {
    const status: SolveStatus = {
      vertexes: [{ name: '<a>&"\\/\b\f\n\r\t\x00\x1b\x7f\u2028\u2029ü👍\ufffd' }],
    }
    assert.equal(
      rawJsonLine(status),
      '{"vertexes":[{"name":"\\u003ca\\u003e\\u0026\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001b\x7f\\u2028\\u2029ü👍\ufffd"}]}\n',
    )
  })

  it('prints an empty message too', () => assert.equal(rawJsonLine({}), '{}\n'))
})

describe('rawJsonView', () => {
  it('prints each message at once, however quickly they come', () => {
    const view = rawJsonView()
    const printed = [view.update({}, 0), view.update({ logs: [] }, 0), view.refresh(0), view.end(0)]
    assert.deepEqual(printed, ['{}\n', '{"logs":[]}\n', '', ''])
  })

  it('leaves out what this side counts: the Go client has no such messages', () => {
    const count = { id: 'sent context', current: 1, timestamp: '2026-11-25T12:00:00Z' }
    const item = { ...count, vertex: 'a' }
    const view = rawJsonView()
    assert.equal(view.update({ statuses: [count, count] }, 0), '')
    assert.notEqual(view.update({ statuses: [item] }, 0), '')
    assert.notEqual(view.update({ statuses: [count, item] }, 0), '')
  })
})
