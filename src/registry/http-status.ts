import type { ErrorCode } from '../base/errors.ts'
import type { HttpReply } from '../network/http.ts'
import { retryAfterMs } from '../network/retry-after.ts'

/** The code for the status of a reply that is no success, of a registry or a token server. */
export function codeOf(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'PERMISSION_DENIED'
  if (status === 404) return 'NOT_FOUND'
  if (status === 413) return 'TOO_LARGE'
  if (status === 429) return 'RESOURCE_EXHAUSTED'
  return status >= 500 && !unsupported.has(status) ? 'UNREACHABLE' : 'PROTOCOL_ERROR'
}

/** Not implemented; HTTP version not supported: these do not pass. */
const unsupported = new Set([501, 505])

/** What a reply says about when to ask again, for an error's fields. */
export function retryAfter({ headers }: HttpReply): { retryAfterMs?: number } {
  const value = headers['retry-after']
  const ms = typeof value === 'string' ? retryAfterMs(value) : undefined
  return ms === undefined ? {} : { retryAfterMs: ms }
}
