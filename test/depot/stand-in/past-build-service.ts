import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import { Build_Status, type BuildSchema, type BuildService } from '../../../src/gen/depot/core_pb.js'
import type { Build } from './build.ts'
import { pageOf } from './paging.ts'
import type { Plane } from './plane.ts'

/** `depot.core.v1.BuildService` */
export function pastBuildService({ state, apiUrl }: Plane): ServiceImpl<typeof BuildService> {
  return {
    listBuilds({ projectId, ...request }) {
      const { items, nextPageToken } = pageOf(state.buildsOf(projectId), ({ id }) => id, request)
      return { builds: items.map(shown), nextPageToken }
    },
    getBuild: ({ buildId }) => ({ build: shown(state.build(buildId)) }),
    shareBuild({ buildId }) {
      state.build(buildId).shared = true
      return { shareUrl: `${apiUrl}/shared/${buildId}` }
    },
    stopSharingBuild({ buildId }) {
      state.build(buildId).shared = false
      return {}
    },
  }
}

function shown({ id, outcome, createdAt, finishedAt, steps }: Build): MessageInitShape<typeof BuildSchema> {
  return {
    buildId: id,
    status: outcome === undefined ? Build_Status.RUNNING : statuses[outcome.status],
    createdAt: timestampFromDate(createdAt),
    startedAt: timestampFromDate(createdAt),
    totalSteps: steps.all.length,
    cachedSteps: steps.all.filter(({ cached }) => cached).length,
    savedDurationSeconds: 0,
    ...(finishedAt && {
      finishedAt: timestampFromDate(finishedAt),
      buildDurationSeconds: Math.round((finishedAt.getTime() - createdAt.getTime()) / 1000),
    }),
  }
}

/** ERROR is Depot's own failure, which a stand-in has none of. */
const statuses = {
  success: Build_Status.SUCCESS,
  failed: Build_Status.FAILED,
  cancelled: Build_Status.CANCELED,
}
