import { checkSignal } from '../base/check-signal.ts'
import { BuildkitError, cancelled } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'
import { Code, RpcError, rpcFailed } from '../grpc/status.ts'
import type { Connection } from '../transport/connection.ts'

/** For the whole answer to a question. A daemon that is gone is noticed before, and the error says so. */
const queryTimeoutMs = 30_000

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined
}

const queryOptionNames: OptionNames<QueryOptions> = { signal: true }

/** What a query needs of a connection. */
export type Queried = Pick<Connection, 'rpc'>

/** One request, one reply. Throws RPC_FAILED (its cause is the RpcError), TIMEOUT, CONNECTION_LOST or CANCELLED. */
export async function query(
  { rpc }: Queried,
  method: string,
  request: Uint8Array,
  options: QueryOptions = {},
): Promise<Buffer> {
  const signal = checked(options)
  try {
    return await rpc.unary(method, request, { signal, timeoutMs: queryTimeoutMs })
  } catch (error) {
    throw explained(error, method, signal)
  }
}

/** One request, many replies; leaving the loop ends the call. Throws as {@link query} does. */
export async function* queryStream(
  { rpc }: Queried,
  method: string,
  request: Uint8Array,
  options: QueryOptions = {},
): AsyncGenerator<Buffer, void> {
  const signal = checked(options)
  try {
    const call = rpc.serverStream(method, request, { signal, timeoutMs: queryTimeoutMs })
    try {
      yield* call.messages
    } finally {
      call.cancel(new RpcError(Code.Canceled, 'the rest of the answer is not needed'))
    }
  } catch (error) {
    throw explained(error, method, signal)
  }
}

/** True for the failure of a query that the daemon has answered with this gRPC status. */
export function isStatus(error: unknown, code: Code): boolean {
  const { cause } = error as { cause?: unknown }
  return cause instanceof RpcError && cause.grpcCode === code
}

function checked(options: QueryOptions): AbortSignal | undefined {
  checkKnownOptions(options, queryOptionNames)
  checkSignal(options.signal)
  return options.signal
}

function explained(error: unknown, method: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return cancelled(method, signal.reason, method)
  if (!(error instanceof RpcError)) return error
  return error.grpcCode === Code.DeadlineExceeded ? notAnswered(method, error) : rpcFailed(method, error)
}

/** The only deadline is ours, which the daemon knows too: it may be the first to see it pass. */
function notAnswered(method: string, cause: RpcError): BuildkitError {
  return new BuildkitError('TIMEOUT', `the daemon has not answered ${method}`, {
    subject: method,
    expected: `an answer within ${queryTimeoutMs / 1000} s`,
    received: 'none',
    advice: 'See whether the daemon is stopped or overloaded',
    cause,
  })
}
