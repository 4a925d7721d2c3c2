import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvFields } from '../../src/cli/csv.ts'

const cases: [string, string[] | undefined][] = [
  ['', ['']],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  [',', ['', '']],
  [' a , b ', [' a ', ' b ']],
  ['"a,b",c', ['a,b', 'c']],
  ['type=oci,"dest=a ""b"", c"', ['type=oci', 'dest=a "b", c']],
  ['"a\nb"', ['a\nb']],
  ['""', ['']],
  ['a"b', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
  ['"a"",b', undefined],
]

for (const [line, fields] of cases) {
  test(`${JSON.stringify(line)} ${fields === undefined ? 'is refused' : `has ${fields.length} fields`}`, () => {
    assert.deepEqual(csvFields(line), fields)
  })
}

test('a megabyte of opened quotes is refused in no time', () => {
  const started = performance.now()
  assert.equal(csvFields('"'.repeat(1_000_001)), undefined)
  assert.ok(performance.now() - started < 1_000)
})
