import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ConnectRouter } from '@connectrpc/connect'
import { PastBuilds } from '../../../src/depot/account/past-builds.ts'
import {
  GetBuildStepsResponse_BuildStep_CacheState as CacheState,
  BuildService as StepService,
} from '../../../src/gen/depot/build_pb.js'
import { BuildService, Build_Status as Status } from '../../../src/gen/depot/core_pb.js'
import { all, fakeService } from '../fake-service.ts'

async function account(routes: (router: ConnectRouter) => void) {
  const service = await fakeService(routes)
  return { ...service, builds: new PastBuilds(service.api) }
}

const [at1, at2, at3] = [1, 2, 3].map((second) => new Date(Date.UTC(2026, 1, 2, 3, 4, second)))

describe('the builds of a project', () => {
  it('are listed over all pages, with every status as text', async () => {
    const statuses = [
      Status.RUNNING,
      Status.SUCCESS,
      Status.FAILED,
      Status.ERROR,
      Status.CANCELED,
      Status.UNSPECIFIED,
      77 as Status,
    ]
    const asked: unknown[] = []
    await using service = await account((router) =>
      router.rpc(BuildService.method.listBuilds, ({ projectId, pageSize, pageToken }) => {
        asked.push([projectId, pageSize, pageToken])
        const from = Number(pageToken ?? 0)
        const builds = statuses.slice(from, from + 4).map((status) => ({ buildId: 'b', status }))
        return { builds, nextPageToken: from + 4 < statuses.length ? String(from + 4) : '' }
      }),
    )
    const builds = await all(service.builds.list('p1', { pageSize: 4 }))
    assert.deepEqual(
      builds.map(({ status }) => status),
      ['running', 'success', 'failed', 'error', 'cancelled', 'unknown', 'unknown'],
    )
    assert.deepEqual(asked, [
      ['p1', 4, undefined],
      ['p1', 4, '4'],
    ])
  })

  it('are got one by one, with times as Dates', async () => {
    await using service = await account((router) =>
      router.rpc(BuildService.method.getBuild, ({ buildId }) =>
        buildId === 'none'
          ? {}
          : {
              build: {
                buildId,
                status: Status.SUCCESS,
                createdAt: timestampFromDate(at1!),
                startedAt: timestampFromDate(at2!),
                finishedAt: timestampFromDate(at3!),
                buildDurationSeconds: 1,
                savedDurationSeconds: 0,
                cachedSteps: 3,
                totalSteps: 4,
              },
            },
      ),
    )
    assert.deepEqual(await service.builds.get('b1'), {
      buildId: 'b1',
      status: 'success',
      createdAt: at1,
      startedAt: at2,
      finishedAt: at3,
      buildDurationSeconds: 1,
      savedDurationSeconds: 0,
      cachedSteps: 3,
      totalSteps: 4,
    })
    await assert.rejects(service.builds.get('none'), { code: 'API_FAILED', expected: 'a build' })
  })

  it('have steps with logs', async () => {
    const asked: unknown[] = []
    await using service = await account((router) => {
      router.rpc(StepService.method.getBuildSteps, ({ projectId, buildId }) => {
        asked.push([projectId, buildId])
        const done = { startedAt: timestampFromDate(at1!), completedAt: timestampFromDate(at2!) }
        return {
          buildSteps: [
            { name: 'FROM x', digest: 'sha256:1', cacheState: CacheState.CACHED, ...done },
            { name: 'RUN y', digest: 'sha256:2', error: 'exit code 1', hasLogs: true },
          ],
        }
      })
      router.rpc(
        StepService.method.getBuildStepLogs,
        ({ projectId, buildId, buildStepDigest, pageToken }) => {
          asked.push([projectId, buildId, buildStepDigest, pageToken])
          return pageToken === undefined
            ? { logs: [{ message: 'one\n', timestamp: timestampFromDate(at1!) }], nextPageToken: 'x' }
            : { logs: [{ message: 'two\n' }] }
        },
      )
    })
    const ids = { projectId: 'p1', buildId: 'b1' }
    assert.deepEqual(await all(service.builds.steps(ids)), [
      {
        name: 'FROM x',
        digest: 'sha256:1',
        startedAt: at1,
        completedAt: at2,
        cached: true,
        error: undefined,
        hasLogs: false,
      },
      {
        name: 'RUN y',
        digest: 'sha256:2',
        startedAt: undefined,
        completedAt: undefined,
        cached: false,
        error: 'exit code 1',
        hasLogs: true,
      },
    ])
    assert.deepEqual(await all(service.builds.stepLogs({ ...ids, stepDigest: 'sha256:2' })), [
      { message: 'one\n', timestamp: at1 },
      { message: 'two\n', timestamp: undefined },
    ])
    assert.deepEqual(asked, [
      ['p1', 'b1'],
      ['p1', 'b1', 'sha256:2', undefined],
      ['p1', 'b1', 'sha256:2', 'x'],
    ])
  })

  it('are shared, and no longer', async () => {
    const stopped: string[] = []
    await using service = await account((router) => {
      router.rpc(BuildService.method.shareBuild, ({ buildId }) => ({ shareUrl: `https://x.test/${buildId}` }))
      router.rpc(BuildService.method.stopSharingBuild, ({ buildId }) => {
        stopped.push(buildId)
        return {}
      })
    })
    assert.equal(await service.builds.share('b1'), 'https://x.test/b1')
    await service.builds.stopSharing('b1')
    assert.deepEqual(stopped, ['b1'])
  })

  it('are not asked for with something missing', async () => {
    await using service = await account(() => {})
    const { builds } = service
    const wrong: [() => Promise<unknown>, string][] = [
      [() => all(builds.list('')), 'projectId'],
      [() => builds.get(''), 'buildId'],
      [() => all(builds.steps({ projectId: '', buildId: 'b1' })), 'projectId'],
      [() => all(builds.steps({ projectId: 'p1', buildId: '' })), 'buildId'],
      [() => all(builds.stepLogs({ projectId: 'p1', buildId: 'b1', stepDigest: '' })), 'stepDigest'],
      [() => builds.share(''), 'buildId'],
      [() => builds.stopSharing(''), 'buildId'],
    ]
    for (const [call, subject] of wrong) await assert.rejects(call(), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(service.calls, [])
  })
})
