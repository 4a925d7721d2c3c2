/**
 * Every code an error of this package can carry. The list is closed: `docs/errors.md` says of each
 * when it happens and what to do.
 */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'NO_DAEMON'
  | 'UNREACHABLE'
  | 'TLS_FAILED'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'CLOSED'
  | 'CONNECTION_LOST'
  | 'SESSION_LOST'
  | 'RPC_FAILED'
  | 'SOLVE_FAILED'
  | 'UNSUPPORTED'
  | 'PROTOCOL_ERROR'
  | 'TOO_LARGE'
  | 'UNSAFE_PATH'
  | 'CONTEXT_FAILED'
  | 'EXPORT_FAILED'
  | 'CREDENTIALS_FAILED'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'REFUSED'
  | 'API_FAILED'
  | 'MACHINE_LOST'

/** What an error is about, beside its message. Every field is safe to log: no secret gets in. */
export interface ErrorFields {
  /** The option, address, path, host or method the error is about. */
  subject?: string
  /** What was expected there. */
  expected?: string
  /** What came instead. */
  received?: string
  /** What the reader can do about it. */
  advice?: string
  /** Milliseconds after which the other side wants to be asked again, where it says so (HTTP's `Retry-After`). */
  retryAfterMs?: number
  /** The error underneath, untouched. */
  cause?: unknown
}

/** What errors of this package are known by, also those of another installed copy of it. */
const brand = Symbol.for('buildkit-client.error')

/** The base of every error this package throws on purpose. Recognise it with {@link isBuildkitError}. */
export class BuildkitError extends Error {
  readonly code: ErrorCode
  /** What failed, without what was expected, what came and what to do: the other fields say that. */
  readonly shortMessage: string
  readonly subject: string | undefined
  readonly expected: string | undefined
  readonly received: string | undefined
  readonly advice: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(withFields(message, fields), 'cause' in fields ? { cause: fields.cause } : undefined)
    this.code = code
    this.shortMessage = message
    this.subject = fields.subject
    this.expected = fields.expected
    this.received = fields.received
    this.advice = fields.advice
    this.retryAfterMs = fields.retryAfterMs
  }
}

Object.defineProperty(BuildkitError.prototype, brand, { value: true })

// Two copies of this package may be installed: `instanceof` knows the errors of both.
Object.defineProperty(BuildkitError, Symbol.hasInstance, {
  value(this: unknown, value: unknown) {
    return this === BuildkitError
      ? isBuildkitError(value)
      : Function.prototype[Symbol.hasInstance].call(this, value)
  },
})

// Not inside: a bundler would give the class another name, and `console.log` prints that one.
BuildkitError.prototype.name = 'BuildkitError'

/** True for an error of this package, also one that another installed copy of it has thrown. */
export function isBuildkitError(error: unknown): error is BuildkitError {
  return typeof error === 'object' && error !== null && brand in error
}

/** CANCELLED for what a caller ended by a signal, whose reason is the cause. `what` is a noun: "the build". */
export function cancelled(what: string, reason: unknown, subject?: string): BuildkitError {
  const why = reason === undefined ? '' : `: ${messageOf(reason)}`
  return new BuildkitError('CANCELLED', `${what} was cancelled${why}`, {
    cause: reason,
    ...(subject !== undefined && { subject }),
  })
}

/** An option that cannot be used, found before anything is sent. */
export function invalidOption(
  option: string,
  fields: { expected: string; received: unknown; advice?: string; cause?: unknown },
): BuildkitError {
  return new BuildkitError('INVALID_OPTION', `option ${option} cannot be used`, {
    ...fields,
    subject: option,
    received: describe(fields.received),
  })
}

/** The message of anything caught, for use inside another message. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** The same without what to do about it, for a message whose writer knows that better. */
export function withoutAdvice(error: unknown): string {
  if (!isBuildkitError(error)) return messageOf(error)
  const { expected, received } = error
  return withFields(error.shortMessage, {
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
  })
}

/** An error and the errors that caused it, outermost first. Bounded: a chain may be a circle. */
export function causes(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < maxCauses; at = at.cause) chain.push(at)
  return chain
}

const maxCauses = 8

/** The system's name of a failure (`ENOENT`, `ECONNREFUSED`), where the error has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function withFields(message: string, { expected, received, advice }: ErrorFields): string {
  let text = message
  if (expected !== undefined) text += `: expected ${expected}`
  if (received !== undefined) text += `${expected === undefined ? ':' : ','} got ${received}`
  if (advice !== undefined) text += text.includes('\n') ? `\n${advice}` : `. ${advice}`
  return text
}

const longestDescription = 120

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longestDescription))
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  const name = typeof value === 'object' ? value.constructor?.name : typeof value
  return name === undefined || name === 'Object'
    ? 'an object'
    : `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}
