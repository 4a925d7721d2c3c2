import {
  BuildkitError,
  type ErrorCode,
  type ErrorFields,
  isBuildkitError,
  messageOf,
} from '../../base/errors.ts'
import { redactUrls, sanitize } from '../../base/redact.ts'
import { Code, codeName, RpcError } from '../../grpc/status.ts'
import type { HandlerError } from '../../session/handler-errors.ts'
import { type ErrorSource, readDetails } from './error-details.ts'
import type { FailedVertex, FailureFacts } from './failure-facts.ts'

/** The facts of a build that did not end well. */
export interface SolveErrorFields {
  /** The build's id at the daemon. */
  readonly ref: string
  /** The gRPC code of the daemon's answer, such as 2 for Unknown; undefined where it gave none. */
  readonly grpcCode?: number | undefined
  /** The step that failed, where one did. */
  readonly vertex?: FailedVertex | undefined
  /** The last lines that step wrote. */
  readonly logs?: readonly string[]
  /** The place in the Dockerfile, where the daemon sends one. */
  readonly source?: ErrorSource | undefined
  /** The exit code of the command that failed. */
  readonly exitCode?: number | undefined
}

/**
 * A build that failed (SOLVE_FAILED), was cancelled (CANCELLED), or was lost on the way (CONNECTION_LOST,
 * SESSION_LOST); where something on our side made it fail, the code says what (CONTEXT_FAILED,
 * CREDENTIALS_FAILED, EXPORT_FAILED, UNSAFE_PATH).
 */
export class SolveError extends BuildkitError {
  readonly ref: string
  readonly grpcCode: number | undefined
  readonly vertex: FailedVertex | undefined
  readonly logs: readonly string[]
  readonly source: ErrorSource | undefined
  readonly exitCode: number | undefined

  constructor(code: ErrorCode, message: string, fields: SolveErrorFields, more: ErrorFields) {
    super(code, message, more)
    this.ref = fields.ref
    this.grpcCode = fields.grpcCode
    this.vertex = fields.vertex
    this.logs = fields.logs ?? []
    this.source = fields.source
    this.exitCode = fields.exitCode
  }
}

SolveError.prototype.name = 'SolveError'

/** What is known when a solve has ended badly. */
export interface Failure {
  readonly ref: string
  readonly error: unknown
  readonly facts: FailureFacts
  /** The errors of our own handlers, which may be the cause behind the daemon's words. */
  readonly handlerErrors: readonly HandlerError[]
  /** True where the session answers for registries. */
  readonly hasAuth: boolean
  /** Set when the caller has cancelled. */
  readonly cancelled: { readonly reason: unknown } | undefined
}

/** Makes the one error that a build's result and status report. */
export function solveError(failure: Failure): BuildkitError {
  const { error, cancelled } = failure
  if (cancelled !== undefined) return cancelledError(failure, cancelled.reason)
  if (error instanceof RpcError) return answered(failure, error)
  if (isBuildkitError(error)) return lost(failure, error)
  return new SolveError('SOLVE_FAILED', `the build failed: ${messageOf(error)}`, fieldsOf(failure), {
    cause: error,
  })
}

function cancelledError(failure: Failure, reason: unknown): SolveError {
  const why = reason === undefined ? '' : `: ${messageOf(reason)}`
  return new SolveError('CANCELLED', `the build was cancelled${why}`, fieldsOf(failure), { cause: reason })
}

function answered(failure: Failure, error: RpcError): SolveError {
  const fields = fieldsOf(failure, error)
  const ours = ownCause(failure.handlerErrors, error)
  if (ours !== undefined) return new SolveError(ours.code, ours.message, fields, { cause: ours })
  const text = redactUrls(words(error, fields.vertex))
  const { code = 'SOLVE_FAILED', advice } = remedyFor(text, failure.hasAuth)
  return new SolveError(code, `the build failed: ${text}`, fields, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  })
}

function lost(failure: Failure, error: BuildkitError): BuildkitError {
  const fields = fieldsOf(failure)
  const running = failure.facts.runningStep
  const during = running === undefined ? '' : `, during ${sanitize(running)}`
  const after = fields.vertex === undefined ? '' : `, after ${fields.vertex.name} had failed`
  const { subject, expected, received, advice } = error
  return new SolveError(error.code, `${error.shortMessage}${during || after}`, fields, {
    ...(subject !== undefined && { subject }),
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...(advice !== undefined && { advice }),
    cause: error,
  })
}

/** The daemon repeats what our handler said somewhere in its own message; only then it is the cause. */
function ownCause(handlerErrors: readonly HandlerError[], { message }: RpcError): BuildkitError | undefined {
  const ours = handlerErrors.map(({ error }) => error).filter(isBuildkitError)
  return ours.find((error) => message.includes(error.message))
}

function fieldsOf({ ref, facts }: Failure, error?: RpcError): SolveErrorFields {
  const { vertex: digest, source, exitCode } = readDetails(error?.details)
  const vertex = facts.failedVertex(digest)
  return {
    ref,
    grpcCode: error?.grpcCode,
    vertex,
    logs: vertex === undefined ? [] : facts.lastLines(vertex.digest),
    source,
    exitCode,
  }
}

/**
 * The daemon's words. An answer too large for HTTP/2 headers arrives as a bare reset: then the failed step
 * tells what happened.
 */
function words(error: RpcError, vertex: FailedVertex | undefined): string {
  const wasReset = error.grpcCode === Code.Internal && error.details === undefined
  if (wasReset && vertex !== undefined && vertex.error !== '') return vertex.error
  return error.grpcCode === Code.Unknown ? error.message : `${codeName(error.grpcCode)}: ${error.message}`
}

function remedyFor(text: string, hasAuth: boolean): { code?: ErrorCode; advice?: string } {
  if (/exporter "[^"]*" could not be found/.test(text)) {
    const advice =
      'This daemon lacks that exporter: a Docker Engine without the containerd image store has only moby, local and tar'
    return { code: 'UNSUPPORTED', advice }
  }
  if (!refusedByRegistry.test(text)) return {}
  const registry = /https?:\/\/([^/\s"@]+)\/v2\//.exec(text)?.[1]
  if (hasAuth) return { advice: `Check the credentials of ${registry ?? 'that registry'}` }
  return { advice: "Give the registry's credentials: session: [dockerConfigAuth()]" }
}

/** What BuildKit and containerd say when a registry, or its token server, answers 401 or 403. */
const refusedByRegistry =
  /unexpected status[^\n]*: 40[13] |pull access denied|insufficient_scope|no basic auth credentials/
