import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Images } from '../../src/depot/account/images.ts'
import { PastBuilds } from '../../src/depot/account/past-builds.ts'
import { Projects } from '../../src/depot/account/projects.ts'
import { DepotApi, openApi } from '../../src/depot/api/api.ts'
import { callerToken } from '../../src/depot/identity/token.ts'
import { all } from './fake-service.ts'
import { type StandIn, startStandIn } from './stand-in/stand-in.ts'

/** A stand-in, and what one token sees of it. */
async function standIn() {
  const depot = await startStandIn()
  const channel = openApi(depot.apiUrl)
  const as = (token: string) => {
    const api = new DepotApi(channel, callerToken({ token, env: {} }), 'buildkit-client/test')
    return { api, projects: new Projects(api), images: new Images(api), builds: new PastBuilds(api) }
  }
  return {
    depot,
    as,
    ...as(depot.organizationToken),
    async [Symbol.asyncDispose]() {
      channel.close()
      await depot[Symbol.asyncDispose]()
    },
  }
}

/** `Method`, whose token and what came of it, for each call so far. */
function journal({ journal: { events } }: StandIn): string[] {
  return events.map(({ method, token, outcome }) => `${method} ${token} ${outcome}`)
}

describe('an account on the stand-in', () => {
  it('creates, lists, changes, resets and deletes a project, with one call for each', async () => {
    await using account = await standIn()
    const { projects, depot } = account
    const cachePolicy = { keepGb: 50, keepDays: 14 }
    const created = await projects.create({ name: 'customer-42', regionId: 'us-east-1', cachePolicy })
    const { projectId } = created
    assert.equal(created.name, 'customer-42')
    assert.equal(created.organizationId, depot.organizationId)
    assert.ok(created.createdAt !== undefined && Date.now() - created.createdAt.getTime() < 60_000)
    assert.deepEqual(await projects.list(), [created])
    assert.deepEqual(await projects.get(projectId), created)
    const changed = await projects.update(projectId, { name: 'customer-43', hardware: '32x64' })
    assert.deepEqual(changed, { ...created, name: 'customer-43', hardware: '32x64' })
    await projects.reset(projectId)
    await projects.delete(projectId)
    assert.deepEqual(await projects.list(), [])
    await assert.rejects(projects.get(projectId), { code: 'NOT_FOUND' })
    assert.deepEqual(journal(depot), [
      'CreateProject organization ok',
      'ListProjects organization ok',
      'GetProject organization ok',
      'UpdateProject organization ok',
      'ResetProject organization ok',
      'DeleteProject organization ok',
      'ListProjects organization ok',
      'GetProject organization not_found',
    ])
    const about = depot.journal.events.map((event) => [event.projectId, event.httpVersion, event.userAgent])
    const of = (id: string | undefined) => [id, '2.0', 'buildkit-client/test']
    const [none, one] = [of(undefined), of(projectId)]
    assert.deepEqual(about, [none, none, one, one, one, one, none, one])
  })

  it('lists all of 250 projects, which come in pages of 100', async () => {
    await using account = await standIn()
    for (let project = 0; project < 250; project++) account.depot.createProject({ name: `p${project}` })
    const listed = await account.projects.list()
    assert.deepEqual(
      listed.map(({ name }) => name),
      Array.from({ length: 250 }, (_, project) => `p${project}`),
    )
    assert.equal(account.depot.journal.named('ListProjects').length, 3)
  })

  it('makes tokens of a project that end when they are deleted', async () => {
    await using account = await standIn()
    const { projectId } = await account.projects.create({ name: 'a', regionId: 'us-east-1' })
    const { tokens } = account.projects
    const { tokenId, secret } = await tokens.create(projectId, { description: 'for CI' })
    assert.deepEqual(await tokens.list(projectId), [{ tokenId, description: 'for CI' }])
    await tokens.update(tokenId, { description: 'for the nightly build' })
    assert.deepEqual(await tokens.list(projectId), [{ tokenId, description: 'for the nightly build' }])
    const { builds } = account.as(secret)
    assert.deepEqual(await all(builds.list(projectId)), [])
    await tokens.delete(tokenId)
    await assert.rejects(all(builds.list(projectId)), { code: 'UNAUTHENTICATED' })
    assert.deepEqual(await tokens.list(projectId), [])
  })

  it('has trust policies that let the jobs of one repository in', async () => {
    await using account = await standIn()
    const { projectId } = await account.projects.create({ name: 'a', regionId: 'us-east-1' })
    const jobs = { provider: 'github', repositoryOwner: 'me', repository: 'app' } as const
    const { builds } = account.as(account.depot.jobToken(jobs))
    await assert.rejects(all(builds.list(projectId)), { code: 'PERMISSION_DENIED' })
    const policy = await account.projects.trustPolicies.add(projectId, jobs)
    assert.deepEqual(await account.projects.trustPolicies.list(projectId), [policy])
    assert.deepEqual(await all(builds.list(projectId)), [])
    await account.projects.trustPolicies.remove(projectId, policy.trustPolicyId)
    await assert.rejects(all(builds.list(projectId)), { code: 'PERMISSION_DENIED' })
  })

  it('sees its builds over all pages, and shares them', async () => {
    await using account = await standIn()
    const { projectId } = account.depot.createProject()
    const ids: string[] = []
    for (let build = 0; build < 5; build++) {
      const { buildId } = await account.api.builds.createBuild({ projectId })
      ids.unshift(buildId)
    }
    const builds = await all(account.builds.list(projectId, { pageSize: 2 }))
    assert.deepEqual(
      builds.map(({ buildId, status }) => [buildId, status]),
      ids.map((id) => [id, 'running']),
    )
    assert.equal(account.depot.journal.named('ListBuilds').length, 3)
    assert.deepEqual(await account.builds.get(ids[0]!), builds[0])
    assert.match(await account.builds.share(ids[0]!), new RegExp(ids[0]!))
    assert.equal(account.depot.build(ids[0]!).shared, true)
    await account.builds.stopSharing(ids[0]!)
    assert.equal(account.depot.build(ids[0]!).shared, false)
    assert.deepEqual(await all(account.builds.steps({ projectId, buildId: ids[0]! })), [])
  })

  it('gets pull tokens for what it may see', async () => {
    await using account = await standIn()
    const mine = account.depot.createProject()
    const token = await account.images.pullToken({ projectId: mine.projectId })
    assert.equal(token.username, 'x-token')
    assert.match(token.password, /^depot-pull-/)
    const other = account.depot.createOrganization()
    const { images, projects } = account.as(other.token)
    await assert.rejects(images.pullToken({ projectId: mine.projectId }), { code: 'NOT_FOUND' })
    assert.deepEqual(await projects.list(), [])
  })
})

describe('what the stand-in refuses', () => {
  it('is a typed error at once: unknown and expired tokens, tokens of other realms', async () => {
    await using account = await standIn()
    const { projectId, token: projectToken } = account.depot.createProject()
    const { buildToken } = await account.api.builds.createBuild({ projectId })
    account.depot.expireToken(account.depot.organizationToken)
    await assert.rejects(account.projects.list(), { code: 'UNAUTHENTICATED' })
    await assert.rejects(account.as('nonsense').projects.list(), { code: 'UNAUTHENTICATED' })
    await assert.rejects(account.as(projectToken).projects.list(), { code: 'PERMISSION_DENIED' })
    await assert.rejects(account.as(buildToken).projects.delete(projectId), { code: 'PERMISSION_DENIED' })
    assert.deepEqual(journal(account.depot).slice(1), [
      'ListProjects unknown unauthenticated',
      'ListProjects unknown unauthenticated',
      'ListProjects project permission_denied',
      'DeleteProject build permission_denied',
    ])
  })
})

describe('when the stand-in is unwell', () => {
  for (const kind of ['reset', 'bad-gateway'] as const) {
    it(`asks again after a ${kind}, and changes nothing twice`, async () => {
      await using account = await standIn()
      account.depot.faults.add({ method: 'ListProjects', kind, times: 2 })
      assert.deepEqual(await account.projects.list(), [])
      assert.equal(account.depot.journal.named('ListProjects').length, 3)
      account.depot.faults.add({ method: 'CreateProject', kind })
      const failed = account.projects.create({ name: 'a', regionId: 'us-east-1' })
      await assert.rejects(failed, ({ code }: { code: string }) =>
        ['API_FAILED', 'UNREACHABLE'].includes(code),
      )
      assert.equal(account.depot.journal.named('CreateProject').length, 1)
    })
  }

  it('gives up at the deadline, with and without an answer', async () => {
    await using account = await standIn()
    account.depot.faults.add({ method: 'ListProjects', kind: 'silence' })
    await assert.rejects(account.projects.list({ timeoutMs: 100 }), { code: 'TIMEOUT' })
    account.depot.faults.add({ method: 'ListProjects', kind: 'error', code: 'unavailable', times: Infinity })
    await assert.rejects(account.projects.list({ timeoutMs: 100 }), { code: 'TIMEOUT' })
  })

  it('stops at once when the caller cancels', async () => {
    await using account = await standIn()
    account.depot.faults.add({ method: 'ListProjects', kind: 'silence' })
    const controller = new AbortController()
    const failed = account.projects.list({ signal: controller.signal })
    await account.depot.journal.until(({ method }) => method === 'ListProjects')
    controller.abort()
    await assert.rejects(failed, { code: 'CANCELLED' })
  })
})
