import type { Duplex } from 'node:stream'
import { CancellableRun } from '../base/cancellable-run.ts'
import { deferred } from '../base/deferred.ts'
import { BuildkitError, isBuildkitError } from '../base/errors.ts'
import { newId } from '../base/id.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import { moby } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { isAuth } from '../session/auth/local-auth.ts'
import { type Contribution, Services } from '../session/services.ts'
import { Session, type SessionHeaders } from '../session/session.ts'
import { sessionTunnel } from '../session/tunnel.ts'
import type { Connection } from '../transport/connection.ts'
import { callSolve, storedAnswer } from './answer.ts'
import { contributionsOf } from './attachables.ts'
import { FailureFacts } from './failure/failure-facts.ts'
import { solveError } from './failure/solve-error.ts'
import { checkOptions } from './options/check.ts'
import { checkShape } from './options/check-shape.ts'
import { checkDaemonExporters } from './options/daemon-exporters.ts'
import type { SolveOptions } from './options/options.ts'
import { sharedKeyOf } from './options/shared-key.ts'
import { solveRequest } from './request.ts'
import { resultOf, type SolveResult } from './result.ts'
import { followStatus, type SolveOutcome, type StatusFollowing } from './status/follow-status.ts'
import type { SolveStatus } from './status/status.ts'
import { StatusFeed } from './status/status-feed.ts'

const sessionMethod = '/moby.buildkit.v1.Control/Session'

/** A build under way. */
export interface SolveRun extends AsyncDisposable {
  /** The build's id at the daemon. */
  readonly ref: string
  /**
   * Every status message as it arrives, for each loop from the first message on; of more than 8 MiB the oldest are
   * folded into one. Reading is optional, and leaving the loop does not cancel the build. Throws what {@link result}
   * rejects with.
   */
  readonly status: AsyncIterable<SolveStatus>
  /** Settles when the build, its exports and its status stream are over. Rejects with a BuildkitError. */
  readonly result: Promise<SolveResult>
  /** Ends the build; the result then rejects with CANCELLED and this reason. Idempotent. */
  cancel(reason?: unknown): void
  /** Cancels the build unless it is over, and waits until it is. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Whoever answers for a connection, and so for what becomes of the builds on it. */
export interface SolveObserver {
  /** Told of every build when it starts. */
  onStart(run: SolveRun): void
  /** Gives the error that a build reports, for the one that has ended it. */
  explain(error: BuildkitError): Promise<BuildkitError>
}

/** Starts a build. Never throws: what is wrong with the options is the result's rejection. */
export function startSolve(
  connection: Connection,
  options: SolveOptions,
  observer?: SolveObserver,
): SolveRun {
  const run = new Run(connection, options, observer)
  observer?.onStart(run)
  return run
}

class Run extends CancellableRun<SolveResult> implements SolveRun {
  readonly ref: string
  readonly status = new StatusFeed()
  readonly result: Promise<SolveResult>
  readonly #connection: Connection
  readonly #options: SolveOptions
  readonly #observer: SolveObserver | undefined
  readonly #facts = new FailureFacts()
  /** Settles when the build may be over: its status has ended, or a step has failed. */
  readonly #maybeOver = deferred()
  #services: Services | undefined
  #broken: unknown

  constructor(connection: Connection, options: SolveOptions, observer?: SolveObserver) {
    super()
    this.#connection = connection
    this.#options = options
    this.#observer = observer
    this.ref = options.ref ?? newId()
    this.result = this.begin(
      this.status,
      () => this.#run(),
      async (error) => {
        const failure = this.#failure(await this.#answerFor(this.#broken ?? error))
        return (await this.#observer?.explain(failure)) ?? failure
      },
    )
  }

  async #run(): Promise<SolveResult> {
    checkShape(this.#options)
    using _ = this.cancellation.follow(this.#options.signal)
    if (this.#connection.state === 'closed') throw startedTooLate()
    await checkOptions(this.#options)
    const contributions = contributionsOf(this.#options)
    const services = new Services(contributions)
    await this.#checkAll(contributions)
    await checkDaemonExporters(this.#options, this.#connection)
    return await this.#solve(services)
  }

  /** They may be code that is not ours: a run that is cancelled does not wait for it. */
  async #checkAll(contributions: readonly Contribution[]): Promise<void> {
    const { signal } = this.cancellation
    for (const { attachable } of contributions)
      if (attachable.check !== undefined) await unlessAborted(attachable.check(signal), signal)
  }

  /** Three lives run together: the session, the solve, and the status stream, which outlives the other two. */
  async #solve(services: Services): Promise<SolveResult> {
    this.cancellation.signal.throwIfAborted()
    const session = new Session({
      services,
      sharedKey: this.#options.sharedKey ?? (await sharedKeyOf(this.#options)),
    })
    this.#services = services
    const serving = session.run((headers) => this.#tunnel(headers))
    serving.catch((error) => this.#breakOff(error))
    const following = this.#followStatus()
    following.ended.then(this.#maybeOver.resolve)
    let isAnswered = false
    try {
      const result = await this.#callSolve(session.id)
      isAnswered = true
      return result
    } finally {
      session.close()
      const followed =
        this.#broken === undefined ? following.end(this.#outcome(isAnswered)) : following.stop()
      await Promise.allSettled([serving, followed])
    }
  }

  async #callSolve(sessionId: string): Promise<SolveResult> {
    const request = solveRequest(this.ref, sessionId, this.#options)
    const build = { connection: this.#connection, ref: this.ref }
    const reply = await callSolve(build, request, this.#maybeOver.promise, this.cancellation.signal)
    const { ExporterResponse } = decode(moby.buildkit.v1.SolveResponse, 'SolveResponse', reply)
    return resultOf(this.ref, ExporterResponse)
  }

  /** Ends a build that cannot go on; the first reason counts. */
  #breakOff(error: unknown): void {
    this.#broken ??= error
    this.cancellation.stop(error)
  }

  /** The session travels on the connection itself, also to a Docker Engine: one monitor answers for all of it. */
  #tunnel(headers: SessionHeaders): Duplex {
    return sessionTunnel(this.#connection.rpc.open(sessionMethod, { metadata: headers }))
  }

  #followStatus(): StatusFollowing {
    return followStatus(this.#connection.rpc, {
      ref: this.ref,
      onStatus: (status, message) => {
        this.#facts.add(status)
        if (this.#facts.failedVertex(undefined) !== undefined) this.#maybeOver.resolve()
        return this.status.push(message, status)
      },
      onImpatience: () => this.status.release(),
      onFailure: (error) => this.#breakOff(error),
    })
  }

  #outcome(isAnswered: boolean): SolveOutcome {
    if (isAnswered) return 'succeeded'
    return this.cancellation.cancelled === undefined ? 'failed' : 'cancelled'
  }

  /** What has ended the build may only say that the daemon's answer has not arrived. */
  async #answerFor(error: unknown): Promise<unknown> {
    const isOurs = this.cancellation.cancelled !== undefined || this.#connection.state === 'closed'
    if (isOurs || this.#services === undefined) return error
    return await storedAnswer(error, {
      connection: this.#connection,
      ref: this.ref,
      hasFailedStep: this.#facts.failedVertex(undefined) !== undefined,
    })
  }

  #failure(error: unknown): BuildkitError {
    const { cancelled } = this.cancellation
    const wasSent = this.#services !== undefined
    const isLost = isBuildkitError(error) && error.code === 'CONNECTION_LOST'
    if (cancelled === undefined && this.#connection.state === 'closed' && (wasSent || isLost))
      return closedTooEarly(error)
    if (!wasSent && cancelled === undefined && isBuildkitError(error)) return error
    return solveError({
      ref: this.ref,
      error,
      facts: this.#facts,
      handlerErrors: this.#services?.errorsOf() ?? [],
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
    { advice: 'Await the result inside it: return await buildkit.solve(options).result', cause },
  )
}
