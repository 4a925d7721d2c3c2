import { once } from 'node:events'
import { checkCallback, notify } from '../../base/callback.ts'
import { deadline } from '../../base/deadline.ts'
import { deferred } from '../../base/deferred.ts'
import type { Environment } from '../../base/environment.ts'
import { BuildkitError, isBuildkitError, messageOf, withoutAdvice } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type { OnWarning } from '../../base/warning.ts'
import { Buildkit } from '../../buildkit.ts'
import { Code } from '../../grpc/status.ts'
import { SolveError } from '../../solve/failure/solve-error.ts'
import type { StartedRun } from '../../solve/run.ts'
import type { Connection } from '../../transport/connection.ts'
import type { Route } from '../../transport/route.ts'
import { milliseconds } from '../api/account-call.ts'
import { acquire, waitEnded } from './acquire.ts'
import { routeToMachine } from './certificates.ts'
import { Heartbeat } from './heartbeat.ts'
import type { MachineApi } from './machine-api.ts'
import type { MachinePlatform } from './machine-platform.ts'
import type { MachineState } from './machine-state.ts'
import { connectWhenReady } from './readiness.ts'

export interface AcquireMachineOptions {
  /** Gives up waiting for the machine. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until it has to be there. 300,000 by default. */
  readonly timeoutMs?: number | undefined
  /** Called with every state the machine enters, as long as it lives. */
  readonly onState?: ((state: MachineState) => void) | undefined
}

const acquireMachineOptionNames: OptionNames<AcquireMachineOptions> = {
  signal: true,
  timeoutMs: true,
  onState: true,
}

export interface MachineConnectOptions {
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the machine has to answer. 300,000 by default, as in Depot's own clients. */
  readonly timeoutMs?: number | undefined
  /** As in `connect`: milliseconds without a byte from the machine after which it is lost. 25,000 by default. */
  readonly livenessTimeoutMs?: number | undefined
  /** Called with warnings of the builds on this connection; by default as the `Depot` is. */
  readonly onWarning?: OnWarning | undefined
}

const machineConnectOptionNames: OptionNames<MachineConnectOptions> = {
  signal: true,
  timeoutMs: true,
  livenessTimeoutMs: true,
  onWarning: true,
}

/** As long as Depot's own clients wait for a machine. */
const defaultTimeoutMs = 300_000

/** For the call that gives a machine back. */
const releaseTimeoutMs = 10_000

/** A daemon that is being stopped has hung up so long after its last solve has failed. */
const shutdownMs = 1_000
/** The exit code of a process that got SIGKILL. */
const killed = 137

/** The build that a machine works for, as the machine sees it. */
export interface MachineOwner {
  readonly buildId: string
  /** Aborted when the build is over or cancelled. */
  readonly signal: AbortSignal
  readonly onWarning: OnWarning
  /** Where the proxy variables are looked up. */
  readonly env: Environment
  onStart(machine: Machine, run: StartedRun): void
  onSetback(machine: Machine, error: BuildkitError): void
  replace(machine: Machine, options: AcquireMachineOptions): Promise<Machine>
}

/**
 * A machine that builds for one platform of one build. Made by `build.acquireMachine()`; given back by
 * `release()`, by `await using`, or with its build.
 */
export class Machine implements AsyncDisposable {
  readonly platform: MachinePlatform
  readonly #api: MachineApi
  readonly #owner: MachineOwner
  readonly #onState: ((state: MachineState) => void) | undefined
  readonly #heartbeat: Heartbeat
  /** Aborted when the machine is released or lost, with the error for whoever still wants something of it. */
  readonly #over = new AbortController()
  readonly #connections = new Set<Buildkit>()
  readonly #runs = new Set<StartedRun>()
  #state: MachineState = { kind: 'requested' }
  #route: Route | undefined
  #released: Promise<void> | undefined

  /** @internal Use `build.acquireMachine()`. Its heartbeat starts at once. */
  constructor(
    platform: MachinePlatform,
    api: MachineApi,
    owner: MachineOwner,
    onState?: (state: MachineState) => void,
  ) {
    this.platform = platform
    this.#api = api
    this.#owner = owner
    this.#onState = onState
    this.#tell()
    this.#heartbeat = new Heartbeat((signal) => api.heartbeat(signal), {
      onCancel: (at) => void this.#cancelledByDepot(at),
      onFailing: (error) => this.#failing(error),
      onRefused: (error) => this.#refused(error),
    })
  }

  get state(): MachineState {
    return this.#state
  }

  /** @internal Waits until the machine is there; where it does not come, it is released. */
  async acquire({ signal, timeoutMs = defaultTimeoutMs }: AcquireMachineOptions): Promise<this> {
    using limit = deadline(Number.POSITIVE_INFINITY, [signal, this.#owner.signal, this.#over.signal])
    try {
      const access = await acquire(this.#api, {
        subject: this.#subject,
        timeoutMs,
        signal: limit.signal,
        onPending: (waitMs) => this.#pending(waitMs),
      })
      this.#route = await routeToMachine(access, this.#subject, this.#owner.env)
      this.#over.signal.throwIfAborted()
      this.#enter({ kind: 'active', endpoint: access.endpoint, serverName: access.serverName })
      return this
    } catch (error) {
      this.#setback(error)
      // The build's end waits for it; whoever wanted the machine has waited long enough.
      void this.release()
      throw error
    }
  }

  /**
   * Connects to BuildKit on the machine, with the certificates of this build, as soon as it answers. What is
   * built on the connection counts for the outcome of the build.
   *
   * Throws TLS_FAILED at once; TIMEOUT or UNREACHABLE for a machine that does not answer in time; CANCELLED;
   * MACHINE_LOST or CLOSED when the machine is no more.
   */
  async connect(options: MachineConnectOptions = {}): Promise<Buildkit> {
    checkKnownOptions(options, machineConnectOptionNames)
    checkCallback('onWarning', options.onWarning)
    const {
      signal,
      timeoutMs = defaultTimeoutMs,
      livenessTimeoutMs,
      onWarning = this.#owner.onWarning,
    } = options
    milliseconds(timeoutMs)
    this.#over.signal.throwIfAborted()
    using limit = deadline(Number.POSITIVE_INFINITY, [signal, this.#owner.signal, this.#over.signal])
    try {
      const ready = { subject: this.#subject, signal: limit.signal, timeoutMs, livenessTimeoutMs }
      const connection = await connectWhenReady(this.#route!, ready)
      return this.#connected(connection, onWarning)
    } catch (error) {
      const failure = limit.signal.aborted ? waitEnded(this.#subject, limit.signal.reason) : error
      this.#setback(failure)
      throw failure
    }
  }

  /**
   * A fresh machine in place of this one, which was lost. Once per build and platform: throws MACHINE_LOST
   * the second time, REFUSED for a machine that is not lost, else what acquiring throws.
   */
  async replace(options: AcquireMachineOptions = {}): Promise<Machine> {
    checkAcquireMachineOptions(options)
    return await this.#owner.replace(this, options)
  }

  /**
   * Gives the machine back: its heartbeat stops and its connections are closed, which cancels what is still
   * being built on them. Settles when that is done; never rejects. Idempotent.
   */
  release(): Promise<void> {
    if (this.#released === undefined) {
      // Kept before anybody is told, who may release it again.
      const { promise, resolve } = deferred()
      this.#released = promise
      void this.#release().finally(resolve)
    }
    return this.#released
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  get #subject(): string {
    return `the ${this.platform} machine of build ${this.#owner.buildId}`
  }

  #connected(connection: Connection, onWarning: OnWarning): Buildkit {
    const buildkit = new Buildkit(connection, onWarning, {
      onStart: (run) => this.#started(run),
      explain: (error) => this.#explain(error),
    })
    this.#connections.add(buildkit)
    void buildkit.closed.then((failure) => {
      this.#connections.delete(buildkit)
      if (failure !== undefined) this.#lose(failure)
    })
    return buildkit
  }

  #started(run: StartedRun): void {
    this.#runs.add(run)
    this.#owner.onStart(this, run)
    void run.over.then(() => this.#runs.delete(run))
  }

  /** A solve that has lost its daemon has lost its machine. */
  async #explain(error: BuildkitError): Promise<BuildkitError> {
    if (error.code === 'CONNECTION_LOST' || error.code === 'SESSION_LOST') this.#lose(error.cause ?? error)
    else if (mayBeShutDown(error)) await this.#overSoon()
    else if (error.code !== 'CLOSED') return error
    return this.#state.kind === 'lost' ? this.#lostError(this.#state.error.cause, error) : error
  }

  async #overSoon(): Promise<void> {
    using limit = deadline(shutdownMs, this.#over.signal)
    if (!limit.signal.aborted) await once(limit.signal, 'abort')
  }

  #failing(error: unknown): void {
    const message =
      `the heartbeats of ${this.#subject} fail: ${withoutAdvice(error)}. ` +
      'They go on; Depot ends a build from which it hears nothing'
    notify('onWarning', this.#owner.onWarning, { code: 'HEARTBEAT_FAILING', message })
  }

  /** Depot does not know the build any more. A machine that was not there yet is none to be lost. */
  #refused(error: BuildkitError): void {
    if (this.#state.kind === 'active') this.#lose(error)
    else this.#over.abort(error)
  }

  #lose(cause: unknown): void {
    if (this.#state.kind === 'lost' || this.#state.kind === 'released') return
    const error = this.#lostError(cause)
    this.#enter({ kind: 'lost', error })
    this.#over.abort(error)
    void this.#heartbeat.stop()
    for (const buildkit of this.#connections) void buildkit.close()
  }

  #lostError(cause: unknown, during?: BuildkitError): BuildkitError {
    const message = `${this.#subject} was lost: ${withoutAdvice(cause)}`
    const more = { cause, advice: 'Build again on a fresh machine, such as machine.replace() gives' }
    if (during instanceof SolveError) return new SolveError('MACHINE_LOST', message, during, more)
    return new BuildkitError('MACHINE_LOST', message, { subject: this.#subject, ...more })
  }

  async #cancelledByDepot(at: Date): Promise<void> {
    const reason = new BuildkitError('CANCELLED', `Depot has cancelled build ${this.#owner.buildId}`, {
      subject: this.#subject,
      received: `the order to stop at ${at.toISOString()}`,
      advice: 'See in its dashboard who has cancelled it, or which limit of time has passed',
    })
    this.#owner.onSetback(this, reason)
    for (const run of this.#runs) run.cancel(reason)
    this.#over.abort(reason)
    await this.release()
  }

  /** What came between the build and its machine; whatever was lost says so by itself. */
  #setback(error: unknown): void {
    if (isBuildkitError(error)) this.#owner.onSetback(this, error)
  }

  async #release(): Promise<void> {
    if (this.#state.kind !== 'lost') this.#enter({ kind: 'released' })
    this.#over.abort(
      new BuildkitError('CLOSED', `${this.#subject} was released`, { advice: 'Acquire it once more' }),
    )
    await this.#heartbeat.stop()
    await Promise.all([...this.#connections].map((buildkit) => buildkit.close()))
    using limit = deadline(releaseTimeoutMs)
    await this.#api.release(limit.signal).catch((error) => {
      const message = `Depot could not be told that ${this.#subject} is free: ${messageOf(error)}`
      notify('onWarning', this.#owner.onWarning, { code: 'NOT_REPORTED', message })
    })
  }

  /** Said again and again, it is told once. */
  #pending(waitMs: number | undefined): void {
    if (this.#state.kind !== 'pending' || this.#state.waitMs !== waitMs)
      this.#enter({ kind: 'pending', waitMs })
  }

  #enter(state: MachineState): void {
    this.#state = state
    this.#tell()
  }

  #tell(): void {
    notify('onState', this.#onState, this.#state)
  }
}

/** Throws INVALID_OPTION for an option that there is not, and for a `timeoutMs` that no timer can have. */
export function checkAcquireMachineOptions(options: AcquireMachineOptions): void {
  checkKnownOptions(options, acquireMachineOptionNames)
  checkCallback('onState', options.onState)
  milliseconds(options.timeoutMs ?? defaultTimeoutMs)
}

/**
 * What a solve says whose daemon is being stopped: it kills the steps before it hangs up. A step may be killed for
 * want of memory just as well; then the connection stays.
 */
function mayBeShutDown(error: BuildkitError): boolean {
  if (error.code !== 'SOLVE_FAILED' || !(error instanceof SolveError)) return false
  const { exitCode, grpcCode } = error
  return exitCode === killed || grpcCode === Code.Canceled || grpcCode === Code.Unavailable
}
