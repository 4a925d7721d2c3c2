import {
  BuildkitError,
  type ErrorCode,
  type ErrorFields,
  isBuildkitError,
  messageOf,
} from '../../base/errors.ts'
import { printable, redactUrls, sanitize } from '../../base/redact.ts'
import { Code, codeName, RpcError } from '../../grpc/status.ts'
import type { HandlerError } from '../../session/handler-errors.ts'
import { type ErrorSource, readDetails } from './error-details.ts'
import type { FailedVertex, FailureContext } from './failure-context.ts'

/** What is known of a build that did not end well. */
export interface SolveErrorFields {
  /** The build's id at the daemon. */
  readonly ref: string
  /** The gRPC code of the daemon's answer, such as 2 for Unknown; undefined where it gave none. */
  readonly grpcCode?: number | undefined
  /** The step that failed, where one did. */
  readonly vertex?: FailedVertex | undefined
  /** The last lines that step wrote. */
  readonly logs?: readonly string[]
  /** The places in the Dockerfile, where the daemon sends some; most errors have one. */
  readonly sources?: readonly ErrorSource[]
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
  readonly sources: readonly ErrorSource[]
  readonly exitCode: number | undefined

  constructor(code: ErrorCode, message: string, fields: SolveErrorFields, more: ErrorFields) {
    super(code, message, more)
    this.ref = fields.ref
    this.grpcCode = fields.grpcCode
    this.vertex = fields.vertex
    this.logs = fields.logs ?? []
    this.sources = fields.sources ?? []
    this.exitCode = fields.exitCode
  }
}

SolveError.prototype.name = 'SolveError'

/** What is known when a solve has ended badly. */
export interface Failure {
  readonly ref: string
  readonly error: unknown
  readonly context: FailureContext
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
  return new SolveError('SOLVE_FAILED', `failed to solve: ${messageOf(error)}`, fieldsOf(failure), {
    cause: error,
  })
}

function cancelledError(failure: Failure, reason: unknown): SolveError {
  const why = reason === undefined ? '' : `: ${messageOf(reason)}`
  return new SolveError('CANCELLED', `the build was cancelled${why}`, fieldsOf(failure), { cause: reason })
}

function answered(failure: Failure, error: RpcError): SolveError {
  const fields = fieldsOf(failure, error)
  const ours = ownCause(failure.handlerErrors, [error.message, fields.vertex?.error])
  if (ours !== undefined) return new SolveError(ours.code, ours.message, fields, { cause: ours })
  const text = printable(redactUrls(words(error, fields.vertex)))
  const { code = 'SOLVE_FAILED', advice } = isTooLarge(error) ? unheard : remedyFor(text, failure.hasAuth)
  return new SolveError(code, `failed to solve: ${text}`, fields, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  })
}

function lost(failure: Failure, error: BuildkitError): BuildkitError {
  const fields = fieldsOf(failure)
  const ours = ownCause(failure.handlerErrors, [error.message, fields.vertex?.error])
  if (ours !== undefined) return new SolveError(ours.code, ours.message, fields, { cause: ours })
  const running = failure.context.runningStep
  const during = running === undefined ? '' : `, during ${sanitize(running)}`
  const after = fields.vertex === undefined ? '' : `, after ${sanitize(fields.vertex.name)} had failed`
  const { subject, expected, received, advice } = error
  return new SolveError(error.code, `${error.shortMessage}${during || after}`, fields, {
    ...(subject !== undefined && { subject }),
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...(advice !== undefined && { advice }),
    cause: error,
  })
}

/**
 * The daemon repeats what our handler said, in its answer or as the reason of the failed step; only then it is the cause.
 * A long message has been cut on its way.
 */
function ownCause(
  handlerErrors: readonly HandlerError[],
  texts: readonly (string | undefined)[],
): BuildkitError | undefined {
  const ours = handlerErrors.map(({ error }) => error).filter(isBuildkitError)
  return ours.find(({ message }) => texts.some((text) => text?.includes(message.slice(0, maxCompared))))
}

const maxCompared = 1_000

function fieldsOf({ ref, context }: Failure, error?: RpcError): SolveErrorFields {
  const { vertex: digest, sources, exitCode } = readDetails(error?.details)
  const vertex = context.failedVertex(digest)
  return {
    ref,
    grpcCode: error?.isAnswer ? error.grpcCode : undefined,
    vertex,
    logs: vertex === undefined ? [] : context.lastLines(vertex.digest),
    sources,
    exitCode: exitCode ?? exitCodeIn(vertex?.error),
  }
}

/** Old daemons, and those whose details are lost, say it in words only. */
function exitCodeIn(words: string | undefined): number | undefined {
  const digits = /exit code: (\d{1,3})$/.exec(words ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The daemon's words; where its answer has not arrived, what it has said of the failed step. */
function words(error: RpcError, vertex: FailedVertex | undefined): string {
  if (!hasArrived(error)) {
    const lost = isTooLarge(error)
      ? 'the answer of the daemon has not arrived; it is probably too large'
      : error.message
    return excerpt(vertex?.error || lost)
  }
  const text = excerpt(error.message)
  return error.grpcCode === Code.Unknown ? text : `${codeName(error.grpcCode)}: ${text}`
}

/** A plain reset. Others say what has happened to the call: it was refused, or what came was no answer. */
function isTooLarge(error: RpcError): boolean {
  return !hasArrived(error) && error.grpcCode === Code.Internal && (error.isReset || error.isAnswer)
}

/** What passes a call on may have made a status of a reset. */
function hasArrived({ isAnswer, grpcCode, details }: RpcError): boolean {
  return isAnswer && (grpcCode !== Code.Internal || details !== undefined)
}

/** The ends of a text: a step's name can be a script of many kilobytes, and the reason comes after it. */
function excerpt(text: string): string {
  return text.length <= maxWords ? text : `${text.slice(0, maxWords / 2)} ... ${text.slice(-maxWords / 2)}`
}

const maxWords = 8_000

/** Builds that are `internal` are not in the daemon's history, where large errors are looked up. */
const unheard: { code?: ErrorCode; advice: string } = {
  advice: 'BuildKit v0.15 or newer keeps large errors where they can be read, unless the build is `internal`',
}

function remedyFor(text: string, hasAuth: boolean): { code?: ErrorCode; advice?: string } {
  const exporter = /exporter "([^"]*)" could not be found/.exec(text)?.[1]
  if (exporter !== undefined) {
    const advice = /^(image|oci|docker)$/.test(exporter)
      ? 'A Docker Engine without the containerd image store has only moby, local and tar'
      : 'Check the type of the export, or use a newer daemon'
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
