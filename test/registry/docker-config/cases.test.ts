import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { skipWithout } from '../../support/skip.ts'
import { entryCases } from './entry-cases.ts'
import { fileCases } from './file-cases.ts'
import { helperCases } from './helper-cases.ts'
import { configOf, dockers, ours } from './outcome.ts'

const cases = [...fileCases, ...entryCases, ...helperCases]

describe('Docker configs, as the record says that Docker reads them', () => {
  for (const entry of cases) {
    const [expected, reason] = entry.ours ?? [entry.docker]
    it(`${entry.name}${reason === undefined ? '' : ` (${reason})`}`, async () => {
      await using at = await configOf(entry)
      assert.deepEqual(await ours(at.env, entry.host ?? 'a.example'), expected)
    })
  }

  it('are all different, and more than 70', () => {
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.ok(cases.length > 70)
  })
})

describe('the record', { skip: skipWithout('dockerConfig') }, () => {
  for (const entry of cases) {
    it(`is what Docker says of ${entry.name}`, async () => {
      await using at = await configOf(entry)
      assert.deepEqual(await dockers(at.env, entry.host ?? 'a.example'), entry.docker)
    })
  }
})
