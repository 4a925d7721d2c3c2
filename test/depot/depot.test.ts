import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Depot } from '../../src/depot/depot.ts'
import { startStandIn } from './stand-in/stand-in.ts'

describe('a Depot that is closed', () => {
  for (const way of ['waits', 'cancels'] as const) {
    it(`ends a build too that is being registered, whose caller ${way}`, async () => {
      await using standIn = await startStandIn()
      const { projectId } = standIn.createProject()
      const depot = new Depot({ apiUrl: standIn.apiUrl, token: standIn.organizationToken, env: {} })
      standIn.faults.add({ method: 'CreateBuild', kind: 'delay', delayMs: 200 })
      const controller = new AbortController()
      const registered = depot.createBuild({ projectId, signal: controller.signal })
      registered.catch(() => {})
      await standIn.journal.until(({ method }) => method === 'CreateBuild')
      const closed = depot.close()
      if (way === 'cancels') controller.abort()
      await closed
      const [finish, ...more] = standIn.journal.named('FinishBuild')
      assert.deepEqual(more, [])
      assert.equal(finish?.outcome, 'ok')
      if (way === 'cancels') await assert.rejects(registered, { code: 'CANCELLED' })
      else assert.equal((await registered).buildId, finish?.buildId)
      await assert.rejects(depot.createBuild({ projectId }), { code: 'CLOSED' })
    })
  }
})

describe('a Depot', () => {
  it('registers no build whose names are no list', async () => {
    await using standIn = await startStandIn()
    await using depot = new Depot({ apiUrl: standIn.apiUrl, token: standIn.organizationToken, env: {} })
    for (const [plan, subject] of [
      [{ tags: 'me/app' }, 'tags'],
      [{ tags: [undefined] }, 'tags'],
      [{ save: 'v1' }, 'save.tags'],
      [{ save: {} }, 'save.tags'],
      [{ save: { tags: 'v1' } }, 'save.tags'],
    ] as const)
      await assert.rejects(depot.createBuild({ projectId: 'p1', ...plan } as never), {
        code: 'INVALID_OPTION',
        subject,
      })
    assert.deepEqual(standIn.journal.events, [])
  })
})
