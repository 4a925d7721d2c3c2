import { Code, ConnectError } from '@connectrpc/connect'
import type { Build, BuildOutcome } from './build.ts'
import type { Plane } from './plane.ts'

/** The `result` of both services' FinishBuildRequest. */
export type ReportedResult =
  | { readonly case: 'success' | 'canceled' }
  | { readonly case: 'error'; readonly value: { readonly error: string } }
  | { readonly case: undefined }

/** What a client says of the end of its build. */
export function outcomeOf(result: ReportedResult): BuildOutcome {
  switch (result.case) {
    case 'success':
      return { status: 'success' }
    case 'error':
      return { status: 'failed', error: result.value.error }
    case 'canceled':
      return { status: 'cancelled', by: 'client' }
    default:
      throw new ConnectError('a finished build has a result', Code.InvalidArgument)
  }
}

/** Ends a build and gives its machines back. A second end is no error and changes nothing. */
export function finish(
  { leases, heartbeats }: Pick<Plane, 'leases' | 'heartbeats'>,
  build: Build,
  outcome: BuildOutcome,
): void {
  if (build.outcome !== undefined) return
  heartbeats.close(build.id)
  // The reply does not wait for it, as a machine may be about to start.
  leases.release(build.id).catch(() => {})
  build.finish(outcome)
}
