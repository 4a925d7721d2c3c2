import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import { Usage, type UsagePeriod } from '../../../src/depot/account/usage.ts'
import { UsageService } from '../../../src/gen/depot/core_usage_pb.js'
import { all, fakeService } from '../fake-service.ts'

const period: UsagePeriod = {
  startAt: new Date('2026-01-01T00:00:00Z'),
  endAt: new Date('2026-02-01T00:00:00.5Z'),
}
const wirePeriod = { startAt: timestampFromDate(period.startAt), endAt: timestampFromDate(period.endAt) }

async function account(handlers: Partial<ServiceImpl<typeof UsageService>>) {
  const service = await fakeService((router) => router.service(UsageService, handlers))
  return { ...service, usage: new Usage(service.api) }
}

const project = { projectId: 'p', buildCount: 7, buildDurationSeconds: 61, layerCacheSizeGb: 12 }

describe('usage', () => {
  it('of an organization is plain objects, part by part', async () => {
    const jobs = { jobCount: 3, minutesElapsed: 4.5, minutesBilled: 5 }
    const detail = { workflow: 'ci', runner: 'depot-ubuntu-24.04', ...jobs }
    const container = { projectName: 'app', buildCount: 7, minutesSaved: 0.5, minutesBilled: 2 }
    const sandbox = { agentType: 'a', sandboxesCount: 1, minutesElapsed: 2, minutesBilled: 2 }
    await using service = await account({
      getUsage: ({ startAt, endAt }) => ({
        periodStart: startAt!,
        periodEnd: endAt!,
        containerBuild: [container],
        githubActionsJobs: [{ repo: 'me/app', total: jobs, jobs: [detail] }, { repo: 'me/idle' }],
        storage: [{ storageType: 'cache', totalGb: 1.5 }],
        agentSandbox: [sandbox],
      }),
    })
    const none = { jobCount: 0, minutesElapsed: 0, minutesBilled: 0 }
    assert.deepEqual(await service.usage.get(period), {
      ...period,
      containerBuilds: [container],
      githubActions: [
        { repo: 'me/app', total: jobs, jobs: [detail] },
        { repo: 'me/idle', total: none, jobs: [] },
      ],
      storage: [{ storageType: 'cache', totalGb: 1.5 }],
      agentSandboxes: [sandbox],
    })
  })

  it('of projects comes in pages, and of one by itself', async () => {
    const requests: unknown[] = []
    await using service = await account({
      listProjectUsage({ startAt, endAt, pageToken }) {
        assert.deepEqual({ startAt, endAt }, wirePeriod)
        requests.push(pageToken)
        return { usage: [project], nextPageToken: pageToken === undefined ? 'more' : '' }
      },
      getProjectUsage: ({ projectId }) => (projectId === 'p' ? { usage: project } : {}),
    })
    assert.deepEqual(await all(service.usage.listProjects(period, { pageSize: 1 })), [project, project])
    assert.deepEqual(requests, [undefined, 'more'])
    assert.deepEqual(await service.usage.getProject('p', period), project)
    await assert.rejects(service.usage.getProject('q', period), { code: 'API_FAILED' })
  })

  it('is not asked for of a period that is none', async () => {
    await using service = await account({})
    const { startAt, endAt } = period
    const cases: [UsagePeriod, string][] = [
      [{ startAt: '2026-01-01' as never, endAt }, 'startAt'],
      [{ startAt, endAt: new Date(Number.NaN) }, 'endAt'],
      [{ startAt: endAt, endAt: startAt }, 'endAt'],
      [{ startAt, endAt: startAt }, 'endAt'],
      [{ startAt, endAt, from: startAt } as never, 'from'],
    ]
    for (const [wrong, subject] of cases)
      await assert.rejects(service.usage.get(wrong), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(service.calls, [])
  })
})
