import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Code } from '@connectrpc/connect'
import { Hardware } from '../../../src/gen/depot/core_pb.js'
import { clients, refused } from './clients.ts'
import { FakeMachines } from './fake-machines.ts'
import { startStandIn } from './stand-in.ts'

const regionId = 'eu-central-1'

test('a project is created, found, listed, changed and deleted', async () => {
  await using standIn = await startStandIn()
  const { projects, cliProjects } = clients(standIn, standIn.organizationToken)
  const { project } = await projects.createProject({
    name: 'shop',
    regionId,
    hardware: Hardware.HARDWARE_4X4,
  })
  assert.ok(project)
  const { projectId } = project
  assert.match(projectId, /^[a-z0-9]{10}$/)
  assert.deepEqual(
    [project.name, project.regionId, project.hardware, project.organizationId],
    ['shop', regionId, Hardware.HARDWARE_4X4, standIn.organizationId],
  )
  assert.deepEqual((await projects.getProject({ projectId })).project, project)
  assert.deepEqual((await projects.listProjects({})).projects, [project])
  assert.deepEqual(
    (await cliProjects.listProjects({})).projects.map(({ id, name, orgName }) => [id, name, orgName]),
    [[projectId, 'shop', 'The stand-in']],
  )

  const changed = await projects.updateProject({ projectId, name: 'store' })
  assert.deepEqual(
    [changed.project?.name, changed.project?.regionId, changed.project?.hardware],
    ['store', regionId, Hardware.HARDWARE_4X4],
  )

  await projects.deleteProject({ projectId })
  assert.deepEqual((await projects.listProjects({})).projects, [])
  await refused(projects.getProject({ projectId }), Code.NotFound, /is not known/)
})

test('projects come in pages, of all regions or of one', async () => {
  await using standIn = await startStandIn()
  const { projects } = clients(standIn, standIn.organizationToken)
  for (const [name, region] of [['a'], ['b'], ['c', regionId], ['d'], ['e']])
    await projects.createProject({ name: name!, regionId: region ?? 'us-east-1' })
  const names: string[][] = []
  let pageToken = ''
  do {
    const page = await projects.listProjects({ pageSize: 2, pageToken })
    names.push(page.projects.map(({ name }) => name))
    pageToken = page.nextPageToken ?? ''
  } while (pageToken !== '')
  assert.deepEqual(names, [['a', 'b'], ['c', 'd'], ['e']])
  const { projects: european } = await projects.listProjects({ regionId })
  assert.deepEqual(
    european.map(({ name }) => name),
    ['c'],
  )
})

test('a project needs a name and a region', async () => {
  await using standIn = await startStandIn()
  const { projects } = clients(standIn, standIn.organizationToken)
  await refused(projects.createProject({ regionId }), Code.InvalidArgument, /name/)
  await refused(projects.createProject({ name: 'shop' }), Code.InvalidArgument, /region/)
})

test('the two sizes of a cache policy say the same, whichever is sent', async () => {
  await using standIn = await startStandIn()
  const { projects } = clients(standIn, standIn.organizationToken)
  const created = async (cachePolicy: { keepGb?: number; keepBytes?: bigint; keepDays?: number }) => {
    const { project } = await projects.createProject({ name: 'shop', regionId, cachePolicy })
    const { keepGb, keepBytes, keepDays } = project!.cachePolicy!
    return { keepGb, keepBytes, keepDays }
  }
  const same = { keepGb: 50, keepBytes: 50n << 30n, keepDays: 14 }
  assert.deepEqual(await created({ keepGb: 50, keepDays: 14 }), same)
  assert.deepEqual(await created({ keepBytes: 50n << 30n, keepDays: 14 }), same)
})

test("a project's token shows its secret once, builds, and is worthless when deleted", async () => {
  await using standIn = await startStandIn()
  const { projects } = clients(standIn, standIn.organizationToken)
  const { project } = await projects.createProject({ name: 'shop', regionId })
  const { projectId } = project!
  const { tokenId, secret } = await projects.createToken({ projectId, description: 'CI' })
  const { cli } = clients(standIn, secret)
  await cli.createBuild({ projectId })
  await projects.updateToken({ tokenId, description: 'nightly' })
  const { tokens } = await projects.listTokens({ projectId })
  assert.deepEqual(
    tokens.map((token) => [token.tokenId, token.description]),
    [[tokenId, 'nightly']],
  )
  await projects.deleteToken({ tokenId })
  await refused(cli.createBuild({ projectId }), Code.Unauthenticated)
  await refused(projects.deleteToken({ tokenId }), Code.NotFound)
})

test("another organization cannot touch a project's token", async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { tokens } = await clients(standIn, standIn.organizationToken).projects.listTokens({ projectId })
  const { projects } = clients(standIn, standIn.createOrganization().token)
  const { tokenId } = tokens[0]!
  await refused(projects.deleteToken({ tokenId }), Code.NotFound)
  await refused(projects.updateToken({ tokenId, description: 'mine' }), Code.NotFound)
})

test('trust policies are added, listed and removed', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { projects } = clients(standIn, standIn.organizationToken)
  const provider = {
    case: 'buildkite',
    value: { organizationSlug: 'acme', pipelineSlug: 'shop' },
  } as const
  const { trustPolicy } = await projects.addTrustPolicy({ projectId, provider })
  const { trustPolicies } = await projects.listTrustPolicies({ projectId })
  assert.deepEqual(trustPolicies, [trustPolicy])
  assert.equal(trustPolicy?.provider.case, 'buildkite')
  const { trustPolicyId } = trustPolicy!
  await projects.removeTrustPolicy({ projectId, trustPolicyId })
  await refused(projects.removeTrustPolicy({ projectId, trustPolicyId }), Code.NotFound)
  await refused(projects.addTrustPolicy({ projectId }), Code.InvalidArgument, /provider/)
})

test('a reset ends the machines of its project and of no other', async () => {
  const machines = new FakeMachines()
  await using standIn = await startStandIn({ machines: async () => machines })
  const [one, other] = [standIn.createProject(), standIn.createProject()]
  for (const { projectId } of [one, other]) await machines.acquire(projectId, 'amd64', 'a build')
  await clients(standIn, standIn.organizationToken).projects.resetProject(one)
  assert.deepEqual(
    machines.running.map(({ projectId }) => projectId),
    [other.projectId],
  )
})
