import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { RpcClient } from '../grpc/client.ts'
import type { Route } from './route.ts'

/**
 * Where a connection is in its life: `connecting` until the daemon has shown that it speaks HTTP/2, `ready`
 * from then on, `closed` after {@link Connection.close}, `failed` when it broke.
 */
export type ConnectionState = 'connecting' | 'ready' | 'closed' | 'failed'

export interface ConnectionOptions {
  /** Gives up connecting when aborted. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for one attempt to connect. 20,000 by default, as in the Go client. */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Milliseconds to keep trying while the daemon is not there yet. 0 by default: the first failure counts.
   */
  readonly waitForReadyMs?: number | undefined
  /** Told of every change of state. */
  readonly onState?: ((state: ConnectionState) => void) | undefined
}

const defaultConnectTimeoutMs = 20_000
/** Between attempts; doubled each time up to the maximum, less up to a fifth by chance. */
const firstPauseMs = 50
const longestPauseMs = 1_000

/** One HTTP/2 connection to a daemon. When it breaks it stays broken: every build on it has failed anyway. */
export class Connection {
  readonly route: Route
  readonly rpc: RpcClient
  /** Settles when the connection is over: with nothing after {@link close}, else with what broke it. */
  readonly closed: Promise<BuildkitError | undefined>
  #state: ConnectionState = 'ready'
  readonly #onState: ((state: ConnectionState) => void) | undefined

  /** @internal Use {@link openConnection}. */
  constructor(route: Route, rpc: RpcClient, onState?: (state: ConnectionState) => void) {
    this.route = route
    this.rpc = rpc
    this.#onState = onState
    this.closed = rpc.closed.then((failure) => {
      if (this.#state === 'closed') return undefined
      this.#enter('failed')
      return failure ?? new BuildkitError('CONNECTION_LOST', `${route.description} has closed the connection`)
    })
    this.#enter('ready')
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Ends the connection and everything on it; settles when it is down. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'ready') {
      this.#enter('closed')
      this.rpc.close()
    }
    await this.closed
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.#onState?.(state)
  }
}

export interface OpenOptions extends ConnectionOptions {
  /**
   * Told of each stream to the daemon before anything has come back on it: what it calls there arrives a round trip
   * earlier than a call on the connection that follows.
   */
  readonly onDialled?: (rpc: RpcClient) => void
}

/**
 * Connects to a daemon. Throws UNREACHABLE or TLS_FAILED for the daemon that is not there or not ours,
 * TIMEOUT for the one that does not answer in time (with the last error in its message), CANCELLED.
 */
export async function openConnection(route: Route, options: OpenOptions = {}): Promise<Connection> {
  options.onState?.('connecting')
  try {
    return await attempts(route, options)
  } catch (error) {
    options.onState?.('failed')
    throw error
  }
}

async function attempts(route: Route, options: OpenOptions): Promise<Connection> {
  const { waitForReadyMs = 0, connectTimeoutMs = defaultConnectTimeoutMs } = options
  const deadline = performance.now() + waitForReadyMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const left = deadline - performance.now()
    const timeoutMs = waitForReadyMs > 0 ? Math.max(1, Math.min(left, connectTimeoutMs)) : connectTimeoutMs
    try {
      return await attempt(route, options, timeoutMs)
    } catch (error) {
      if (waitForReadyMs === 0 || !mayComeUp(error)) throw error
      if (performance.now() + pauseMs >= deadline) throw notReady(route, waitForReadyMs, error)
      await pause(pauseMs * (1 - Math.random() / 5), options.signal)
    }
  }
}

async function attempt(route: Route, options: OpenOptions, timeoutMs: number): Promise<Connection> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(timeoutError(route, timeoutMs)), timeoutMs)
  const signal =
    options.signal === undefined ? timeout.signal : AbortSignal.any([options.signal, timeout.signal])
  try {
    return await handshake(route, signal, options)
  } catch (error) {
    if (options.signal?.aborted) throw cancelled(route, options.signal.reason)
    if (timeout.signal.aborted) throw timeout.signal.reason
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function handshake(
  route: Route,
  signal: AbortSignal,
  { onState, onDialled }: OpenOptions,
): Promise<Connection> {
  signal.throwIfAborted()
  const duplex = await route.dial(signal)
  const rpc = new RpcClient(duplex, { authority: route.authority, scheme: route.scheme })
  const onAbort = () => rpc.close()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  else onDialled?.(rpc)
  try {
    await rpc.ready
    return new Connection(route, rpc, onState)
  } catch (error) {
    rpc.close()
    throw route.explain?.(error) ?? notBuildkit(route, error)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** True for failures that a daemon still starting up shows. */
function mayComeUp(error: unknown): boolean {
  return isBuildkitError(error) && (error.code === 'UNREACHABLE' || error.code === 'TIMEOUT')
}

function notBuildkit(route: Route, cause: unknown): BuildkitError {
  return new BuildkitError('UNREACHABLE', `${route.description} does not answer as a BuildKit daemon`, {
    subject: route.description,
    expected: 'gRPC over HTTP/2',
    received: isBuildkitError(cause) ? (cause.received ?? messageOf(cause)) : messageOf(cause),
    advice: 'Check that the address is the daemon’s own, and whether it wants TLS',
    cause,
  })
}

function timeoutError(route: Route, timeoutMs: number): BuildkitError {
  return new BuildkitError('TIMEOUT', `no connection to ${route.description}`, {
    subject: route.description,
    expected: `an answer within ${Math.round(timeoutMs)} ms`,
    received: 'none',
    advice: 'Check that a BuildKit daemon listens there',
  })
}

function notReady(route: Route, waitForReadyMs: number, last: unknown): BuildkitError {
  return new BuildkitError('TIMEOUT', `${route.description} did not become ready`, {
    subject: route.description,
    expected: `a daemon that answers within ${waitForReadyMs} ms`,
    received: `at the last attempt: ${messageOf(last)}`,
    cause: last,
  })
}

function cancelled(route: Route, reason: unknown): BuildkitError {
  return new BuildkitError('CANCELLED', `connecting to ${route.description} was cancelled`, {
    received: messageOf(reason),
    cause: reason,
  })
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
