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
const hearingMs = 2_000
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

/** How Solve is sent. */
export interface SolveCall {
  readonly connection: Connection
  readonly metadata: Readonly<Record<string, string>>
  readonly search: AnswerSearch
  /** Called once the daemon may know of the build. */
  readonly onSent: () => void
}

/** Sends Solve and gives the answer, or the one that the search finds first. Ends with the signal. */
export async function callSolve(
  { connection, metadata, search, onSent }: SolveCall,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer> {
  using _ = search
  const call = connection.rpc.serverStream(solveMethod, request, { signal, metadata })
  onSent()
  try {
    return await Promise.race([replyOf(call), search.found])
  } finally {
    call.cancel(foundElsewhere)
  }
}

/** Made once: the stack of an error is the costly part. */
const foundElsewhere = new RpcError(Code.Canceled, 'the build is over')

/**
 * Looks for the answer of a build in the daemon's history once the build may be over, or its connection lost, until disposed
 * of: an answer that is too large may never arrive. A fresh connection is asked: on Node 20 trailers that are too large make
 * the old one hang, with all that is on it.
 */
export class AnswerSearch implements Disposable {
  readonly #build: Unanswered
  readonly #found = deferred<never>()
  #hasBegun = false
  #isDoubtful = false
  #isOver = false
  #hasSucceeded = false
  #asking: AbortController | undefined
  #lastWords: { readonly outcome: RecordedOutcome | undefined } | undefined
  /** A connection that Node 20 has given up holds no process alive, and this one has still to hear of it. */
  #timer = setTimeout(() => {}, longestTimeoutMs)

  constructor(build: Unanswered) {
    this.#build = build
    void build.connection.doubted.then(() => {
      this.#isDoubtful = true
      this.#hasBegun = true
      if (this.#asking === undefined) this.#askAfter(firstPauseMs)
    })
  }

  /** Rejects with the answer once it is found. */
  get found(): Promise<never> {
    return this.#found.promise
  }

  /** What the daemon has said since the connection may be lost; nothing where it was not asked since. */
  get lastWords(): { readonly outcome: RecordedOutcome | undefined } | undefined {
    return this.#lastWords
  }

  /** There is a sign that the build is over. */
  begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#askAfter(firstPauseMs)
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
    const isDoubtful = this.#isDoubtful
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const outcome = await askInTime(this.#build, true, signal)
    if (isDoubtful && !signal.aborted) this.#lastWords = { outcome }
    if (outcome instanceof RpcError) {
      await failIfDeaf(this.#build.connection, signal)
      this.#found.reject(outcome)
      return
    }
    this.#asking = undefined
    if (outcome !== 'succeeded') this.#askAfter(Math.min(2 * pauseMs, maxPauseMs))
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
  build: Unanswered & { readonly hasFailedStep: boolean; readonly search: AnswerSearch | undefined },
): Promise<unknown> {
  const isReset = error instanceof RpcError && !error.isAnswer
  const isLost = isBuildkitError(error) && error.code === 'CONNECTION_LOST'
  if (!isReset && !isLost) return error
  // A daemon that has just been asked, and was as silent on a fresh connection, is not asked again.
  const { outcome } = (isLost && build.search?.lastWords) || { outcome: await askInTime(build, isLost) }
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
