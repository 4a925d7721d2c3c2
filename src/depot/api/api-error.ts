import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import {
  BuildkitError,
  cancelled,
  causes,
  type ErrorCode,
  isBuildkitError,
  withoutAdvice,
} from '../../base/errors.ts'
import { sanitize } from '../../base/redact.ts'
import { networkError } from '../../network/failure.ts'
import { TransportFailure } from './http/transport-failure.ts'
import { type ReplyFacts, replyFacts } from './reply-facts.ts'

/** What is known of a call to Depot's API that failed, beside the fields of every error. All of it is safe to log. */
export interface DepotApiErrorFields extends ReplyFacts {
  /** Connect's name for what happened, such as `resource_exhausted`; undefined where no reply came. */
  readonly apiCode?: string | undefined
  /** False where Depot has surely not processed the call. */
  readonly mayBeProcessed: boolean
}

/** A call to Depot's API that failed. Its `subject` is `package.Service/Method`. */
export class DepotApiError extends BuildkitError implements DepotApiErrorFields {
  readonly apiCode: string | undefined
  readonly mayBeProcessed: boolean
  readonly requestId: string | undefined
  readonly details: DepotApiErrorFields['details']

  /** @internal */
  constructor(
    code: ErrorCode,
    { method, ...more }: { method: string; received: string; advice?: string | undefined; cause?: unknown },
    fields: DepotApiErrorFields,
  ) {
    const { advice, ...rest } = more
    const { retryAfterMs } = fields
    super(code, `Depot's ${method} failed`, {
      subject: method,
      ...rest,
      ...(advice !== undefined && { advice }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
    this.apiCode = fields.apiCode
    this.mayBeProcessed = fields.mayBeProcessed
    this.requestId = fields.requestId
    this.details = fields.details
  }
}

DepotApiError.prototype.name = 'DepotApiError'

/** Which call failed, for messages. */
export interface ApiCall {
  /** `package.Service/Method` */
  readonly method: string
  readonly url: string
  /** The call's own: aborted by the caller or by the call's deadline. */
  readonly signal?: AbortSignal | undefined
  /** The token it was made with, which a service or proxy may echo. */
  readonly token?: string | undefined
}

/**
 * What a failed call to Depot's API means to its caller. Which of them may pass by
 * itself tells `isTransient`.
 */
export function apiError(error: unknown, call: ApiCall): BuildkitError {
  if (isBuildkitError(error)) return error
  const failure = ConnectError.from(error)
  const code = codeOf(failure, call.signal)
  if (code === 'CANCELLED') return cancelled(`Depot's ${call.method}`, call.signal?.reason, call.method)
  const lost = causes(failure).find((cause) => cause instanceof TransportFailure)
  return lost === undefined || code === 'TIMEOUT' ? replied(failure, code, call) : unanswered(lost, call)
}

/** API_FAILED for a reply without what it has to hold. */
export function unusableReply(method: string, expected: string): BuildkitError {
  return new BuildkitError('API_FAILED', `Depot returned an empty ${method} response`, {
    subject: method,
    expected,
    received: 'nothing',
  })
}

/** No response came, or only a part of one. */
function unanswered(failure: TransportFailure, { method, url, token }: ApiCall): BuildkitError {
  const mayBeProcessed = failure.stage === 'sent'
  const { origin } = new URL(url)
  const error = networkError(failure, origin)
  // What a proxy on the way has done has advice that fits.
  const ours = error.subject === origin
  const words = sanitize(ours ? (error.received ?? failure.message) : withoutAdvice(error), {
    secrets: [token],
  })
  const received = mayBeProcessed ? `${words}; Depot may have processed it` : words
  const advice = ours ? (advices[error.code] ?? error.advice) : error.advice
  return new DepotApiError(
    error.code,
    { method, received, advice, cause: failure },
    { mayBeProcessed, details: [] },
  )
}

/** Depot, or something before it, has said what is wrong, or the time was up. */
function replied(failure: ConnectError, code: ErrorCode, { method, token }: ApiCall): BuildkitError {
  const secrets = [token]
  const facts = replyFacts(failure, secrets)
  const words = `${Code[failure.code]}: ${sanitize(failure.rawMessage, { secrets })}`
  const received = facts.requestId === undefined ? words : `${words} (request ${facts.requestId})`
  // The library's own error holds the reply's headers and all of its text: a token may be in there.
  const cause = new Error(received, failure.cause === undefined ? {} : { cause: failure.cause })
  return new DepotApiError(
    code,
    { method, received, advice: advices[code], cause },
    { ...facts, apiCode: codeToString(failure.code), mayBeProcessed: mayBeProcessed(code, facts) },
  )
}

/** A limit of the rate counts before a call is processed; one of a plan, which names no time, may count later. */
function mayBeProcessed(code: ErrorCode, { retryAfterMs }: ReplyFacts): boolean {
  if (code === 'RESOURCE_EXHAUSTED') return retryAfterMs === undefined
  return code !== 'UNAUTHENTICATED' && code !== 'PERMISSION_DENIED'
}

function codeOf(failure: ConnectError, signal: AbortSignal | undefined): ErrorCode {
  if (signal?.aborted)
    return (signal.reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
      ? 'TIMEOUT'
      : 'CANCELLED'
  switch (failure.code) {
    case Code.DeadlineExceeded:
      return 'TIMEOUT'
    case Code.Unauthenticated:
      return 'UNAUTHENTICATED'
    case Code.PermissionDenied:
      return 'PERMISSION_DENIED'
    case Code.NotFound:
      return 'NOT_FOUND'
    case Code.ResourceExhausted:
      return 'RESOURCE_EXHAUSTED'
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
    case Code.OutOfRange:
      return 'REFUSED'
    case Code.Unimplemented:
      return 'UNSUPPORTED'
    default:
      return 'API_FAILED'
  }
}

const advices: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: 'Give a token that is valid: an option, or DEPOT_TOKEN',
  PERMISSION_DENIED: 'Use a token of the organization that the project belongs to',
  NOT_FOUND: 'Check the id of the project or build, and that the token may see it',
  API_FAILED: 'Try again later',
  TIMEOUT: 'Try again later, or check the network',
  RESOURCE_EXHAUSTED: 'Wait and try again, or see the limits of the plan',
  UNREACHABLE: 'Check the network, and the apiUrl option or DEPOT_API_URL',
}
