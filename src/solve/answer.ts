import { deadline } from '../base/deadline.ts'
import { deferred } from '../base/deferred.ts'
import { isBuildkitError } from '../base/errors.ts'
import type { Queried } from '../control/query.ts'
import { replyOf, unreadable } from '../grpc/client.ts'
import { Code, RpcError } from '../grpc/status.ts'
import { type Connection, openConnection } from '../transport/connection.ts'
import { isHeard } from '../transport/monitor.ts'
import { isCancellation, type RecordedOutcome, recordedOutcome } from './failure/recorded-failure.ts'

const solveMethod = '/moby.buildkit.v1.Control/Solve'

/** For the daemon's history, on a connection that is there or on a fresh one. */
const historyMs = 5_000
const connectMs = 2_000
/** For a connection that is asked whether it still hears the daemon. */
const hearingMs = 500
/** From the first sign that a build is over until the daemon is asked; doubled each time up to the maximum. */
const firstPauseMs = 1_000
const maxPauseMs = 30_000
/** For the answer of a build that the daemon has recorded as a success. */
const answerMs = 30_000
/** The longest that Node knows. */
const longestTimeoutMs = 2 ** 31 - 1

/** A build whose answer to Solve has not arrived. */
export interface Unanswered {
  readonly connection: Connection
  readonly ref: string
}

/**
 * Sends Solve and gives the answer. `isMaybeOver` settles at the first sign that the build is over: from then on the daemon
 * is asked whether it is, since an answer that is too large may never arrive. Ends with the signal. `onSent` is called once
 * the daemon may know of the build.
 */
export async function callSolve(
  build: Unanswered & {
    readonly metadata: Readonly<Record<string, string>>
    readonly onSent: () => void
  },
  request: Uint8Array,
  isMaybeOver: Promise<void>,
  signal: AbortSignal,
): Promise<Buffer> {
  const { rpc } = build.connection
  const call = rpc.serverStream(solveMethod, request, { signal, metadata: build.metadata })
  build.onSent()
  using search = new Search(build, isMaybeOver)
  try {
    return await Promise.race([replyOf(call), search.found])
  } finally {
    call.cancel(foundElsewhere)
  }
}

/** Made once: the stack of an error is the costly part. */
const foundElsewhere = new RpcError(Code.Canceled, 'the build is over')

/**
 * Looks for the answer of a build in the daemon's history, from when the build may be over until disposed of. A fresh
 * connection is asked: on Node 20 trailers that are too large make the old one hang, with all that is on it.
 */
class Search implements Disposable {
  readonly #build: Unanswered
  readonly #found = deferred<never>()
  #isOver = false
  #hasSucceeded = false
  #asking: AbortController | undefined
  /** A connection that Node 20 has given up holds no process alive, and this one has still to hear of it. */
  #timer = setTimeout(() => {}, longestTimeoutMs)

  constructor(build: Unanswered, isMaybeOver: Promise<void>) {
    this.#build = build
    void isMaybeOver.then(() => this.#askAfter(firstPauseMs))
  }

  /** Rejects with the answer once it is found. */
  get found(): Promise<never> {
    return this.#found.promise
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#asking?.abort(foundElsewhere)
  }

  #askAfter(pauseMs: number): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(pauseMs), pauseMs)
  }

  async #ask(pauseMs: number): Promise<void> {
    this.#asking = new AbortController()
    const outcome = await askInTime(this.#build, true, this.#asking.signal)
    if (outcome instanceof RpcError) {
      await failIfDeaf(this.#build.connection, this.#asking.signal)
      this.#found.reject(outcome)
    } else if (outcome !== 'succeeded') this.#askAfter(Math.min(2 * pauseMs, maxPauseMs))
    else if (this.#hasSucceeded) this.#found.reject(unanswered())
    else {
      this.#hasSucceeded = true
      this.#askAfter(answerMs)
    }
  }
}

/** A connection that Node 20 reads no more ends here: what else is on it would wait until it counts as silent. */
async function failIfDeaf({ state, rpc }: Connection, signal: AbortSignal): Promise<void> {
  if (state !== 'ready' && state !== 'draining') return
  if (await isHeard(rpc, { timeoutMs: hearingMs, signal })) return
  if (!signal.aborted) rpc.fail(unreadable())
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

/** Nothing where the daemon cannot be asked, on this connection or on a fresh one. */
async function askInTime(
  { connection, ref }: Unanswered,
  isFresh: boolean,
  signal?: AbortSignal,
): Promise<RecordedOutcome | undefined> {
  using time = deadline(historyMs, signal)
  const ask = (asked: Queried) => recordedOutcome(asked, ref, time.signal)
  const asking =
    isFresh || connection.state !== 'ready'
      ? onFreshConnection(connection, time.signal, ask)
      : ask(connection)
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

/** What the build has made stands in the answer: the record is no replacement for it. */
function unanswered(): RpcError {
  const text = `the daemon has recorded a success and has not answered within ${answerMs / 1000} s`
  return new RpcError(Code.DeadlineExceeded, text)
}

function neverArrived(cause: unknown): RpcError {
  return new RpcError(Code.Internal, 'the answer of the daemon has not arrived', {
    isReset: true,
    cause,
  })
}
