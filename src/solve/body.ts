import { deadline } from '../base/deadline.ts'
import { BuildkitError } from '../base/errors.ts'
import { onAbort } from '../base/on-abort.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { RpcClient } from '../grpc/client.ts'

/** What runs while the daemon builds, such as a frontend in this process. */
export type SolveBody = (scope: BodyScope, signal: AbortSignal) => Promise<void>

export interface BodyScope {
  /** The build's id at the daemon. */
  readonly ref: string
  /** By which the build names its session. */
  readonly sessionId: string
  /** The connection that the build is on. */
  readonly rpc: RpcClient
}

export interface BodyOptions {
  readonly scope: BodyScope
  /** Of the build. */
  readonly signal: AbortSignal
  /** Ends the build. */
  readonly onFailure: (error: unknown) => void
}

/** A body that does not heed the end of the build is not waited for longer than this. */
const graceMs = 5_000

/**
 * Runs a body until the answer to Solve, which is there when this settles. The end of the build aborts the body's signal;
 * a failure before that ends the build.
 */
export async function runBody<T>(
  body: SolveBody,
  answer: Promise<T>,
  { scope, signal, onFailure }: BodyOptions,
): Promise<T> {
  const end = new AbortController()
  using _ = onAbort(signal, (reason) => end.abort(reason))
  const running = (async () => body(scope, end.signal))().catch((error) => {
    if (!end.signal.aborted) onFailure(error)
  })
  try {
    return await answer
  } finally {
    end.abort(new BuildkitError('CLOSED', 'the build is over'))
    using grace = deadline(graceMs)
    await unlessAborted(running, grace.signal).catch(() => {})
  }
}
