import { type BuildkitError, invalidOption } from '../../base/errors.ts'
import { Code } from '../../grpc/status.ts'
import { SolveError } from '../../solve/failure/solve-error.ts'
import type { MachinePlatform } from '../machine/machine-platform.ts'

/** How a build has ended, as Depot is told. */
export type Outcome =
  | { readonly status: 'success' }
  | {
      readonly status: 'failed'
      /** What the dashboard shows. The first 8,192 characters of it are sent. */
      readonly error: string
    }
  | { readonly status: 'cancelled' }

/** Throws INVALID_OPTION for what is no outcome. */
export function checkOutcome(outcome: Outcome): void {
  const { status, error } = (outcome ?? {}) as { status?: unknown; error?: unknown }
  if (status === 'success' || status === 'cancelled') return
  if (status !== 'failed')
    throw invalidOption('outcome', {
      expected: "an object with the status 'success', 'failed' or 'cancelled'",
      received: status ?? outcome,
    })
  if (typeof error !== 'string')
    throw invalidOption('outcome.error', { expected: 'a text that says what failed', received: error })
}

/** What has happened on the machines of a build, from which follows how the build has ended. */
export class BuildRecord {
  #succeeded = 0
  #cancelled = 0
  readonly #failures: Trouble[] = []
  /** What stood between us and a machine, until a solve starts on one of that platform. */
  readonly #setbacks = new Map<MachinePlatform, BuildkitError>()

  /** A solve starts: on a machine of that platform after all, and in place of one that was lost with the last. */
  started(platform: MachinePlatform): void {
    this.#setbacks.delete(platform)
    const lost = this.#failures.findIndex(
      ({ error, platform: its }) => its === platform && error.code === 'MACHINE_LOST',
    )
    if (lost >= 0) this.#failures.splice(lost, 1)
  }

  succeeded(): void {
    this.#succeeded++
  }

  /** A solve has ended with an error. */
  failed(platform: MachinePlatform, error: BuildkitError): void {
    if (isCancellation(error)) this.#cancelled++
    else this.#failures.push({ platform, error })
  }

  /** The caller has cancelled the build, whatever was going on. */
  cancelled(): void {
    this.#cancelled++
  }

  /** A machine could not be had, or not be connected to, or was taken away. */
  setback(platform: MachinePlatform, error: BuildkitError): void {
    this.#setbacks.set(platform, error)
  }

  /** The outcome so far: a failure counts before a cancellation, that before any success. */
  get outcome(): Outcome {
    const setbacks = [...this.#setbacks.values()]
    const [error] = [...this.#failures.map((failure) => failure.error), ...setbacks.filter(isFailure)]
    if (error !== undefined) return { status: 'failed', error: error.message }
    if (this.#cancelled > 0 || setbacks.length > 0) return { status: 'cancelled' }
    if (this.#succeeded > 0) return { status: 'success' }
    return { status: 'failed', error: 'nothing was built: no solve ran on a machine of this build' }
  }
}

interface Trouble {
  readonly platform: MachinePlatform
  readonly error: BuildkitError
}

function isFailure(error: BuildkitError): boolean {
  return !isCancellation(error)
}

/** Ended from here, or, as Depot's own clients count it, by a daemon that answers Canceled. */
function isCancellation(error: BuildkitError): boolean {
  if (error.code === 'CANCELLED' || error.code === 'CLOSED') return true
  return error.code === 'SOLVE_FAILED' && error instanceof SolveError && error.grpcCode === Code.Canceled
}
