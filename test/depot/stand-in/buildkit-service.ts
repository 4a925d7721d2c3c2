import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  type BuildKitService,
  type GetEndpointResponseSchema,
  Platform,
} from '../../../src/gen/depot/buildkit_pb.js'
import { faultKey } from './calls.ts'
import type { Architecture } from './machine.ts'
import { askForMachine, type MachineAnswer } from './machine-answer.ts'
import type { Plane } from './plane.ts'

/** `depot.buildkit.v1.BuildKitService`. No client of Depot's calls it: when it says pending is a convention of ours. */
export function buildkitService(plane: Plane): ServiceImpl<typeof BuildKitService> {
  const { state, faults, heartbeats, leases } = plane
  return {
    async *getEndpoint({ buildId, platform }, { values, signal }) {
      const architecture = architectureOf(platform)
      const build = state.build(buildId)
      const target = { service, method: 'GetEndpoint', buildId, platform: architecture }
      for (let fault = values.get(faultKey); ; fault = faults.take(target)) {
        const answer = await askForMachine(plane, build, architecture, fault)
        yield reply(answer)
        if (answer.state === 'active') return
        const enough = new AbortController()
        const waitMs = answer.state === 'pending' ? answer.waitMs : 0
        const waits: Promise<void>[] = [
          sleep(waitMs, undefined, { signal: AbortSignal.any([signal, enough.signal]) }),
        ]
        if (fault === undefined) waits.push(leases.settled(build, architecture))
        await Promise.race(waits).finally(() => enough.abort())
      }
    },
    async reportHealth(requests) {
      for await (const { buildId, platform } of requests) {
        const { outcome, cancelsAt = new Date(Number.NaN) } = state.build(buildId)
        if (
          (outcome?.status === 'cancelled' && outcome.by === 'stand-in') ||
          cancelsAt.getTime() <= Date.now()
        )
          throw new ConnectError('the build was cancelled', Code.FailedPrecondition)
        if (outcome === undefined) heartbeats.beat(buildId, architectureOf(platform))
      }
      return {}
    },
    async releaseEndpoint({ buildId, platform }) {
      const architecture = architectureOf(platform)
      heartbeats.close(buildId, architecture)
      await leases.release(buildId, architecture)
      return {}
    },
  }
}

const service = 'depot.buildkit.v1.BuildKitService'

function reply(answer: MachineAnswer): MessageInitShape<typeof GetEndpointResponseSchema> {
  switch (answer.state) {
    case 'empty':
      return {}
    case 'pending':
      return { connection: { case: 'pending', value: {} } }
    case 'active': {
      const { endpoint, serverName, client, ca } = answer.connection
      const cert = client && { cert: { cert: client.cert }, key: { key: client.key } }
      return {
        connection: {
          case: 'active',
          value: {
            endpoint,
            serverName,
            ...(cert && { cert }),
            ...(ca !== undefined && { caCert: { cert: ca } }),
          },
        },
      }
    }
  }
}

function architectureOf(platform: Platform): Architecture {
  switch (platform) {
    case Platform.AMD64:
      return 'amd64'
    case Platform.ARM64:
      return 'arm64'
    default:
      throw new ConnectError(`there are no machines for platform ${platform}`, Code.InvalidArgument)
  }
}
