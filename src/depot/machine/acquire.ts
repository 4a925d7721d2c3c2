import { deadline } from '../../base/deadline.ts'
import { BuildkitError, cancelled, isBuildkitError, messageOf } from '../../base/errors.ts'
import { retry } from '../../base/retry.ts'
import { unusableReply } from '../api/api-error.ts'
import type { MachineAccess, MachineApi } from './machine-api.ts'

export interface AcquireOptions {
  /** For messages. */
  readonly subject: string
  readonly timeoutMs: number
  /** Gives up. */
  readonly signal: AbortSignal
  /** Called for each reply that the machine is not there yet. */
  onPending(waitMs: number | undefined): void
}

/**
 * Asks for a machine until it is there, again after every failure that may pass. Throws TIMEOUT with the last
 * failure in its message, the signal's reason when that is an error of ours, else CANCELLED; and at once what
 * cannot pass: UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, REFUSED.
 */
export async function acquire(api: MachineApi, options: AcquireOptions): Promise<MachineAccess> {
  const { signal, timeoutMs, subject } = options
  using limit = deadline(timeoutMs, signal)
  let last: unknown
  const attempt = async () => {
    try {
      return await activeReply(api, limit.signal, options)
    } catch (error) {
      if (!limit.signal.aborted) last = error
      throw error
    }
  }
  try {
    return await retry(attempt, { signal: limit.signal, attempts: Number.POSITIVE_INFINITY })
  } catch (error) {
    if (limit.expired) throw notInTime(subject, timeoutMs, last)
    if (signal.aborted) throw waitEnded(subject, signal.reason)
    throw error
  }
}

async function activeReply(
  api: MachineApi,
  signal: AbortSignal,
  { onPending, subject }: AcquireOptions,
): Promise<MachineAccess> {
  for await (const reply of api.acquire(signal)) {
    if (reply.kind === 'active') return reply
    onPending(reply.waitMs)
  }
  throw unusableReply(subject, 'a machine, pending or active')
}

function notInTime(subject: string, timeoutMs: number, last: unknown): BuildkitError {
  return new BuildkitError('TIMEOUT', `${subject} did not become available`, {
    subject,
    expected: `it within ${timeoutMs} ms`,
    received: last === undefined ? 'no machine until then' : `at the last failure: ${messageOf(last)}`,
    advice: 'Try again later, or wait longer with timeoutMs',
    ...(last !== undefined && { cause: last }),
  })
}

/** The error for a wait that a signal has ended: its reason, where that is an error of ours, else CANCELLED. */
export function waitEnded(subject: string, reason: unknown): BuildkitError {
  return isBuildkitError(reason) ? reason : cancelled(`waiting for ${subject}`, reason, subject)
}
