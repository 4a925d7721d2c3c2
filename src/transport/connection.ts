import { setTimeout as sleep } from 'node:timers/promises'
import { notify } from '../base/callback.ts'
import { deadline } from '../base/deadline.ts'
import { deferred } from '../base/deferred.ts'
import { BuildkitError, cancelled, invalidOption, isBuildkitError, messageOf } from '../base/errors.ts'
import { onAbort } from '../base/on-abort.ts'
import { RpcClient } from '../grpc/client.ts'
import { defaultLivenessTimeoutMs, monitor } from './monitor.ts'
import type { Route } from './route.ts'

/**
 * Where a connection is in its life: `connecting` until the daemon has shown that it speaks HTTP/2, `ready`
 * from then on, `draining` when the daemon is being stopped and takes no new calls while those under way go on,
 * `closed` after {@link Connection.close}, `failed` when it broke.
 */
export type ConnectionState = 'connecting' | 'ready' | 'draining' | 'closed' | 'failed'

export interface ConnectionOptions {
  /** Gives up connecting when aborted. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for one attempt to connect. 20,000 by default, as in the Go client. */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Milliseconds to keep trying while the daemon is not there yet. 0 by default: the first failure counts.
   */
  readonly waitForReadyMs?: number | undefined
  /**
   * Milliseconds without a byte from the daemon after which the connection and everything on it fails with
   * CONNECTION_LOST, with a build under way or without. After 2/5 of them a silent daemon is asked for an answer.
   * 25,000 by default, 1,000 at least; `Infinity` waits for ever.
   */
  readonly livenessTimeoutMs?: number | undefined
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
  readonly #doubted = deferred()

  /** @internal Use {@link openConnection}. */
  constructor(route: Route, rpc: RpcClient, { onState, livenessTimeoutMs }: ConnectionOptions) {
    this.route = route
    this.rpc = rpc
    this.#onState = onState
    monitor(rpc, {
      description: route.description,
      livenessTimeoutMs: livenessTimeoutMs ?? defaultLivenessTimeoutMs,
      onDoubt: () => this.#doubted.resolve(),
    })
    this.closed = rpc.closed.then((failure) => {
      if (this.#state === 'closed') return undefined
      this.#enter('failed')
      return failure ?? new BuildkitError('CONNECTION_LOST', `${route.description} has closed the connection`)
    })
    this.#enter('ready')
    void rpc.draining.then(() => {
      if (this.#state === 'ready') this.#enter('draining')
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Settles when the daemon has been silent for so long that this connection may be lost. */
  get doubted(): Promise<void> {
    return this.#doubted.promise
  }

  /** Ends the connection and everything on it; settles when it is down. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'ready' || this.#state === 'draining') {
      this.#enter('closed')
      this.rpc.close()
    }
    await this.closed
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    notify('onState', this.#onState, state)
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
 * TIMEOUT for the one that does not answer in time (with the last error in its message), CANCELLED,
 * INVALID_OPTION.
 */
export async function openConnection(route: Route, options: OpenOptions = {}): Promise<Connection> {
  checkLivenessTimeout(options.livenessTimeoutMs)
  notify('onState', options.onState, 'connecting')
  try {
    return await attempts(route, options)
  } catch (error) {
    notify('onState', options.onState, 'failed')
    throw error
  }
}

/** Far below it, a daemon under load would count as gone. */
const leastLivenessTimeoutMs = 1_000

function checkLivenessTimeout(value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= leastLivenessTimeoutMs)) return
  throw invalidOption('livenessTimeoutMs', { expected: 'milliseconds, 1000 at least', received: value })
}

async function attempts(route: Route, options: OpenOptions): Promise<Connection> {
  const { signal, waitForReadyMs = 0, connectTimeoutMs = defaultConnectTimeoutMs } = options
  const end = performance.now() + waitForReadyMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const left = end - performance.now()
    const timeoutMs = waitForReadyMs > 0 ? Math.max(1, Math.min(left, connectTimeoutMs)) : connectTimeoutMs
    try {
      return await attempt(route, options, timeoutMs)
    } catch (error) {
      if (waitForReadyMs === 0 || !mayComeUp(error)) throw error
      if (performance.now() + pauseMs >= end) throw notReady(route, waitForReadyMs, error)
      // A signal that aborts meanwhile is told by the next attempt.
      await sleep(pauseMs * (1 - Math.random() / 5), undefined, { signal }).catch(() => {})
    }
  }
}

async function attempt(route: Route, options: OpenOptions, timeoutMs: number): Promise<Connection> {
  const { signal } = options
  using limit = deadline(timeoutMs, signal, { timeoutReason: () => timeoutError(route, timeoutMs) })
  try {
    return await handshake(route, limit.signal, options)
  } catch (error) {
    if (signal?.aborted) throw cancelled(`connecting to ${route.description}`, signal.reason)
    if (limit.expired) throw limit.signal.reason
    throw error
  }
}

async function handshake(route: Route, signal: AbortSignal, options: OpenOptions): Promise<Connection> {
  signal.throwIfAborted()
  const duplex = await route.dial(signal)
  const rpc = new RpcClient(duplex, { authority: route.authority, scheme: route.scheme })
  using _ = onAbort(signal, () => rpc.close())
  if (!signal.aborted) options.onDialled?.(rpc)
  try {
    await rpc.ready
  } catch (error) {
    rpc.close()
    throw route.explain?.(error) ?? notBuildkit(route, error)
  }
  return new Connection(route, rpc, options)
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
