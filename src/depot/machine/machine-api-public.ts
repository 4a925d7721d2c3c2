import { type GetEndpointResponse_ActiveConnection, Platform } from '../../gen/depot/buildkit_pb.js'
import type { DepotApi } from '../api/api.ts'
import { DepotApiError, unusableReply } from '../api/api-error.ts'
import {
  type BuildCancellation,
  heartbeatTimeoutMs,
  type MachineAccess,
  type MachineApi,
} from './machine-api.ts'
import type { MachinePlatform } from './machine-platform.ts'

/**
 * The machine half of `depot.buildkit.v1`, Depot's public API: replies as one stream, and a call to release.
 * Each heartbeat is a call with one report: a stream held open for each machine would use up what one connection
 * may carry, and a half-dead one would go unnoticed.
 */
export function publicMachineApi(
  { machines }: Pick<DepotApi, 'machines'>,
  buildId: string,
  machine: MachinePlatform,
): MachineApi {
  const request = { buildId, platform: platforms[machine] }
  return {
    async *acquire(signal) {
      const call = new AbortController()
      const options = { signal: AbortSignal.any([signal, call.signal]) }
      const replies = machines.getEndpoint(request, options)[Symbol.asyncIterator]()
      try {
        for (let reply = await replies.next(); !reply.done; reply = await replies.next()) {
          const { connection } = reply.value
          if (connection.case === undefined) break
          if (connection.case === 'pending') {
            yield { kind: 'pending' }
          } else {
            yield { kind: 'active', ...accessOf(connection.value) }
            return
          }
        }
      } finally {
        void readToEnd(replies, call)
      }
      throw unusableReply('depot.buildkit.v1.BuildKitService/GetEndpoint', 'a machine, pending or active')
    },
    async heartbeat(signal) {
      try {
        await machines.reportHealth(once(request), { signal, timeoutMs: heartbeatTimeoutMs })
        return undefined
      } catch (error) {
        const cancellation = cancellationIn(error)
        if (cancellation === undefined) throw error
        return cancellation
      }
    },
    async release(signal) {
      await machines.releaseEndpoint(request, { signal })
    },
  }
}

/**
 * This API has no `cancels_at`: a cancelled build is one whose heartbeats are refused for that reason. Which code Depot
 * uses is not documented.
 */
function cancellationIn(error: unknown): BuildCancellation | undefined {
  if (!(error instanceof DepotApiError)) return undefined
  const { apiCode = '', received = '' } = error
  const cancelled =
    apiCode === 'canceled' || (/^(?:failed_precondition|aborted)$/.test(apiCode) && /cancel/i.test(received))
  return cancelled ? { at: new Date(), inMs: 0 } : undefined
}

const platforms = { amd64: Platform.AMD64, arm64: Platform.ARM64 } as const

/** How long the server may take to end a stream of which we have heard enough. */
const endTimeoutMs = 1_000

/** A stream of which something is unread counts as open, and would keep the process alive. */
async function readToEnd(replies: AsyncIterator<unknown>, call: AbortController): Promise<void> {
  const timer = setTimeout(() => call.abort(), endTimeoutMs)
  try {
    while (!(await replies.next()).done);
  } catch {
    // The end of a call that was ended.
  } finally {
    clearTimeout(timer)
    call.abort()
  }
}

async function* once<T>(message: T): AsyncGenerator<T> {
  yield message
}

function accessOf(active: GetEndpointResponse_ActiveConnection): MachineAccess {
  return {
    endpoint: active.endpoint,
    serverName: active.serverName,
    cert: active.cert?.cert?.cert ?? '',
    key: active.cert?.key?.key ?? '',
    ca: active.caCert?.cert ?? '',
  }
}
