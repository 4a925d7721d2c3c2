import { deadline } from '../base/deadline.ts'
import { isBuildkitError } from '../base/errors.ts'
import { onAbort } from '../base/on-abort.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { Queried } from '../control/query.ts'
import { Code, RpcError } from '../grpc/status.ts'
import { type Connection, openConnection } from '../transport/connection.ts'
import { isCancellation, type RecordedOutcome, recordedOutcome } from './failure/recorded-failure.ts'

const solveMethod = '/moby.buildkit.v1.Control/Solve'

/** For the daemon's history, on a connection that is there or on a fresh one. */
const historyMs = 5_000
const connectMs = 2_000
/** From the first sign that a build is over until the daemon is asked; doubled each time up to the maximum. */
const firstPauseMs = 1_000
const maxPauseMs = 30_000

/** A build whose answer to Solve has not arrived. */
export interface Unanswered {
  readonly connection: Connection
  readonly ref: string
}

/**
 * Sends Solve and gives the answer. `isMaybeOver` settles at the first sign that the build is over: from then on the daemon
 * is asked whether it is, since an answer that is too large may never arrive. Ends with the signal.
 */
export async function callSolve(
  build: Unanswered & { readonly metadata: Readonly<Record<string, string>> },
  request: Uint8Array,
  isMaybeOver: Promise<void>,
  signal: AbortSignal,
): Promise<Buffer> {
  const scope = new AbortController()
  using _ = onAbort(signal, (reason) => scope.abort(reason))
  // A connection that Node 20 has given up holds no process alive, and this one has still to hear of it.
  const awake = setInterval(() => {}, maxPauseMs)
  try {
    const answer = build.connection.rpc.unary(solveMethod, request, {
      signal: scope.signal,
      metadata: build.metadata,
    })
    return await Promise.race([answer, overdueAnswer(build, isMaybeOver, scope.signal)])
  } finally {
    clearInterval(awake)
    scope.abort()
  }
}

/**
 * Throws the answer of a build that is over; never settles in any other way before the signal aborts. A fresh connection is asked: on Node 20 trailers that are too large make the old one hang, with all that is on it.
 */
async function overdueAnswer(
  { connection, ref }: Unanswered,
  isMaybeOver: Promise<void>,
  signal: AbortSignal,
): Promise<never> {
  await unlessAborted(isMaybeOver, signal)
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    await pause(pauseMs, signal)
    const ask = (asked: Queried) => recordedOutcome(asked, ref, signal)
    const outcome = await onFreshConnection(connection, signal, ask).catch(() => undefined)
    signal.throwIfAborted()
    if (outcome instanceof RpcError) throw outcome
  }
}

/**
 * Gives the answer to Solve in place of an error that only says it has not arrived. BuildKit puts whole Dockerfiles into
 * it; as HTTP/2 trailers they can be too large: buildkitd then resets the call, an Engine costs us the connection.
 */
export async function storedAnswer(
  error: unknown,
  build: Unanswered & { readonly hasFailedStep: boolean },
): Promise<unknown> {
  const isReset = error instanceof RpcError && !error.isAnswer
  const isLost = isBuildkitError(error) && error.code === 'CONNECTION_LOST'
  if (!isReset && !isLost) return error
  const outcome = await askInTime(build, isLost)
  if (outcome instanceof RpcError && !isCancellation(outcome)) return outcome
  // The daemon is there and cannot say: what has ended the connection is most likely the failed step's answer.
  return isLost && outcome === 'unknown' && build.hasFailedStep ? neverArrived(error) : error
}

/** Nothing where the daemon cannot be asked. */
async function askInTime(
  { connection, ref }: Unanswered,
  isLost: boolean,
): Promise<RecordedOutcome | undefined> {
  using time = deadline(historyMs)
  const ask = (asked: Queried) => recordedOutcome(asked, ref, time.signal)
  const asking =
    isLost || connection.state !== 'ready' ? onFreshConnection(connection, time.signal, ask) : ask(connection)
  return await asking.catch(() => undefined)
}

async function onFreshConnection<T>(
  { route }: Connection,
  signal: AbortSignal,
  use: (connection: Queried) => Promise<T>,
): Promise<T> {
  const fresh = await openConnection(route, { signal, connectTimeoutMs: connectMs })
  try {
    return await use(fresh)
  } finally {
    await fresh.close()
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  using time = deadline(ms, signal)
  await unlessAborted(new Promise<never>(() => {}), time.signal).catch(() => {})
  signal.throwIfAborted()
}

function neverArrived(cause: unknown): RpcError {
  return new RpcError(Code.Internal, 'the answer of the daemon has not arrived', { cause })
}
