import { once } from 'node:events'
import { type Awaitable, CancellableRun } from '../../base/cancellable-run.ts'
import { BuildkitError, isBuildkitError, messageOf, withoutAdvice } from '../../base/errors.ts'

import { retry } from '../../base/retry.ts'
import { emitWarning, guardedWarning } from '../../base/warning.ts'
import type { LoadedImage } from '../../engine/images.ts'

import { pushMerged } from '../../platforms/merged-image.ts'
import { insecureNames, pushedNames } from '../../platforms/shared-exports.ts'
import { grantedAuth } from '../../session/auth/granted-auth.ts'
import { isAuth, registryAuthOf } from '../../session/auth/local-auth.ts'
import { ownOutputs } from '../../session/files/outputs.ts'
import { SolveError } from '../../solve/failure/solve-error.ts'
import { checkOptions } from '../../solve/options/check.ts'
import type { SolveOptions } from '../../solve/options/options.ts'
import type { SolveResult } from '../../solve/result.ts'
import type { DepotBuild } from '../builds/build.ts'
import type { Outcome } from '../builds/outcome.ts'
import type { Machine } from '../machine/machine.ts'
import type { MachinePlatform } from '../machine/machine-platform.ts'
import type { MachineState } from '../machine/machine-state.ts'
import { type BegunBuild, type BuildRegistrar, beginBuild } from './begin-build.ts'
import type { DepotSolveOptions } from './depot-solve-options.ts'
import { type Loading, startLoading } from './engine-load.ts'
import { type DepotEvent, EventFeed } from './event-feed.ts'
import { planSolves, type SolvePlan, solveOptionsOf } from './solve-plan.ts'

/**
 * A build on Depot, under way: from its registration to its outcome. Awaiting it gives its result, so an async function
 * that returns it returns the result. A build that fails is an unhandled rejection unless it is awaited, cancelled, or its
 * {@link events} are read to the end.
 */
export interface DepotRun extends Awaitable<DepotResult>, AsyncDisposable {
  /**
   * What happens in it, for each loop from the beginning on. Reading is optional, and leaving the loop does not cancel the
   * build. Throws what {@link result} rejects with.
   */
  readonly events: AsyncIterable<DepotEvent>
  /**
   * What awaiting the run waits for: settles when the image is where it should be, the machines are released and Depot
   * knows the outcome. Rejects with a BuildkitError; for a failed solve a SolveError, whose message begins with the
   * platform where there are several machines. One machine's failure ends the other machine's work.
   */
  readonly result: Promise<DepotResult>
  /** Ends the build; the result then rejects with CANCELLED and this reason. Idempotent. */
  cancel(reason?: unknown): void
  /** Cancels the build unless it is over, and waits until it is. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a build on Depot came to. */
export interface DepotResult {
  readonly buildId: string
  readonly projectId: string
  /** Of its page in Depot's dashboard, or empty. */
  readonly url: string
  /** `sha256:…` of the image, or of the index that two machines have made; undefined where there is no image. */
  readonly digest: string | undefined
  /** What the image was pushed as, what Depot saves it as first. */
  readonly tags: readonly string[]
  /** What the Engine has taken; empty without `load`. */
  readonly loaded: readonly LoadedImage[]
  /** Of each machine. */
  readonly platforms: { readonly [P in MachinePlatform]?: SolveResult }
}

/** Starts a build. Never throws: what is wrong with the options is the result's rejection. */
export function startDepotRun(
  depot: BuildRegistrar,
  options: DepotSolveOptions,
  env: NodeJS.ProcessEnv,
): DepotRun {
  return new Run(depot, options, env)
}

class Run extends CancellableRun<DepotResult> implements DepotRun {
  readonly events = new EventFeed()
  readonly #depot: BuildRegistrar
  readonly #options: DepotSolveOptions
  readonly #env: NodeJS.ProcessEnv

  constructor(depot: BuildRegistrar, options: DepotSolveOptions, env: NodeJS.ProcessEnv) {
    super()
    this.#depot = depot
    this.#options = options
    this.#env = env
    this.begin(
      this.events,
      () => this.#run(),
      (error) => this.#failure(error),
    )
  }

  async #run(): Promise<DepotResult> {
    using _outputs = ownOutputs(this.#options.exports, (error) => this.cancellation.stop(error))
    const plan = planSolves(this.#options, this.#env)
    using _signal = this.cancellation.follow(this.#options.signal)
    await checkSolves(plan, this.#options, this.cancellation.signal)
    const loading = await startLoading(this.#options.load, this.#env, this.cancellation.signal)
    const begun = await this.#begin()
    return await this.#toTheEnd(begun.build, () => this.#build(begun, plan, loading))
  }

  async #begin(): Promise<BegunBuild> {
    const begun = await beginBuild(this.#depot, this.#options, this.#env, this.cancellation.signal)
    const { buildId, projectId, url } = begun.build
    this.events.push({ type: 'build', buildId, projectId, url })
    return begun
  }

  /** Whatever happens, Depot has been told the outcome before this settles. */
  async #toTheEnd<T>(build: DepotBuild, work: () => Promise<T>): Promise<T> {
    try {
      const result = await Promise.race([work(), this.#cancelledEnd(build)])
      // A solve that failed and was made again does not count.
      await this.#finish(build, { status: 'success' })
      return result
    } catch (error) {
      const failure = this.#failure(error)
      await this.#finish(build, outcomeOf(failure))
      throw failure
    }
  }

  async #finish(build: DepotBuild, outcome: Outcome): Promise<void> {
    await build.finish(outcome).catch((unreported) => {
      const onWarning = guardedWarning(this.#options.onWarning) ?? emitWarning
      const message = `Depot could not be told how build ${build.buildId} has ended: ${messageOf(unreported)}`
      onWarning({ code: 'NOT_REPORTED', message })
    })
  }

  /** Rejects when a cancelled build is over; what of the caller's hangs all the same is waited for no longer. */
  async #cancelledEnd(build: DepotBuild): Promise<never> {
    const { signal } = this.cancellation
    if (!signal.aborted) await once(signal, 'abort')
    if (this.cancellation.cancelled !== undefined) await build.finish({ status: 'cancelled' })
    throw signal.reason
  }

  async #build(
    { build, savedTags }: BegunBuild,
    plan: SolvePlan,
    loading: Loading | undefined,
  ): Promise<DepotResult> {
    const { shares, names, grants, retries } = plan
    const { buildId, projectId, url } = build
    const own = this.#options.session?.find(isAuth)
    const auth = build.authWith(grantedAuth(grants, own, { env: this.#env }))
    const unnamed = `depot-project-${projectId.toLowerCase()}:build-${buildId.toLowerCase()}`
    const { tags: given = [] } = this.#options
    const load = loading === undefined ? [] : [loading.export(given.length > 0 ? given : [unnamed])]
    const inputs = { savedTags, auth, load }
    const halt = new AbortController()
    const results = await allOrNone(
      shares.map(async (share) => {
        const options = solveOptionsOf(share, this.#options, plan, inputs)
        try {
          return await this.#onMachine(build, share.machine, { ...options, signal: halt.signal }, retries)
        } catch (error) {
          throw shares.length > 1 ? ofMachine(share.machine, error) : error
        }
      }),
      halt,
    )
    const { exports = [] } = this.#options
    const tags = [...savedTags, ...names, ...pushedNames(exports)]
    const [first] = results
    const merges = results.length > 1 && tags.length > 0
    const { signal } = this.cancellation
    return {
      ...{ buildId, projectId, url, tags },
      digest: merges
        ? await pushMerged(results.map(digestOf), tags, {
            auth: registryAuthOf(auth),
            insecure: insecureNames(exports),
            signal,
          })
        : first!.digest,
      loaded: (await loading?.images) ?? [],
      platforms: Object.fromEntries(shares.map(({ machine }, index) => [machine, results[index]])),
    }
  }

  /**
   * On a machine, or when that one is lost, if so wanted, on a fresh one. It is kept until the build is over, as Depot's own
   * clients do: a machine without heartbeats may have Depot cancel the build.
   */
  async #onMachine(
    build: DepotBuild,
    platform: MachinePlatform,
    options: SolveOptions & { readonly signal: AbortSignal },
    retries: number,
  ): Promise<SolveResult> {
    const { signal } = options
    const onState = (state: MachineState) => this.events.push({ type: 'machine', platform, state })
    let machine = await build.acquireMachine(platform, { signal, onState })
    let failure: unknown
    const attempt = async () => {
      if (isBuildkitError(failure)) this.events.push({ type: 'retry', platform, error: failure })
      try {
        return await this.#solve(machine, options)
      } catch (error) {
        failure = error
        const lost = isBuildkitError(error) && error.code === 'MACHINE_LOST'
        if (!lost || this.#options.replaceLostMachine !== true) throw error
        machine = await machine.replace({ signal, onState })
        return await this.#solve(machine, options)
      }
    }
    return await retry(attempt, { signal, attempts: 1 + retries, mayRetry: isDaemonFault, pauseMs: 100 })
  }

  async #solve(
    machine: Machine,
    options: SolveOptions & { readonly signal: AbortSignal },
  ): Promise<SolveResult> {
    const buildkit = await machine.connect({ signal: options.signal })
    const run = buildkit.solve(options)
    this.events.follow(machine.platform, run.status)
    return await run
  }

  #failure(error: unknown): unknown {
    const { cancelled, signal } = this.cancellation
    if (cancelled === undefined) return signal.aborted ? signal.reason : error
    if (isBuildkitError(error) && error.code === 'CANCELLED') return error
    const { reason } = cancelled
    const why = reason === undefined ? '' : `: ${messageOf(reason)}`
    return new BuildkitError('CANCELLED', `the build was cancelled${why}`, { cause: reason })
  }
}

/** Finds what is wrong with the options of any solve: said by the solve itself, it would cost a build and a machine. */
async function checkSolves(plan: SolvePlan, options: DepotSolveOptions, signal: AbortSignal): Promise<void> {
  const unregistered = { savedTags: [], auth: { methods: {} }, load: [] }
  for (const share of plan.shares)
    await checkOptions(solveOptionsOf(share, options, plan, unregistered), signal)
}

function outcomeOf(failure: unknown): Outcome {
  if (isBuildkitError(failure) && failure.code === 'CANCELLED') return { status: 'cancelled' }
  return { status: 'failed', error: messageOf(failure) }
}

/** The first failure halts the others and counts. The end of the build waits for them, but not for ever. */
async function allOrNone<T>(tasks: readonly Promise<T>[], halt: AbortController): Promise<T[]> {
  try {
    return await Promise.all(tasks)
  } catch (error) {
    halt.abort(error)
    throw error
  }
}

/** What BuildKit says of a fault of its own, which a second build does not meet (depot/cli `pkg/buildx/commands/build.go`). */
function isDaemonFault(error: unknown): boolean {
  if (!isBuildkitError(error) || error.code !== 'SOLVE_FAILED') return false
  return /inconsistent graph state|failed to get state for index/.test(error.message)
}

/** One of several has failed: the message says which. That of a machine that was lost does so by itself. */
function ofMachine(platform: MachinePlatform, error: unknown): unknown {
  if (!(error instanceof SolveError) || error.code === 'MACHINE_LOST') return error
  const { code, advice, cause } = error
  const more = { cause, ...(advice !== undefined && { advice }) }
  return new SolveError(code, `${platform}: ${withoutAdvice(error)}`, error, more)
}

function digestOf({ digest }: SolveResult): string {
  if (digest !== undefined) return digest
  throw new BuildkitError('PROTOCOL_ERROR', 'a machine has pushed an image and does not say which', {
    expected: 'a digest',
    received: 'none',
  })
}
