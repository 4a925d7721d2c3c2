import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { Code } from '../grpc/status.ts'
import type { Connection } from '../transport/connection.ts'
import { isStatus, type QueryOptions, query } from './query.ts'

/** Which BuildKit answers. Empty strings where the daemon says nothing. */
export interface DaemonInfo {
  /** Such as `v0.33.1`; holds `-moby` when it is a Docker Engine. */
  readonly version: string
  readonly package: string
  readonly revision: string
}

/**
 * Asks which BuildKit answers. A daemon older than v0.11 cannot say: undefined. Throws RPC_FAILED, TIMEOUT,
 * CONNECTION_LOST or CANCELLED.
 */
export async function info(
  connection: Connection,
  options: QueryOptions = {},
): Promise<DaemonInfo | undefined> {
  try {
    const reply = await query(connection, '/moby.buildkit.v1.Control/Info', new Uint8Array(), options)
    const { buildkitVersion } = decode(moby.buildkit.v1.InfoResponse, 'InfoResponse', reply)
    return {
      version: buildkitVersion?.version ?? '',
      package: buildkitVersion?.package ?? '',
      revision: buildkitVersion?.revision ?? '',
    }
  } catch (error) {
    if (isStatus(error, Code.Unimplemented)) return undefined
    throw error
  }
}
