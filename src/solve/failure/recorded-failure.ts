import { readBlob } from '../../control/content.ts'
import { type BuildRecordError, findBuild } from '../../control/history.ts'
import type { Queried } from '../../control/query.ts'
import { Code, RpcError } from '../../grpc/status.ts'

/** A whole Dockerfile stands in it as base64, once for each place in it. */
const maxStatusBytes = 64 << 20

/** What the daemon's history says of a build: not there, running, succeeded, or its answer to Solve. */
export type RecordedOutcome = 'unknown' | 'running' | 'succeeded' | RpcError

/**
 * Looks the answer to Solve up in the daemon's history, whose messages are not bounded as HTTP/2 trailers are. Daemons
 * before v0.11 have no history, those before v0.15 keep no details, and `internal` builds are not in it.
 */
export async function recordedOutcome(
  connection: Queried,
  ref: string,
  signal: AbortSignal,
): Promise<RecordedOutcome> {
  const record = await findBuild(connection, ref, { signal })
  if (record === undefined) return 'unknown'
  if (record.isRunning) return 'running'
  if (record.error === undefined) return 'succeeded'
  const details = await detailsOf(connection, record.error, signal)
  const { code, message } = record.error
  return new RpcError(code, message, { isAnswer: true, ...(details !== undefined && { details }) })
}

/** The daemon ended the build because its client was gone: no news to that client. */
export function isCancellation(error: RpcError): boolean {
  return error.grpcCode === Code.Canceled || error.message.endsWith('context canceled')
}

/** Code and message are worth telling also without them. */
async function detailsOf(
  connection: Queried,
  { status }: BuildRecordError,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  if (status === undefined) return undefined
  return await readBlob(connection, status, { maxBytes: maxStatusBytes, signal }).catch(() => undefined)
}
