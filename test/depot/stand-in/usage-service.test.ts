import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { clients, refused } from './clients.ts'
import { startStandIn } from './stand-in.ts'

test('usage is that of the builds in the period, project by project', async () => {
  await using standIn = await startStandIn()
  const { usage, cli } = clients(standIn, standIn.organizationToken)
  const [busy, idle] = [standIn.createProject({ name: 'busy' }), standIn.createProject({ name: 'idle' })]
  for (let build = 0; build < 3; build++) await cli.createBuild({ projectId: busy.projectId })
  const at = (ms: number) => timestampFromDate(new Date(Date.now() + ms))
  const period = { startAt: at(-60_000), endAt: at(60_000) }
  const first = await usage.listProjectUsage({ ...period, pageSize: 1 })
  const second = await usage.listProjectUsage({ ...period, pageSize: 1, pageToken: first.nextPageToken })
  assert.deepEqual(
    [...first.usage, ...second.usage].map(({ projectId, buildCount }) => [projectId, buildCount]),
    [
      [busy.projectId, 3],
      [idle.projectId, 0],
    ],
  )
  assert.equal(second.nextPageToken, '')
  const one = await usage.getProjectUsage({ ...period, projectId: busy.projectId })
  assert.equal(one.usage?.buildCount, 3)
  const all = await usage.getUsage(period)
  assert.deepEqual(
    all.containerBuild.map(({ projectName, buildCount }) => [projectName, buildCount]),
    [
      ['busy', 3],
      ['idle', 0],
    ],
  )
  const before = { startAt: at(-60_000), endAt: at(-30_000) }
  assert.equal((await usage.getProjectUsage({ ...before, projectId: busy.projectId })).usage?.buildCount, 0)
  await refused(usage.getUsage({}), Code.InvalidArgument, /start_at/)
})
