import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { amount } from '../../src/progress/amount.ts'
import { Item } from '../../src/progress/graph.ts'

describe('amount', () => {
  const cases: [current: number, total: number, text: string][] = [
    [0, 0, ''],
    [999, 0, '999B'],
    [1000, 0, '1.00kB'],
    [1234, 0, '1.23kB'],
    [31_990_000, 0, '31.99MB'],
    [0, 5_000_000_000, '0B / 5.00GB'],
    [999_999, 1_000_000, '1000.00kB / 1.00MB'],
    [7e15, 9e18, '7.00PB / 9.00EB'],
  ]
  for (const [current, total, text] of cases) {
    it(`says ${JSON.stringify(text)} for ${current} of ${total}`, () => {
      const item = new Item('x')
      item.update({ id: 'x', current, total, timestamp: '' })
      assert.equal(amount(item), text)
    })
  }
})
