import { BuildkitError, type ErrorFields } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** gRPC status codes (grpc/grpc `doc/statuscodes.md`). */
export const Code = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const

export type Code = (typeof Code)[keyof typeof Code]

/** The name of a status code as the Go tools print it; unknown numbers print as `Code(n)`. */
export function codeName(code: number): string {
  for (const [name, value] of Object.entries(Code)) if (value === code) return name
  return `Code(${code})`
}

export interface RpcErrorOptions {
  readonly details?: Buffer
  readonly isAnswer?: boolean
  readonly isReset?: boolean
  readonly cause?: unknown
}

/**
 * A call that ended with a status other than OK. Thrown by a handler of ours, it is what the daemon gets;
 * thrown by a call of ours, it is what the daemon said.
 */
export class RpcError extends Error {
  /** The gRPC status code. */
  readonly grpcCode: number
  /** The serialized `google.rpc.Status` of the `grpc-status-details-bin` trailer, where one came. */
  readonly details: Buffer | undefined
  /** True for the other side's own status; false for one that stands for a reset, a time limit or a cancellation. */
  declare readonly isAnswer: boolean
  /** True where the other side has ended the call without a status, as it does when that would be too large. */
  declare readonly isReset: boolean

  constructor(grpcCode: number, message: string, options: RpcErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.grpcCode = grpcCode
    // Not shown where the error is printed: one is bytes, the other for us.
    Object.defineProperty(this, 'details', { value: options.details, enumerable: false })
    Object.defineProperty(this, 'isAnswer', { value: options.isAnswer ?? false, enumerable: false })
    Object.defineProperty(this, 'isReset', { value: options.isReset ?? false, enumerable: false })
  }
}

RpcError.prototype.name = 'RpcError'

/** What a user sees of a failed call: which method, which status, what the daemon said. */
export function rpcFailed(method: string, error: RpcError, fields: ErrorFields = {}): BuildkitError {
  return new BuildkitError(
    'RPC_FAILED',
    `${method}: ${codeName(error.grpcCode)}: ${printable(error.message)}`,
    {
      subject: method,
      cause: error,
      ...fields,
    },
  )
}
