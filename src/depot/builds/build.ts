import { deadline } from '../../base/deadline.ts'
import { deferred } from '../../base/deferred.ts'
import type { Environment } from '../../base/environment.ts'
import { BuildkitError, messageOf } from '../../base/errors.ts'
import type { OptionNames } from '../../base/known-options.ts'
import { onAbort } from '../../base/on-abort.ts'
import { emitWarning, guardedWarning, type OnWarning } from '../../base/warning.ts'
import type { Attachable } from '../../session/attachable.ts'
import { grantedAuth } from '../../session/auth/granted-auth.ts'
import type { StartedRun } from '../../solve/run.ts'
import { waitEnded } from '../machine/acquire.ts'
import {
  type AcquireMachineOptions,
  checkAcquireMachineOptions,
  Machine,
  type MachineOwner,
} from '../machine/machine.ts'
import type { MachineApi } from '../machine/machine-api.ts'
import { type BuildPlatform, type MachinePlatform, machineFor } from '../machine/machine-platform.ts'
import { onExitSignal } from './exit-signals.ts'
import { BuildRecord, checkOutcome, type Outcome } from './outcome.ts'
import type { Registration } from './registration.ts'
import { type SavedImages, savedImages } from './saved-images.ts'
import { warnIfUnfinished } from './unfinished.ts'

/** A solve that is cancelled has ended within this: 5 s are given to its session, and to its last status. */
const cancelTimeoutMs = 10_000

/** What a build asks of Depot, with its own token. */
export interface BuildServices {
  machine(platform: MachinePlatform): MachineApi
  finish(outcome: Outcome): Promise<void>
}

export interface DepotBuildOptions {
  /** Cancels the build: what is being acquired or built ends, and the outcome is `cancelled`. */
  readonly signal?: AbortSignal | undefined
  /**
   * Finishes the build as cancelled when the process gets SIGINT, SIGTERM or SIGHUP, also while it is being registered, and
   * then lets the process die of that signal, unless the application handles the signal itself. A second signal waits for
   * nothing. False by default.
   */
  readonly finishOnExit?: boolean | undefined
}

export const depotBuildOptionNames: OptionNames<DepotBuildOptions> = { signal: true, finishOnExit: true }

/**
 * A build that Depot knows of. Made by `depot.createBuild()` or `depot.adoptBuild()`. It ends once, by
 * `finish()` or by `await using`: what still runs on its machines is cancelled, the machines are released, and
 * Depot is told the outcome.
 */
export class DepotBuild implements AsyncDisposable {
  readonly buildId: string
  /** The project it belongs to, which may be another than was asked for. */
  readonly projectId: string
  /** Of its page in Depot's dashboard, or empty. */
  readonly url: string
  readonly #saved: SavedImages
  readonly #services: BuildServices
  readonly #onWarning: OnWarning
  readonly #env: Environment
  readonly #record = new BuildRecord()
  /** The latest machine of each platform, whatever has become of it. */
  readonly #machines = new Map<MachinePlatform, Machine>()
  readonly #replaced = new Set<MachinePlatform>()
  /** What is being built, and when that has gone into the record. */
  readonly #runs = new Map<StartedRun, Promise<void>>()
  /** Aborted when the build is cancelled or over. */
  readonly #stop = new AbortController()
  readonly #unlink: () => void
  #end: Promise<void> | undefined

  /** @internal Use `depot.createBuild()`. */
  constructor(
    registration: Registration,
    services: BuildServices,
    options: DepotBuildOptions & {
      readonly onWarning: OnWarning
      readonly env: Environment
      readonly saveTags?: readonly string[] | undefined
    },
  ) {
    const { signal, finishOnExit = false, onWarning, env, saveTags } = options
    this.buildId = registration.buildId
    this.projectId = registration.projectId
    this.url = registration.url
    this.#saved = savedImages(registration, saveTags)
    this.#services = services
    this.#onWarning = guardedWarning(onWarning) ?? emitWarning
    this.#env = env
    const forget = finishOnExit ? onExitSignal(() => this.finish({ status: 'cancelled' })) : undefined
    const finished = warnIfUnfinished(this.buildId, onWarning)
    const aborting = onAbort(signal, (reason) => {
      this.#record.cancelled()
      this.#cancel(reason)
    })
    this.#unlink = () => {
      aborting[Symbol.dispose]()
      finished()
      forget?.()
    }
  }

  /**
   * The names under which Depot keeps the image that is pushed to them; none for a build that is not to be saved.
   * `exports: [{ type: 'image', attrs: { name: build.savedTags.join(), push: 'true' } }]`
   */
  get savedTags(): readonly string[] {
    return this.#saved.tags
  }

  /** The credentials of this build for the saved images of its project, and for nothing else. */
  get auth(): Attachable {
    return this.authWith()
  }

  /** The same, and for all other registries and projects those of another attachable, such as `dockerConfigAuth()`. */
  authWith(others?: Attachable): Attachable {
    return grantedAuth(this.#saved.grants, others)
  }

  /**
   * Gets a machine that builds for a platform; several platforms may share one. Depot starts it, or has it
   * still running from the last build of the project. A build has one machine of each kind at a time.
   *
   * Throws INVALID_OPTION for a platform that no machine builds for; UNAUTHENTICATED, PERMISSION_DENIED,
   * NOT_FOUND or REFUSED by Depot; TIMEOUT with the last failure; TLS_FAILED for certificates that cannot be
   * used; CANCELLED; CLOSED when the build is over.
   */
  async acquireMachine(platform: BuildPlatform, options: AcquireMachineOptions = {}): Promise<Machine> {
    const machine = machineFor(platform)
    checkAcquireMachineOptions(options)
    return this.#acquire(machine, options)
  }

  /**
   * Ends the build with this outcome, whatever its solves say. The first call counts; any further one, and
   * leaving the scope, waits for it. Rejects with what kept Depot from being told, after 15 s of trying.
   */
  async finish(outcome: Outcome): Promise<void> {
    checkOutcome(outcome)
    await this.#endOnce(outcome)
  }

  /**
   * Ends the build with the outcome of its solves: `failed` when one failed, else `cancelled` when one was or
   * still ran, else `success`; `failed` when there was none. Never rejects: Depot that could not be told is the
   * warning NOT_REPORTED.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end !== undefined) return this.#end.catch(() => {})
    await this.#endOnce().catch((error) => {
      const message = `Depot could not be told how build ${this.buildId} has ended: ${messageOf(error)}`
      this.#onWarning({ code: 'NOT_REPORTED', message })
    })
  }

  async #acquire(platform: MachinePlatform, options: AcquireMachineOptions): Promise<Machine> {
    const last = this.#machines.get(platform)
    if (last !== undefined && last.state.kind !== 'released' && last.state.kind !== 'lost')
      throw alreadyHeld(this.buildId, platform)
    await last?.release()
    if (this.#machines.get(platform) !== last) throw alreadyHeld(this.buildId, platform)
    const { aborted, reason } = this.#stop.signal
    if (aborted) throw waitEnded(`the ${platform} machine of build ${this.buildId}`, reason)
    const machine = new Machine(platform, this.#services.machine(platform), this.#owner, options.onState)
    this.#machines.set(platform, machine)
    return await machine.acquire(options)
  }

  get #owner(): MachineOwner {
    return {
      buildId: this.buildId,
      signal: this.#stop.signal,
      onWarning: this.#onWarning,
      env: this.#env,
      onStart: ({ platform }, run) => this.#started(platform, run),
      onSetback: ({ platform }, error) => this.#record.setback(platform, error),
      replace: (machine, options) => this.#replace(machine, options),
    }
  }

  #started(platform: MachinePlatform, run: StartedRun): void {
    this.#record.started(platform)
    const recorded = run.over.then((end) => {
      if (end.failed) this.#record.failed(platform, end.error as BuildkitError)
      else this.#record.succeeded()
      this.#runs.delete(run)
    })
    this.#runs.set(run, recorded)
    if (this.#stop.signal.aborted) run.cancel(this.#stop.signal.reason)
  }

  async #replace(machine: Machine, options: AcquireMachineOptions): Promise<Machine> {
    const { platform, state } = machine
    if (state.kind !== 'lost') throw notLost(this.buildId, platform, state.kind)
    if (this.#replaced.has(platform)) throw replacedBefore(this.buildId, platform, state.error)
    this.#replaced.add(platform)
    return this.#acquire(platform, options)
  }

  #cancel(reason: unknown): void {
    this.#stop.abort(reason)
    for (const run of this.#runs.keys()) run.cancel(reason)
  }

  /** Settles when nothing is being built any more; what hangs all the same, in code of the caller's, is cancelled. */
  async #runsEnd(): Promise<void> {
    using limit = deadline(cancelTimeoutMs)
    const { signal } = limit
    const late = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    await Promise.race([Promise.all(this.#runs.values()), late])
    if (this.#runs.size > 0) this.#record.cancelled()
  }

  #endOnce(outcome?: Outcome): Promise<void> {
    if (this.#end === undefined) {
      // Kept before anything is cancelled: whoever is told of that may finish the build as well.
      const { promise, resolve, reject } = deferred()
      this.#end = promise
      this.#finish(outcome).then(resolve, reject)
    }
    return this.#end
  }

  async #finish(outcome?: Outcome): Promise<void> {
    try {
      this.#cancel(new BuildkitError('CLOSED', `build ${this.buildId} is over`))
      await this.#runsEnd()
      await Promise.all([...this.#machines.values()].map((machine) => machine.release()))
      await this.#services.finish(outcome ?? this.#record.outcome)
    } finally {
      this.#unlink()
    }
  }
}

function alreadyHeld(buildId: string, platform: MachinePlatform): BuildkitError {
  return new BuildkitError('REFUSED', `build ${buildId} has a machine for ${platform} already`, {
    subject: platform,
    advice: 'Connect to that one once more, or release it first',
  })
}

function notLost(buildId: string, platform: MachinePlatform, state: string): BuildkitError {
  return new BuildkitError('REFUSED', `the ${platform} machine of build ${buildId} cannot be replaced`, {
    subject: platform,
    expected: 'one that was lost',
    received: `one that is ${state}`,
  })
}

function replacedBefore(buildId: string, platform: MachinePlatform, cause: BuildkitError): BuildkitError {
  return new BuildkitError(
    'MACHINE_LOST',
    `the ${platform} machine of build ${buildId} was lost again after it had been replaced`,
    { subject: platform, advice: 'Start the build again later', cause },
  )
}
