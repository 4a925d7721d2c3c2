import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import type { Connection } from '../transport/connection.ts'
import { type Queried, type QueryOptions, query } from './query.ts'

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

/** Lists the daemon's workers, the default one first. Throws RPC_FAILED, TIMEOUT, CONNECTION_LOST or CANCELLED. */
export async function listWorkers(connection: Connection, options: QueryOptions = {}): Promise<Worker[]> {
  const reply = await askForWorkers(connection, options)
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
export async function ping(connection: Queried, options: QueryOptions = {}): Promise<void> {
  await askForWorkers(connection, options)
}

function askForWorkers(connection: Queried, options: QueryOptions): Promise<Buffer> {
  return query(connection, '/moby.buildkit.v1.Control/ListWorkers', new Uint8Array(), options)
}
