import { setTimeout as sleep } from 'node:timers/promises'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import {
  BuilderPlatform,
  type GetBuildKitConnectionResponse_ActiveConnection,
} from '../../gen/depot/cli_pb.js'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'
import {
  type BuildCancellation,
  heartbeatTimeoutMs,
  type MachineAccess,
  type MachineApi,
  pollTimeoutMs,
} from './machine-api.ts'
import type { MachinePlatform } from './machine-platform.ts'

/** Bounds of the server's `wait_ms`: 0 must not become a loop without a pause, nor a mistake an hour. */
const minWaitMs = 100
const maxWaitMs = 15_000

/**
 * The machine half of `depot.cli.v1`, which Depot's own clients use: polls, and no call to release. Its
 * compressor is not used: an uncompressed call is always accepted.
 */
export function cliMachineApi(
  { cli }: Pick<DepotApi, 'cli'>,
  buildId: string,
  machine: MachinePlatform,
): MachineApi {
  const request = { buildId, platform: platforms[machine] }
  return {
    async *acquire(signal) {
      for (;;) {
        const { connection } = await cli.getBuildKitConnection(request, {
          signal,
          timeoutMs: pollTimeoutMs,
        })
        switch (connection.case) {
          case 'active':
            yield { kind: 'active', ...accessOf(connection.value) }
            return
          case 'pending': {
            const waitMs = Math.min(Math.max(connection.value.waitMs, minWaitMs), maxWaitMs)
            yield { kind: 'pending', waitMs }
            await sleep(waitMs, undefined, { signal })
            break
          }
          default:
            throw unusableReply(
              'depot.cli.v1.BuildService/GetBuildKitConnection',
              'a machine, or when to ask again',
            )
        }
      }
    },
    async heartbeat(signal) {
      let date: string | null = null
      const onHeader = (header: Headers) => {
        date = header.get('date')
      }
      const options = { signal, timeoutMs: heartbeatTimeoutMs, onHeader }
      const { cancelsAt } = await cli.reportBuildHealth(request, options)
      return cancelsAt && cancellation(timestampDate(cancelsAt), date)
    },
    async release() {},
  }
}

/** A difference to Depot's clock that counts: its header has whole seconds, and has been on its way. */
const minSkewMs = 3_000

/** Undefined for a point in time that no Date can hold. */
function cancellation(at: Date, date: string | null): BuildCancellation | undefined {
  const skewMs = Date.parse(date ?? '') - Date.now()
  const inMs = at.getTime() - Date.now() - (Math.abs(skewMs) > minSkewMs ? skewMs : 0)
  return Number.isNaN(inMs) ? undefined : { at, inMs }
}

const platforms = { amd64: BuilderPlatform.AMD64, arm64: BuilderPlatform.ARM64 } as const

function accessOf(active: GetBuildKitConnectionResponse_ActiveConnection): MachineAccess {
  return {
    endpoint: active.endpoint,
    serverName: active.serverName,
    cert: active.cert?.cert ?? '',
    key: active.cert?.key ?? '',
    ca: active.caCert?.cert ?? '',
  }
}
