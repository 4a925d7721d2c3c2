import { BuildkitError, type ErrorCode, type ErrorFields, isBuildkitError } from '../base/errors.ts'
import { sanitize } from '../base/redact.ts'
import type { HttpReply } from '../network/http.ts'
import { codeOf, retryAfter } from './http-status.ts'
import type { Reference } from './reference.ts'

/** An error of a registry. `what` is what it did to the image: "denied push access". */
export function registryFailed(
  code: ErrorCode,
  { domain, path }: Reference,
  what: string,
  fields: ErrorFields,
): BuildkitError {
  const subject = `${domain}/${path}`
  return new BuildkitError(code, `registry ${domain} ${what}, for ${subject}`, { subject, ...fields })
}

/** PROTOCOL_ERROR for a reply that no registry gives. */
export function unexpectedReply(
  image: Reference,
  fields: { expected: string; received: string },
): BuildkitError {
  return registryFailed('PROTOCOL_ERROR', image, 'returned an unexpected response', fields)
}

/** What an HTTP request threw, with the registry and the image. */
export function requestFailed(image: Reference, error: unknown): unknown {
  if (!isBuildkitError(error) || !ofConnections.has(error.code)) return error
  const { code, shortMessage, expected, received, advice } = error
  return registryFailed(code, image, `failed (${shortMessage})`, {
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    // Other advice is for those who look for a daemon.
    ...(code === 'TLS_FAILED' && advice !== undefined && { advice }),
    cause: error,
  })
}

const ofConnections: ReadonlySet<ErrorCode> = new Set(['UNREACHABLE', 'TLS_FAILED', 'TIMEOUT', 'TOO_LARGE'])

/** Throws for a reply that is no success, with the registry's own words. */
export function checkReply(image: Reference, access: 'pull' | 'push', reply: HttpReply): HttpReply {
  const { status, body } = reply
  if (status >= 200 && status < 300) return reply
  const words = sanitize(messagesIn(body.toString()), { maxLength: maxWords })
  const code = codeOf(status)
  const [what, advice] = meaningOf(code, access)
  throw registryFailed(code, image, what, {
    received: words === '' ? `status ${status}` : `status ${status}: ${words}`,
    ...(advice !== undefined && { advice }),
    ...retryAfter(reply),
  })
}

export const logInAdvice = 'Log in to the registry, or give its credentials'

function meaningOf(code: ErrorCode, access: 'pull' | 'push'): [what: string, advice?: string] {
  switch (code) {
    case 'UNAUTHENTICATED':
      return ['refused the credentials', logInAdvice]
    case 'PERMISSION_DENIED':
      return [`denied ${access} access`, 'Ask for access']
    case 'NOT_FOUND':
      return [access === 'push' ? 'has no such repository' : 'has no such image']
    case 'TOO_LARGE':
      return ['accepts no manifest of this size']
    case 'RESOURCE_EXHAUSTED':
      return ['rate-limited the request', 'Wait and try again']
    case 'UNREACHABLE':
      return ['failed with a server error', 'Try again later']
    default:
      return ['returned an unexpected response']
  }
}

const maxWords = 300

/** The messages of a registry's errors (opencontainers/distribution-spec, "Error Codes"), or else its text. */
function messagesIn(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] }
    return errors?.map(({ code, message }) => `${code}: ${message}`).join('; ') ?? text
  } catch {
    return text
  }
}
