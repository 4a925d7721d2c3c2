import { Code, ConnectError } from '@connectrpc/connect'
import {
  BuildkitError,
  causes,
  type ErrorCode,
  type ErrorFields,
  messageOf,
  systemCode,
} from '../../base/errors.ts'
import { redactUrls } from '../../base/redact.ts'
import { tlsFailure } from '../../network/tls-failure.ts'

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
  const { method, url, signal } = call
  if (error instanceof BuildkitError) return error
  const failure = ConnectError.from(error)
  // Thrown by an interceptor that looked for the token.
  if (failure.cause instanceof BuildkitError) return failure.cause
  const tls = tlsFailure(failure.cause, url)
  if (tls !== undefined) return tls
  const code = codeOf(failure, signal)
  if (code === 'CANCELLED') return cancelled(method, signal?.reason)
  const received = said(failure, call)
  return new BuildkitError(code, `Depot's ${method} failed`, {
    subject: method,
    received,
    ...advices[code],
    // The library's own error holds the reply's headers and all of its text: a token may be in there.
    cause: new Error(received, { cause: failure.cause }),
  })
}

function cancelled(method: string, reason: unknown): BuildkitError {
  return new BuildkitError('CANCELLED', `Depot's ${method} was cancelled`, {
    subject: method,
    received: messageOf(reason),
    cause: reason,
  })
}

/** API_FAILED for a reply without what it has to hold. */
export function unusableReply(method: string, expected: string): BuildkitError {
  return new BuildkitError('API_FAILED', `Depot has answered ${method} with nothing to go by`, {
    subject: method,
    expected,
    received: 'an empty reply',
  })
}

function codeOf(failure: ConnectError, signal: AbortSignal | undefined): ErrorCode {
  const timedOut = (signal?.reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
  switch (failure.code) {
    case Code.Canceled:
      return signal?.aborted ? (timedOut ? 'TIMEOUT' : 'CANCELLED') : 'API_FAILED'
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
    case Code.Unavailable:
      return systemCode(causes(failure).at(-1)) === undefined ? 'API_FAILED' : 'UNREACHABLE'
    default:
      return 'API_FAILED'
  }
}

const advices: Partial<Record<ErrorCode, ErrorFields>> = {
  UNAUTHENTICATED: { advice: 'Give a token that is valid: an option, or DEPOT_TOKEN' },
  PERMISSION_DENIED: { advice: 'Use a token of the organization that the project belongs to' },
  NOT_FOUND: { advice: 'Check the id of the project or build, and that the token may see it' },
  API_FAILED: { advice: 'Try again later' },
  TIMEOUT: { advice: 'Try again later, or check the network' },
  RESOURCE_EXHAUSTED: { advice: 'Wait and try again, or see the limits of the plan' },
  UNREACHABLE: { advice: 'Check the network, and the apiUrl option or DEPOT_API_URL' },
}

const longestQuote = 500
/** What is shorter may be part of any word, and is no secret. */
const shortestToken = 8

/** The service's own words, of a bounded length, without the call's token and without credentials in URLs. */
function said({ code, rawMessage }: ConnectError, { token = '' }: ApiCall): string {
  const words = token.length < shortestToken ? rawMessage : rawMessage.replaceAll(token, '***')
  return `${Code[code]}: ${redactUrls(words.slice(0, longestQuote)).replace(/\p{C}+/gu, ' ')}`
}
