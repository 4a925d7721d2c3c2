import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { ProjectUsageSchema, UsageService } from '../../../src/gen/depot/core_usage_pb.js'
import type { Build } from './build.ts'
import { holderKey } from './calls.ts'
import { pageOf } from './paging.ts'
import type { Plane } from './plane.ts'
import { projectsOf } from './realms.ts'

/** `depot.core.v1.UsageService`: of the builds there are; no jobs, no sandboxes, and caches of no size. */
export function usageService({ state }: Plane): ServiceImpl<typeof UsageService> {
  const buildsIn = (projectId: string, period: Period): Build[] => {
    const [start, end] = boundsOf(period)
    return state
      .buildsOf(projectId)
      .filter(({ createdAt }) => createdAt.getTime() >= start && createdAt.getTime() < end)
  }
  const usageOf = (projectId: string, period: Period): MessageInitShape<typeof ProjectUsageSchema> => {
    const builds = buildsIn(projectId, period)
    const buildDurationSeconds = Math.round(secondsOf(builds))
    return { projectId, buildCount: builds.length, buildDurationSeconds, layerCacheSizeGb: 0 }
  }
  return {
    listProjectUsage(request, { values }) {
      const ids = projectsOf(values.get(holderKey), state).map(({ message }) => message.projectId)
      const { items, nextPageToken } = pageOf(ids, (id) => id, request)
      return { usage: items.map((id) => usageOf(id, request)), nextPageToken }
    },
    getProjectUsage: (request) => ({ usage: usageOf(request.projectId, request) }),
    getUsage(request, { values }) {
      const projects = projectsOf(values.get(holderKey), state).map(({ message }) => message)
      boundsOf(request)
      return {
        periodStart: request.startAt!,
        periodEnd: request.endAt!,
        containerBuild: projects.map(({ projectId, name }) => {
          const builds = buildsIn(projectId, request)
          return {
            projectName: name,
            buildCount: builds.length,
            minutesSaved: 0,
            minutesBilled: secondsOf(builds) / 60,
          }
        }),
      }
    },
  }
}

interface Period {
  readonly startAt?: Timestamp | undefined
  readonly endAt?: Timestamp | undefined
}

/** In milliseconds. */
function boundsOf({ startAt, endAt }: Period): [number, number] {
  if (startAt === undefined || endAt === undefined)
    throw new ConnectError('start_at and end_at are needed', Code.InvalidArgument)
  return [timestampDate(startAt).getTime(), timestampDate(endAt).getTime()]
}

function secondsOf(builds: readonly Build[]): number {
  return builds.reduce((sum, { createdAt, finishedAt }) => {
    return sum + ((finishedAt ?? new Date()).getTime() - createdAt.getTime()) / 1000
  }, 0)
}
