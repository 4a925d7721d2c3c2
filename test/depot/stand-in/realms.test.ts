import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Code } from '@connectrpc/connect'
import { BuilderPlatform } from '../../../src/gen/depot/cli_pb.js'
import { clients, refused } from './clients.ts'
import { type StandIn, startStandIn } from './stand-in.ts'

const platform = BuilderPlatform.AMD64

test('without a token, and with one that nobody has given out, every service refuses', async () => {
  await using standIn = await startStandIn()
  for (const token of [undefined, 'made-up']) {
    const { organizations, usage, projects, pastBuilds, builds, images, machines, cli, cliProjects } =
      clients(standIn, token)
    for (const call of [
      () => organizations.listOrganizations({}),
      () => usage.getUsage({}),
      () => projects.listProjects({}),
      () => pastBuilds.listBuilds({ projectId: 'p' }),
      () => builds.createBuild({ projectId: 'p' }),
      () => images.listImages({ projectId: 'p' }),
      () => machines.releaseEndpoint({ buildId: 'b' }),
      () => cli.createBuild({ projectId: 'p' }),
      () => cliProjects.listProjects({}),
    ])
      await refused(call(), Code.Unauthenticated)
  }
  const shown = standIn.journal.events.map(({ token }) => token)
  assert.deepEqual(shown, [...Array(9).fill('none'), ...Array(9).fill('unknown')])
})

test("an organization's token sees nothing of another organization", async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { cli, projects } = clients(standIn, standIn.organizationToken)
  const { buildId } = await cli.createBuild({ projectId })

  const other = clients(standIn, standIn.createOrganization().token)
  assert.deepEqual((await other.projects.listProjects({})).projects, [])
  await refused(other.projects.getProject({ projectId }), Code.NotFound, /project/)
  await refused(other.cli.createBuild({ projectId }), Code.NotFound, /project/)
  await refused(other.pastBuilds.getBuild({ buildId }), Code.NotFound, /build/)
  await refused(
    other.projects.createProject({
      name: 'intruder',
      regionId: 'us-east-1',
      organizationId: standIn.organizationId,
    }),
    Code.PermissionDenied,
  )
  assert.equal((await projects.listProjects({})).projects.length, 1)
})

test("a user's token sees several organizations, or the one that the header names", async () => {
  await using standIn = await startStandIn()
  const mine = standIn.createOrganization('Mine')
  const ours = standIn.createOrganization('Ours')
  const token = standIn.userToken([mine.organizationId, ours.organizationId])
  standIn.createProject({ name: 'strange' })
  for (const { organizationId } of [mine, ours]) standIn.createProject({ name: 'seen', organizationId })
  const { organizations, projects, cliProjects } = clients(standIn, token)
  const listed = (await organizations.listOrganizations({})).organizations
  assert.deepEqual(
    listed.map(({ orgId, name }) => [orgId, name]),
    [
      [mine.organizationId, 'Mine'],
      [ours.organizationId, 'Ours'],
    ],
  )
  assert.equal((await projects.listProjects({})).projects.length, 2)
  assert.deepEqual(
    (await cliProjects.listProjects({})).projects.map(({ name, orgName }) => [name, orgName]),
    [
      ['seen', 'Mine'],
      ['seen', 'Ours'],
    ],
  )
  await refused(
    projects.createProject({ name: 'a', regionId: 'r' }),
    Code.InvalidArgument,
    /organization_id is needed/,
  )

  const narrow = clients(standIn, token, { orgId: ours.organizationId })
  assert.equal((await narrow.organizations.listOrganizations({})).organizations.length, 1)
  assert.equal((await narrow.projects.listProjects({})).projects.length, 1)
  const { project } = await narrow.projects.createProject({ name: 'a', regionId: 'r' })
  assert.equal(project?.organizationId, ours.organizationId)
  assert.equal(standIn.journal.named('CreateProject').at(-1)?.organizationId, ours.organizationId)

  const strange = clients(standIn, token, { orgId: standIn.organizationId })
  await refused(strange.projects.listProjects({}), Code.PermissionDenied, /another organization/)
})

test("a project's token builds in its project and does nothing for another, or for the account", async () => {
  await using standIn = await startStandIn()
  const own = standIn.createProject()
  const other = standIn.createProject()
  const { cli, projects, cliProjects } = clients(standIn, own.token)
  assert.equal((await cli.createBuild({ projectId: own.projectId })).projectId, own.projectId)
  assert.equal((await cli.createBuild({})).projectId, own.projectId, 'the only project it can mean')
  await refused(cli.createBuild({ projectId: other.projectId }), Code.PermissionDenied, /another project/)
  await refused(projects.listProjects({}), Code.PermissionDenied, /project/)
  assert.deepEqual(
    (await cliProjects.listProjects({})).projects.map(({ id }) => id),
    [own.projectId],
  )
})

test('a machine is for the token of its build: not for the caller, not for another build', async () => {
  await using standIn = await startStandIn()
  const project = standIn.createProject()
  const build = await newBuild(standIn, project.projectId)
  const other = await newBuild(standIn, project.projectId)
  const { buildId } = build
  for (const token of [standIn.organizationToken, project.token, other.buildToken]) {
    const { cli, machines } = clients(standIn, token)
    await refused(cli.getBuildKitConnection({ buildId, platform }), Code.PermissionDenied)
    await refused(cli.reportBuildHealth({ buildId, platform }), Code.PermissionDenied)
    await refused(cli.finishBuild({ buildId, result: { case: 'success', value: {} } }), Code.PermissionDenied)
    await refused(machines.releaseEndpoint({ buildId, platform: 1 }), Code.PermissionDenied)
  }
  assert.equal(standIn.build(buildId).outcome, undefined)
  await clients(standIn, build.buildToken).cli.reportBuildHealth({ buildId, platform })
})

test('a stream that goes over to another build is refused from there on', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const build = await newBuild(standIn, projectId)
  const other = await newBuild(standIn, projectId)
  const { machines } = clients(standIn, build.buildToken)
  async function* beats() {
    yield { buildId: build.buildId, platform: 1 }
    yield { buildId: other.buildId, platform: 1 }
  }
  await refused(machines.reportHealth(beats()), Code.PermissionDenied, /another build/)
})

test("a build's token creates no other build", async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { buildToken } = await newBuild(standIn, projectId)
  await refused(clients(standIn, buildToken).cli.createBuild({ projectId }), Code.PermissionDenied)
})

test('a token that has expired is as good as none, also in the middle of a build', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { buildId, buildToken } = await newBuild(standIn, projectId)
  const { cli } = clients(standIn, buildToken)
  await cli.reportBuildHealth({ buildId, platform })
  standIn.expireToken(buildToken)
  await refused(cli.reportBuildHealth({ buildId, platform }), Code.Unauthenticated)
})

test('a token may expire while its call is held up', async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { buildId, buildToken } = await newBuild(standIn, projectId)
  standIn.faults.add({ method: 'ReportBuildHealth', kind: 'delay', delayMs: 100 })
  const call = clients(standIn, buildToken).cli.reportBuildHealth({ buildId, platform })
  const came = standIn.journal.until(({ method }) => method === 'ReportBuildHealth')
  const [event] = await Promise.all([
    came,
    came.then(() => standIn.expireToken(buildToken)),
    refused(call, Code.Unauthenticated),
  ])
  assert.equal(event.token, 'build')
})

test("a job's token is good for the projects that trust it", async () => {
  await using standIn = await startStandIn()
  const { projectId } = standIn.createProject()
  const { projects } = clients(standIn, standIn.organizationToken)
  const github = { repositoryOwner: 'acme', repository: 'shop' }
  const job = clients(standIn, standIn.jobToken({ provider: 'github', ...github }))
  const stranger = clients(standIn, standIn.jobToken({ provider: 'github', ...github, repository: 'other' }))
  await refused(job.cli.createBuild({ projectId }), Code.PermissionDenied)
  await projects.addTrustPolicy({ projectId, provider: { case: 'github', value: github } })
  assert.equal((await job.cli.createBuild({ projectId })).projectId, projectId)
  await refused(stranger.cli.createBuild({ projectId }), Code.PermissionDenied)
})

function newBuild(standIn: StandIn, projectId: string) {
  return clients(standIn, standIn.organizationToken).cli.createBuild({ projectId })
}
