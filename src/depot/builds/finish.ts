import type { MessageInitShape } from '@bufbuild/protobuf'
import { deadline } from '../../base/deadline.ts'
import { BuildkitError, isBuildkitError } from '../../base/errors.ts'
import { retry } from '../../base/retry.ts'
import type { FinishBuildRequestSchema } from '../../gen/depot/cli_pb.js'
import type { DepotApi } from '../api/api.ts'
import type { Outcome } from './outcome.ts'

/** For all tries together; nothing of the caller's shortens it, as a cancelled build has an outcome too. */
const timeoutMs = 15_000
/** For one of them, so that another has a chance where a reply is lost. */
const tryTimeoutMs = 6_000

const longestError = 8_192

/**
 * Tells Depot how a build has ended, again after failures that may pass: always the same. Throws what the last
 * call did.
 */
export async function reportOutcome(
  { cli }: Pick<DepotApi, 'cli'>,
  buildId: string,
  outcome: Outcome,
): Promise<void> {
  using limit = deadline(timeoutMs)
  let tried = 0
  await retry(
    async () => {
      try {
        await cli.finishBuild(
          { buildId, result: resultOf(outcome) },
          { signal: limit.signal, timeoutMs: tryTimeoutMs },
        )
      } catch (error) {
        // The first try had arrived, only its reply had not.
        if (tried++ > 0 && isBuildkitError(error) && error.code === 'REFUSED') return
        throw error
      }
    },
    { signal: limit.signal, attempts: Number.POSITIVE_INFINITY },
  ).catch((error) => {
    throw limit.expired ? notInTime(buildId, error) : error
  })
}

function resultOf(outcome: Outcome): MessageInitShape<typeof FinishBuildRequestSchema>['result'] & object {
  switch (outcome.status) {
    case 'success':
      return { case: 'success', value: {} }
    case 'failed':
      return { case: 'error', value: { error: outcome.error.slice(0, longestError) } }
    case 'cancelled':
      return { case: 'canceled', value: {} }
  }
}

function notInTime(buildId: string, cause: unknown): BuildkitError {
  return new BuildkitError('TIMEOUT', `Depot could not be told how build ${buildId} has ended`, {
    subject: buildId,
    expected: `a reply within ${timeoutMs} ms`,
    received: isBuildkitError(cause) ? (cause.received ?? cause.message) : 'none',
    cause,
  })
}
