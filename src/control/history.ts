import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { Code } from '../grpc/status.ts'
import type { BlobDescriptor } from './content.ts'
import { isStatus, type Queried, type QueryOptions, queryStream } from './query.ts'

const { BuildHistoryEvent, BuildHistoryEventType, BuildHistoryRequest } = moby.buildkit.v1

/** What the daemon remembers of a build. */
export interface BuildRecord {
  readonly isRunning: boolean
  /** How it failed; undefined while it runs and when it has succeeded. */
  readonly error: BuildRecordError | undefined
}

export interface BuildRecordError {
  /** The gRPC status code of the answer to Solve. */
  readonly code: number
  readonly message: string
  /** Holds a whole `google.rpc.Status`, details included; undefined from daemons before v0.15. */
  readonly status: BlobDescriptor | undefined
}

/**
 * Looks a build up in the daemon's history. Undefined where it is not there: the daemon is older than v0.11, does not
 * know the ref, or the build was `internal`. Throws RPC_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR or CANCELLED.
 */
export async function findBuild(
  connection: Queried,
  ref: string,
  options: QueryOptions = {},
): Promise<BuildRecord | undefined> {
  const request = BuildHistoryRequest.encode({ Ref: ref, EarlyExit: true }).finish()
  const method = '/moby.buildkit.v1.Control/ListenBuildHistory'
  let found: BuildRecord | undefined
  try {
    for await (const message of queryStream(connection, method, request, options)) {
      const { type, record } = decode(BuildHistoryEvent, 'BuildHistoryEvent', message)
      if (record?.Ref !== ref) continue
      if (type === BuildHistoryEventType.COMPLETE) return { isRunning: false, error: errorOf(record) }
      if (type === BuildHistoryEventType.STARTED) found = { isRunning: true, error: undefined }
    }
    return found
  } catch (error) {
    if (isStatus(error, Code.Unimplemented) || isStatus(error, Code.NotFound)) return undefined
    throw error
  }
}

type WireRecord = NonNullable<InstanceType<typeof BuildHistoryEvent>['record']>

function errorOf({ error, externalError: blob }: WireRecord): BuildRecordError | undefined {
  if (!error?.code) return undefined
  return {
    code: error.code,
    message: error.message ?? '',
    status: blob?.digest ? { digest: blob.digest, size: Number(blob.size ?? 0) } : undefined,
  }
}
