import { checkSignal } from '../base/check-signal.ts'
import { BuildkitError, messageOf } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'
import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { Code, RpcError, rpcFailed } from '../grpc/status.ts'
import type { Connection } from '../transport/connection.ts'

/** How long the daemon may take to answer a question about itself. */
const queryTimeoutMs = 15_000

/** Which BuildKit answers. Empty strings where the daemon says nothing. */
export interface DaemonInfo {
  /** Such as `v0.33.1`; holds `-moby` when it is a Docker Engine. */
  readonly version: string
  readonly package: string
  readonly revision: string
}

/** A part of the daemon that runs builds. */
export interface Worker {
  readonly id: string
  /** Keys such as `org.mobyproject.buildkit.worker.snapshotter`. */
  readonly labels: Readonly<Record<string, string>>
  /** As `os/arch` or `os/arch/variant`; the native one first. */
  readonly platforms: readonly string[]
  /** Empty before BuildKit v0.11. */
  readonly version: string
}

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined
}

const queryOptionNames: OptionNames<QueryOptions> = { signal: true }

/**
 * Asks which BuildKit answers. A daemon older than v0.11 cannot say: undefined. Throws RPC_FAILED,
 * CONNECTION_LOST or CANCELLED.
 */
export async function info(
  connection: Connection,
  options: QueryOptions = {},
): Promise<DaemonInfo | undefined> {
  try {
    const reply = await query(connection, '/moby.buildkit.v1.Control/Info', options)
    const { buildkitVersion } = decode(moby.buildkit.v1.InfoResponse, 'InfoResponse', reply)
    return {
      version: buildkitVersion?.version ?? '',
      package: buildkitVersion?.package ?? '',
      revision: buildkitVersion?.revision ?? '',
    }
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause
    if (cause instanceof RpcError && cause.grpcCode === Code.Unimplemented) return undefined
    throw error
  }
}

/** Lists the daemon's workers, the default one first. Throws RPC_FAILED, CONNECTION_LOST or CANCELLED. */
export async function listWorkers(connection: Connection, options: QueryOptions = {}): Promise<Worker[]> {
  const reply = await query(connection, '/moby.buildkit.v1.Control/ListWorkers', options)
  return decode(moby.buildkit.v1.ListWorkersResponse, 'ListWorkersResponse', reply).record.map((record) => ({
    id: record.ID ?? '',
    labels: { ...record.Labels },
    platforms: (record.platforms ?? []).map(({ OS, Architecture, Variant }) =>
      [OS, Architecture, Variant].filter(Boolean).join('/'),
    ),
    version: record.BuildkitVersion?.version ?? '',
  }))
}

/** Asks for the workers and looks only at whether an answer comes. Throws what {@link listWorkers} does. */
export async function ping(connection: Pick<Connection, 'rpc'>, options: QueryOptions = {}): Promise<void> {
  await query(connection, '/moby.buildkit.v1.Control/ListWorkers', options)
}

async function query(
  { rpc }: Pick<Connection, 'rpc'>,
  method: string,
  options: QueryOptions,
): Promise<Buffer> {
  checkKnownOptions(options, queryOptionNames)
  const { signal } = options
  checkSignal(signal)
  try {
    return await rpc.unary(method, new Uint8Array(), { signal, timeoutMs: queryTimeoutMs })
  } catch (error) {
    if (signal?.aborted) throw cancelled(method, signal.reason)
    throw error instanceof RpcError ? rpcFailed(method, error) : error
  }
}

function cancelled(method: string, reason: unknown): BuildkitError {
  return new BuildkitError('CANCELLED', `${method} was cancelled: ${messageOf(reason)}`, {
    subject: method,
    cause: reason,
  })
}
