import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DepotRun } from '../../../src/depot/run/depot-run.ts'
import type { Attachable } from '../../../src/session/attachable.ts'
import { anySolve, startTenant, type Tenant } from '../tenant.ts'

/** An attachable whose check is answered by the test. */
function checkedBy(check: () => Promise<void>): Attachable {
  return { methods: {}, check }
}

/** What a build comes to, which has to be over in time, and what Depot has been told then. */
async function outcomeOf(run: DepotRun, { standIn }: Tenant) {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, 20_000, 'nothing: it still hangs')
  })
  const result = await Promise.race([run.result.then(JSON.stringify, (error) => error.code), late])
  clearTimeout(timer)
  const told = standIn.journal.named('FinishBuild').map(({ buildId }) => standIn.build(buildId!).outcome)
  return { result, told }
}

const hanging = new Promise<never>(() => {})

describe('a whole build in which code of the caller’s hangs', { concurrency: true }, () => {
  it('is over when it is cancelled, and Depot knows', async () => {
    await using tenant = await startTenant()
    let run: DepotRun
    const check = () => {
      run.cancel('enough')
      return hanging
    }
    run = tenant.depot.build({ ...anySolve, projectId: tenant.projectId, session: [checkedBy(check)] })
    assert.deepEqual(await outcomeOf(run, tenant), {
      result: 'CANCELLED',
      told: [{ status: 'cancelled', by: 'client' }],
    })
    assert.deepEqual(
      tenant.machines.running.flatMap(({ builds }) => [...builds]),
      [],
    )
  })

  it('is over when another machine of it fails, and Depot knows', async () => {
    await using tenant = await startTenant()
    let checks = 0
    let fail = () => {}
    const check = () => {
      if (++checks === 1)
        return new Promise<void>((_, reject) => {
          fail = () => reject(new Error('no luck'))
        })
      fail()
      return hanging
    }
    const run = tenant.depot.build({
      ...anySolve,
      projectId: tenant.projectId,
      platforms: ['linux/amd64', 'linux/arm64'],
      session: [checkedBy(check)],
    })
    const { result, told } = await outcomeOf(run, tenant)
    assert.deepEqual([result, checks], ['SOLVE_FAILED', 2])
    assert.match(told[0]?.status === 'failed' ? told[0].error : '', /no luck/)
    assert.equal(told.length, 1)
  })
})
