import { checkCallback } from './base/callback.ts'
import { checkSignal } from './base/check-signal.ts'
import { BuildkitError, isBuildkitError } from './base/errors.ts'
import { checkKnownOptions, type OptionNames } from './base/known-options.ts'
import { guardedWarning, type OnWarning } from './base/warning.ts'
import { type DaemonInfo, info } from './control/info.ts'
import type { QueryOptions } from './control/query.ts'
import { listWorkers, type Worker } from './control/workers.ts'
import type { SolveOptions } from './solve/options/options.ts'
import { type SolveObserver, type SolveRun, startSolve } from './solve/run.ts'
import type { DaemonKind } from './transport/address.ts'
import {
  type Connection,
  type ConnectionOptions,
  type ConnectionState,
  openConnection,
} from './transport/connection.ts'
import type { Dialer } from './transport/route.ts'
import { type RouteOptions, routeTo } from './transport/route-to.ts'

/** How to reach a daemon, and how long to try. */
export interface ConnectOptions extends RouteOptions, ConnectionOptions {}

const connectOptionNames: OptionNames<ConnectOptions> = {
  tls: true,
  env: true,
  onWarning: true,
  signal: true,
  connectTimeoutMs: true,
  waitForReadyMs: true,
  livenessTimeoutMs: true,
  onState: true,
}

/** A connection to a BuildKit daemon. Made by {@link connect}; ended by `close()` or `await using`. */
export class Buildkit implements AsyncDisposable {
  readonly #connection: Connection
  readonly #onWarning: OnWarning | undefined
  readonly #observer: SolveObserver | undefined

  /** @internal Use {@link connect}. */
  constructor(connection: Connection, onWarning?: OnWarning, observer?: SolveObserver) {
    this.#connection = connection
    this.#onWarning = onWarning
    this.#observer = observer
  }

  /** What answers: a BuildKit daemon (also one behind a dialer), or the BuildKit inside a Docker Engine. */
  get kind(): DaemonKind {
    return this.#connection.route.kind
  }

  /**
   * `ready` until {@link close}, then `closed`; `draining` while the daemon is being stopped and takes no new calls;
   * `failed` when the connection broke.
   */
  get state(): ConnectionState {
    return this.#connection.state
  }

  /** Settles when the connection is over: with nothing after {@link close}, else with what broke it. */
  get closed(): Promise<Error | undefined> {
    return this.#connection.closed
  }

  /** Starts a build. What goes wrong is the rejection of its `result`. */
  solve(options: SolveOptions): SolveRun {
    const given = options ?? {}
    const { onWarning = this.#onWarning } = given
    const warned = onWarning === undefined ? given : { ...given, onWarning }
    return startSolve(this.#connection, warned, { observer: this.#observer })
  }

  /** Which BuildKit answers; undefined from one older than v0.11. Throws RPC_FAILED, TIMEOUT, CONNECTION_LOST, CLOSED or CANCELLED. */
  info(options?: QueryOptions): Promise<DaemonInfo | undefined> {
    return this.#ask(() => info(this.#connection, options))
  }

  /** The daemon's workers, the default one first. Throws RPC_FAILED, TIMEOUT, CONNECTION_LOST, CLOSED or CANCELLED. */
  listWorkers(options?: QueryOptions): Promise<Worker[]> {
    return this.#ask(() => listWorkers(this.#connection, options))
  }

  /** Ends the connection and every build on it. Idempotent. */
  close(): Promise<void> {
    return this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What fails on a connection that was closed here fails because of that. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      const isLost = isBuildkitError(error) && error.code === 'CONNECTION_LOST'
      if (!isLost || this.state !== 'closed') throw error
      throw new BuildkitError('CLOSED', 'the connection was closed before the daemon had answered', {
        cause: error,
        advice: 'Ask before close() is called, or before the scope of `await using` ends',
      })
    }
  }
}

/**
 * Connects to a BuildKit daemon: `unix:///path`, `tcp://host:port` (with `tls` for TLS), `docker://` for the
 * one inside a Docker Engine, `ssh://host` and `docker+ssh://host` for either on another machine, or a dialer of your own that returns a Duplex.
 *
 * Throws INVALID_OPTION, UNREACHABLE, TLS_FAILED, TIMEOUT or CANCELLED.
 */
export async function connect(address: string | Dialer, options: ConnectOptions = {}): Promise<Buildkit> {
  checkKnownOptions(options, connectOptionNames)
  checkSignal(options.signal)
  checkCallback('onState', options.onState)
  checkCallback('onWarning', options.onWarning)
  const onWarning = guardedWarning(options.onWarning)
  const route = await routeTo(address, { ...options, onWarning })
  return new Buildkit(await openConnection(route, options), onWarning)
}
