import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  type BuildService,
  type GetBuildStepsResponse_BuildStepSchema as BuildStepSchema,
  GetBuildStepsResponse_BuildStep_CacheState as CacheState,
} from '../../../src/gen/depot/build_pb.js'
import type { Build } from './build.ts'
import { holderKey } from './calls.ts'
import { finish, outcomeOf } from './finish.ts'
import { pageOf } from './paging.ts'
import type { Plane } from './plane.ts'
import { projectToBuild } from './realms.ts'
import type { Step } from './steps.ts'

/** `depot.build.v1.BuildService` */
export function buildService(plane: Plane): ServiceImpl<typeof BuildService> {
  const { state } = plane
  const buildIn = (projectId: string, buildId: string): Build => {
    const build = state.build(buildId)
    if (build.projectId === projectId) return build
    throw new ConnectError(`build ${buildId} is not one of project ${projectId}`, Code.NotFound)
  }
  return {
    createBuild({ projectId }, { values }) {
      const build = state.addBuild(projectToBuild(values.get(holderKey), projectId))
      return { buildId: build.id, buildToken: build.token }
    },
    finishBuild({ buildId, result }) {
      finish(plane, state.build(buildId), outcomeOf(result))
      return {}
    },
    getBuildSteps({ projectId, buildId, ...request }) {
      const { steps } = buildIn(projectId, buildId)
      const { items, nextPageToken } = pageOf(steps.all, ({ digest }) => digest, request)
      return { buildSteps: items.map(shown), nextPageToken }
    },
    getBuildStepLogs({ projectId, buildId, buildStepDigest, ...request }) {
      const step = buildIn(projectId, buildId).steps.get(buildStepDigest)
      if (step === undefined) throw new ConnectError(`step ${buildStepDigest} is not known`, Code.NotFound)
      const lines = step.logs.map((line, index) => ({ ...line, index }))
      const { items, nextPageToken } = pageOf(lines, ({ index }) => `${index}`, request)
      const logs = items.map(({ message, at }) => ({ message, timestamp: timestampFromDate(at) }))
      return { logs, nextPageToken }
    },
  }
}

function shown({
  digest,
  name,
  startedAt,
  completedAt,
  cached,
  error,
  logs,
}: Step): MessageInitShape<typeof BuildStepSchema> {
  return {
    name,
    digest,
    cacheState: cached ? CacheState.CACHED : CacheState.UNCACHED,
    hasLogs: logs.length > 0,
    ...(startedAt && { startedAt: timestampFromDate(startedAt) }),
    ...(completedAt && { completedAt: timestampFromDate(completedAt) }),
    ...(error !== undefined && { error }),
  }
}
