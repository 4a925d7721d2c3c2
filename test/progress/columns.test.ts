import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { columnsOf, cut } from '../../src/progress/columns.ts'

describe('columnsOf', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['plain', 5],
    ['grün', 4],
    ['gru\u0308n', 4],
    ['日本', 4],
    ['한글', 4],
    ['ｗｉｄｅ', 8],
    ['👍', 2],
    ['a\u200bb', 2],
  ]
  for (const [text, columns] of cases) {
    it(`gives ${JSON.stringify(text)} ${columns}`, () => assert.equal(columnsOf(text), columns))
  }
})

describe('cut', () => {
  it('never takes more columns than there are, and never half a character', () => {
    assert.equal(cut('plain', 3), 'pla')
    assert.equal(cut('plain', 9), 'plain')
    assert.equal(cut('plain', 0), '')
    assert.equal(cut('plain', -3), '')
    assert.equal(cut('日本', 3), '日')
    assert.equal(cut('a👍b', 2), 'a')
    assert.equal(cut('gru\u0308n', 3), 'gru\u0308')
    assert.equal(cut('日本', -3), '')
  })
})
