import { type Awaitable, CancellableRun, type RunEnd } from '../base/cancellable-run.ts'
import { BuildkitError, isBuildkitError } from '../base/errors.ts'
import { newId } from '../base/id.ts'
import { guardedWarning } from '../base/warning.ts'
import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { isAuth } from '../session/auth/local-auth.ts'
import { ownOutputs } from '../session/files/outputs.ts'
import type { Connection } from '../transport/connection.ts'
import { AnswerSearch, callSolve, storedAnswer } from './answer.ts'
import { runBody, type SolveBody } from './body.ts'
import { type Contribute, Contributions } from './contribution.ts'
import { FailureContext } from './failure/failure-context.ts'
import { solveError } from './failure/solve-error.ts'
import { optionContributions } from './option-contributions.ts'
import { checkOptions } from './options/check.ts'
import { checkShape } from './options/check-shape.ts'
import { checkDaemonExporters } from './options/daemon-exporters.ts'
import type { SolveOptions } from './options/options.ts'
import { sharedKeyOf } from './options/shared-key.ts'
import { solveRequest } from './request.ts'
import { resultOf, type SolveResult } from './result.ts'
import { OwnSession, type SessionLease } from './session-lease.ts'
import type { SharedSession } from './shared-session.ts'
import { type ClientStatus, encodeClientStatus } from './status/client-status.ts'
import { followStatus, type SolveOutcome, type StatusFollowing } from './status/follow-status.ts'
import type { SolveStatus } from './status/status.ts'
import { StatusFeed } from './status/status-feed.ts'

/**
 * A build under way. Awaiting it gives its result, so an async function that returns it returns the result. A build that
 * fails is an unhandled rejection unless it is awaited, cancelled, or its {@link status} is read to the end.
 */
export interface SolveRun extends Awaitable<SolveResult>, AsyncDisposable {
  /** The build's id at the daemon. */
  readonly ref: string
  /**
   * Every status message as it arrives, for each loop from the first message on; of more than 8 MiB the oldest are
   * folded into one. Reading is optional, and leaving the loop does not cancel the build. Throws what {@link result}
   * rejects with.
   */
  readonly status: AsyncIterable<SolveStatus>
  /**
   * What awaiting the run waits for: settles when the build, its exports and its status stream are over. Rejects with a
   * BuildkitError.
   */
  readonly result: Promise<SolveResult>
  /** Ends the build; the result then rejects with CANCELLED and this reason. Idempotent. */
  cancel(reason?: unknown): void
  /** Cancels the build unless it is over, and waits until it is. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Whoever answers for a connection, and so for what becomes of the builds on it. */
export interface SolveObserver {
  /** Told of every build when it starts. */
  onStart(run: StartedRun): void
  /** Gives the error that a build reports, for the one that has ended it. */
  explain(error: BuildkitError): Promise<BuildkitError>
}

/** A build for those that follow it. Its failure is not theirs to handle. */
export type StartedRun = Pick<SolveRun, 'ref' | 'status' | 'cancel'> & { readonly over: Promise<RunEnd> }

/** What surrounds a build, beside its options. */
export interface SolveContext {
  readonly observer?: SolveObserver | undefined
  /** The session to use in place of one of its own. */
  readonly session?: SharedSession
  /** Contributions beside those of its options. */
  readonly contributions?: readonly Contribute[]
  /** Runs while the daemon builds: from when Solve has been sent until it is answered. */
  readonly body?: SolveBody
}

/** Starts a build. Never throws: what is wrong with the options is the result's rejection. */
export function startSolve(
  connection: Connection,
  options: SolveOptions,
  context: SolveContext = {},
): SolveRun {
  const run = new Run(connection, options, context)
  context.observer?.onStart(run)
  return run
}

class Run extends CancellableRun<SolveResult> implements SolveRun {
  readonly ref: string
  readonly status = new StatusFeed()
  readonly #connection: Connection
  readonly #options: SolveOptions
  readonly #context: SolveContext
  readonly #failureContext = new FailureContext()
  readonly #lease: SessionLease
  #search: AnswerSearch | undefined
  #wasSent = false
  #isAnswered = false
  #broken: unknown

  constructor(connection: Connection, options: SolveOptions, context: SolveContext) {
    super()
    this.#connection = connection
    this.#options = options
    this.#context = context
    this.#lease = context.session?.lease() ?? new OwnSession(connection)
    this.ref = options.ref ?? newId()
    this.begin(
      this.status,
      () => this.#run(),
      async (error) => {
        const failure = this.#failure(await this.#answerFor(this.#broken ?? error))
        return (await context.observer?.explain(failure)) ?? failure
      },
    )
  }

  /** What is given to a build is taken care of from here on, also when its options are refused. */
  async #run(): Promise<SolveResult> {
    const { exports, signal } = this.#options
    using _outputs = ownOutputs(exports, (error) => this.#breakOff(error))
    checkShape(this.#options)
    using _signal = this.cancellation.follow(signal)
    if (this.#connection.state === 'closed') throw startedTooLate()
    const contributions = new Contributions()
    try {
      const result = await this.#prepareAndSolve(contributions)
      await contributions.succeeded(result, this.cancellation.signal)
      await contributions.end()
      return result
    } catch (error) {
      await contributions.end().catch(() => {})
      throw error
    }
  }

  /** Nothing here is waited for once the build is to end: a disk may hang, an attachable may be anyone's code. */
  async #prepareAndSolve(contributions: Contributions): Promise<SolveResult> {
    const { signal } = this.cancellation
    const { localDirs: given, sessionId } = this.#lease
    const options = { ...this.#options, localDirs: { ...given, ...this.#options.localDirs } }
    await checkOptions(options, signal)
    const makers = [
      ...optionContributions(this.#options, guardedWarning(this.#options.onWarning)),
      ...(this.#context.contributions ?? []),
    ]
    const report = (status: ClientStatus) => void this.status.push(encodeClientStatus(status))
    await contributions.make(makers, { sessionId, ref: this.ref, report }, signal)
    await contributions.check(signal)
    await checkDaemonExporters(options, this.#connection, signal)
    const sharedKey = options.sharedKey ?? (await sharedKeyOf(options, signal))
    signal.throwIfAborted()
    return await this.#solve(contributions, sharedKey)
  }

  /** Three lives run together: the session, the solve, and the status stream, which outlives the other two. */
  async #solve(contributions: Contributions, sharedKey: string): Promise<SolveResult> {
    const { attachables } = contributions
    const parts = contributions.requestParts(this.#options.frontendAttrs)
    const request = solveRequest(this.ref, this.#lease.sessionId, this.#options, {
      ...parts,
      frontendAttrs: { ...parts.frontendAttrs, ...this.#lease.frontendAttrs(attachables) },
    })
    this.#lease.serve(attachables, {
      sharedKey,
      isFrontend: this.#options.frontend !== undefined,
      onLost: (error) => this.#breakOff(error),
    })
    const search = new AnswerSearch({ connection: this.#connection, ref: this.ref })
    this.#search = search
    const following = this.#followStatus(search)
    void following.ended.then(() => search.begin())
    try {
      const result = await this.#callSolve(request, search)
      this.#isAnswered = true
      return result
    } finally {
      const left = this.#lease[Symbol.asyncDispose]()
      const { signal } = this.cancellation
      const isBroken = this.#broken !== undefined
      const followed = isBroken ? following.stop() : following.end(this.#outcome(), signal)
      await Promise.allSettled([left, followed])
    }
  }

  async #callSolve(request: Uint8Array, search: AnswerSearch): Promise<SolveResult> {
    const { signal } = this.cancellation
    const { metadata, sessionId } = this.#lease
    const onSent = () => {
      this.#wasSent = true
    }
    const call = { connection: this.#connection, metadata, search, onSent }
    const answer = callSolve(call, request, signal)
    const { body } = this.#context
    const reply = await (body === undefined
      ? answer
      : runBody(body, answer, {
          scope: { ref: this.ref, sessionId, rpc: this.#connection.rpc },
          signal,
          onFailure: (error) => this.#breakOff(error),
        }))
    const { ExporterResponse } = decode(moby.buildkit.v1.SolveResponse, 'SolveResponse', reply)
    return resultOf(this.ref, ExporterResponse)
  }

  /** Ends a build that cannot go on; the first reason counts. */
  #breakOff(error: unknown): void {
    this.#broken ??= error
    this.cancellation.stop(error)
  }

  #followStatus(search: AnswerSearch): StatusFollowing {
    return followStatus(this.#connection.rpc, {
      ref: this.ref,
      onStatus: (status, message) => {
        this.#failureContext.add(status)
        if (this.#failureContext.failedVertex(undefined) !== undefined) search.begin()
        return this.status.push(message, status)
      },
      onImpatience: () => this.status.release(),
      onFailure: (error) => this.#breakOff(error),
    })
  }

  #outcome(): SolveOutcome {
    if (this.#isAnswered) return 'succeeded'
    return this.cancellation.cancelled === undefined ? 'failed' : 'cancelled'
  }

  /** What has ended the build may only say that the daemon's answer has not arrived. */
  async #answerFor(error: unknown): Promise<unknown> {
    const isOurs = this.cancellation.cancelled !== undefined || this.#connection.state === 'closed'
    if (isOurs || !this.#wasSent || this.#isAnswered) return error
    return await storedAnswer(error, {
      connection: this.#connection,
      ref: this.ref,
      hasFailedStep: this.#failureContext.failedVertex(undefined) !== undefined,
      search: this.#search,
    })
  }

  #failure(error: unknown): BuildkitError {
    const { cancelled } = this.cancellation
    const isLost = isBuildkitError(error) && error.code === 'CONNECTION_LOST'
    if (cancelled === undefined && this.#connection.state === 'closed' && (this.#wasSent || isLost))
      return closedTooEarly(error)
    if (!this.#wasSent && cancelled === undefined && isBuildkitError(error)) return error
    return solveError({
      ref: this.ref,
      error,
      context: this.#failureContext,
      handlerErrors: this.#lease.handlerErrors,
      hasAuth: (this.#options.session ?? []).some(isAuth),
      cancelled,
    })
  }
}

function startedTooLate(): BuildkitError {
  return new BuildkitError('CLOSED', 'the connection was closed before the build was started', {
    advice: 'Start it before close() is called, or before the scope of `await using` ends',
  })
}

function closedTooEarly(cause: unknown): BuildkitError {
  return new BuildkitError(
    'CLOSED',
    'close() was called, or the scope of `await using` ended, before the build was over',
    { advice: 'Await the result inside it: return await buildkit.solve(options)', cause },
  )
}
