import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Depot } from '../../src/depot/depot.ts'
import { startStandIn } from './stand-in/stand-in.ts'
import { startTenant } from './tenant.ts'

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

describe('a Depot for one of several organizations', () => {
  for (const way of ['orgId', 'DEPOT_ORG_ID'] as const)
    it(`asks for that one alone (${way})`, async () => {
      await using standIn = await startStandIn()
      const [mine, ours] = [standIn.createOrganization('Mine'), standIn.createOrganization('Ours')]
      const { organizationId } = ours
      const { projectId } = standIn.createProject({ name: 'ours', organizationId })
      standIn.createProject({ name: 'mine', organizationId: mine.organizationId })
      const token = standIn.userToken([mine.organizationId, organizationId])
      const which = way === 'orgId' ? { orgId: organizationId } : { env: { DEPOT_ORG_ID: organizationId } }
      await using depot = new Depot({ apiUrl: standIn.apiUrl, token, env: {}, ...which })
      assert.deepEqual(
        (await depot.projects.list()).map(({ name }) => name),
        ['ours'],
      )
      const created = await depot.projects.create({ name: 'new', regionId: 'us-east-1' })
      assert.equal(created.organizationId, organizationId)
      const [organization, ...others] = await depot.organizations.list()
      assert.deepEqual([organization?.name, others], ['Ours', []])
      const now = Date.now()
      const period = { startAt: new Date(now - 60_000), endAt: new Date(now + 60_000) }
      await using build = await depot.createBuild({ projectId })
      assert.equal((await depot.usage.getProject(projectId, period)).buildCount, 1)
      await build.finish({ status: 'success' })
      const { events } = standIn.journal
      const named = new Map(events.map(({ method, organizationId }) => [method, organizationId]))
      assert.equal(named.get('GetProjectUsage'), organizationId)
      // The project says of which organization a build is.
      for (const method of ['CreateBuild', 'FinishBuild']) assert.equal(named.get(method), undefined)
    })

  it('refuses an id that cannot be one, and takes an empty variable for none', () => {
    const invalid = { code: 'INVALID_OPTION' }
    assert.throws(() => new Depot({ orgId: '', env: {} }), { ...invalid, subject: 'orgId' })
    assert.throws(() => new Depot({ env: { DEPOT_ORG_ID: 'a b' } }), { ...invalid, subject: 'DEPOT_ORG_ID' })
    new Depot({ env: { DEPOT_ORG_ID: '' } })
  })
})

describe('a Depot', () => {
  it('knows all its options, and says which one was meant by another, before anything is sent', async () => {
    await using tenant = await startTenant()
    const { depot, projectId, standIn } = tenant
    const { projects, images } = depot
    const id = { projectId }
    assert.throws(() => new Depot({ tokn: 't' } as never), {
      ...{ code: 'INVALID_OPTION', subject: 'tokn' },
      advice: 'Did you mean token?',
    })
    assert.throws(() => new Depot({ onWarning: 'log' } as never), { subject: 'onWarning' })
    const cases: [() => Promise<unknown>, string][] = [
      [() => depot.createBuild({ projectid: projectId } as never), 'projectid'],
      [() => depot.adoptBuild({ buildId: 'b', token: 't', project: projectId } as never), 'project'],
      [() => depot.adoptBuild(undefined as never), 'options'],
      [() => depot.build(undefined as never).result, 'localDirs.dockerfile'],
      [() => depot.build({ onWarning: 'log' } as never).result, 'onWarning'],
      [() => projects.list({ timeout: 1 } as never), 'timeout'],
      [() => projects.create({ name: 'a', regionId: 'us-east-1', cache: {} } as never), 'cache'],
      [() => projects.update(projectId, { name: 'a', hardwear: '4x4' } as never), 'hardwear'],
      [
        () => projects.update(projectId, { cachePolicy: { keepGb: 1, keepDays: 1, keep: 1 } as never }),
        'cachePolicy.keep',
      ],
      [() => images.pullToken({ ...id, buildID: 'b' } as never), 'buildID'],
      [() => images.list(projectId, { pagesize: 5 } as never).next(), 'pagesize'],
    ]
    for (const [call, subject] of cases) await assert.rejects(call(), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(standIn.journal.events, [])

    await using build = await depot.createBuild(id)
    const timeout = { timeout: 1 } as never
    const onState = 'log' as never
    await assert.rejects(build.acquireMachine('amd64', { onState }), { subject: 'onState' })
    await assert.rejects(build.acquireMachine('amd64', timeout), {
      code: 'INVALID_OPTION',
      subject: 'timeout',
    })
    const machine = await build.acquireMachine('amd64')
    await assert.rejects(machine.connect(timeout), { code: 'INVALID_OPTION', subject: 'timeout' })
    await assert.rejects(machine.replace(timeout), { code: 'INVALID_OPTION', subject: 'timeout' })
  })

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
