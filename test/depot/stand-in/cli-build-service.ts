import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  BuilderPlatform,
  type BuildSchema,
  type BuildService,
  BuildStatus,
  type GetBuildKitConnectionResponseSchema,
} from '../../../src/gen/depot/cli_pb.js'
import type { Build } from './build.ts'
import { faultKey, holderKey } from './calls.ts'
import { finish, outcomeOf } from './finish.ts'
import type { Architecture } from './machine.ts'
import { askForMachine, type MachineAnswer } from './machine-answer.ts'
import { pageOf } from './paging.ts'
import type { Plane, Settings } from './plane.ts'
import { projectToBuild } from './realms.ts'
import type { SavedImages } from './saved-images.ts'

/** `depot.cli.v1.BuildService` */
export function cliBuildService(plane: Plane): ServiceImpl<typeof BuildService> {
  const { state, settings, heartbeats, images, apiUrl } = plane
  const urlOf = (build: Build) => `${apiUrl}/projects/${build.projectId}/builds/${build.id}`
  return {
    createBuild({ projectId = '', options }, { values }) {
      const build = state.addBuild(projectToBuild(values.get(holderKey), projectId), options)
      return {
        buildId: build.id,
        buildToken: build.token,
        buildUrl: urlOf(build),
        projectId: build.projectId,
        registry: { canUseLocalRegistry: false, loadUsingRegistry: false },
        ...savedBy(build, images),
      }
    },
    getBuild({ buildId }) {
      const build = state.build(buildId)
      return { buildId, projectId: build.projectId, buildUrl: urlOf(build) }
    },
    finishBuild({ buildId, result }) {
      finish(plane, state.build(buildId), outcomeOf(result))
      return {}
    },
    async getBuildKitConnection({ buildId, platform }, { values }) {
      const architecture = architectureOf(platform)
      const answer = await askForMachine(plane, state.build(buildId), architecture, values.get(faultKey))
      return connectionReply(answer, settings.compressor)
    },
    reportBuildHealth({ buildId, platform }, { values }) {
      const build = state.build(buildId)
      const architecture = architectureOf(platform)
      if (build.outcome === undefined) heartbeats.beat(buildId, architecture)
      const fault = values.get(faultKey)
      const cancelsAt = fault?.kind === 'cancels-at' ? new Date(Date.now() + fault.inMs) : build.cancelsAt
      return cancelsAt === undefined ? {} : { cancelsAt: timestampFromDate(cancelsAt) }
    },
    reportTimings: () => ({}),
    reportStatus({ buildId, statuses }) {
      for (const status of statuses) state.build(buildId).steps.report(status)
      return {}
    },
    async reportStatusStream(requests) {
      for await (const { buildId, statuses } of requests)
        for (const status of statuses) state.build(buildId).steps.report(status)
      return {}
    },
    reportBuildContext: () => ({}),
    listBuilds({ projectId, ...request }) {
      const { items, nextPageToken } = pageOf(state.buildsOf(projectId), ({ id }) => id, request)
      return { builds: items.map(shown), nextPageToken }
    },
    getPullInfo({ buildId }) {
      const build = state.build(buildId)
      if (images === undefined)
        throw new ConnectError('this stand-in has no registry', Code.FailedPrecondition)
      return {
        reference: `${images.host}/${build.projectId}:${buildId}`,
        username: registryUser,
        password: state.tokens.issue({ kind: 'pull', projectId: build.projectId }),
        options: [...build.options],
        saveForLoad: false,
        registryHost: images.host,
      }
    },
    getPullToken({ projectId, buildId }, { values }) {
      const holder = values.get(holderKey)
      const own = holder?.kind === 'project' || holder?.kind === 'build' ? holder.projectId : undefined
      // Both may be there and empty.
      const asked = buildId ? state.build(buildId).projectId : projectId || own
      const token = state.tokens.issue({ kind: 'pull', projectId: asked })
      return { token, registryHost: images?.host ?? '' }
    },
  }
}

/** The user of Depot's registry, whatever the token. */
const registryUser = 'x-token'

/** Where a build that saves pushes to, and with what: `HOST/PROJECT:BUILD`, and a tag for each that it asks for. */
function savedBy({ id, projectId, token, options }: Build, images: SavedImages | undefined) {
  const saving = options.filter(({ save }) => save)
  if (images === undefined || saving.length === 0) return {}
  const { host } = images
  const tags = new Set([id, ...saving.flatMap(({ saveTags }) => saveTags)])
  const password = Buffer.from(`${registryUser}:${token}`).toString('base64')
  return {
    additionalTags: [...tags].map((tag) => ({ tag: `${host}/${projectId}:${tag}`, push: true })),
    additionalCredentials: [{ host, token: password }],
  }
}

function connectionReply(
  answer: MachineAnswer,
  compressor: Settings['compressor'],
): MessageInitShape<typeof GetBuildKitConnectionResponseSchema> {
  switch (answer.state) {
    case 'empty':
      return {}
    case 'pending':
      return { connection: { case: 'pending', value: { waitMs: answer.waitMs } } }
    case 'active': {
      const { endpoint, serverName, client, ca } = answer.connection
      return {
        connection: {
          case: 'active',
          value: {
            endpoint,
            serverName,
            ...(client && { cert: client }),
            ...(ca !== undefined && { caCert: { cert: ca } }),
            ...(compressor && { compressor: { case: compressor, value: {} } }),
          },
        },
      }
    }
  }
}

function architectureOf(platform: BuilderPlatform): Architecture {
  switch (platform) {
    case BuilderPlatform.AMD64:
      return 'amd64'
    case BuilderPlatform.ARM64:
      return 'arm64'
    default:
      throw new ConnectError(`there are no machines for platform ${platform}`, Code.InvalidArgument)
  }
}

function shown({ id, outcome, createdAt, finishedAt }: Build): MessageInitShape<typeof BuildSchema> {
  return {
    id,
    status: outcome === undefined ? BuildStatus.RUNNING : statuses[outcome.status],
    createdAt: timestampFromDate(createdAt),
    ...(finishedAt && { finishedAt: timestampFromDate(finishedAt) }),
  }
}

const statuses = {
  success: BuildStatus.FINISHED,
  failed: BuildStatus.FAILED,
  cancelled: BuildStatus.CANCELED,
}
