import { setTimeout as sleep } from 'node:timers/promises'
import { deadline } from '../../base/deadline.ts'
import { BuildkitError, type ErrorCode, isBuildkitError, messageOf } from '../../base/errors.ts'
import { ping } from '../../control/workers.ts'
import { type Connection, openConnection } from '../../transport/connection.ts'
import type { Route } from '../../transport/route.ts'

/** One attempt; something between us and the machine may accept and never answer. */
const attemptTimeoutMs = 10_000

/** Between two questions to a machine that answers, but not yet as BuildKit does. */
const pauseMs = 1_000

export interface ReadinessOptions {
  /** The machine, for messages. */
  readonly subject: string
  readonly signal: AbortSignal
  /** Milliseconds until it has to answer. */
  readonly timeoutMs: number
  /** Of the connection, see `ConnectionOptions`. */
  readonly livenessTimeoutMs?: number | undefined
}

/**
 * Connects to a machine that may still be booting, as soon as BuildKit answers there. Throws TLS_FAILED at
 * once, TIMEOUT with the last failure after `timeoutMs`, CANCELLED.
 */
export async function connectWhenReady(route: Route, options: ReadinessOptions): Promise<Connection> {
  try {
    return await attempts(route, options)
  } catch (error) {
    throw explained(error, options.subject)
  }
}

async function attempts(
  route: Route,
  { signal, timeoutMs, livenessTimeoutMs }: ReadinessOptions,
): Promise<Connection> {
  const end = performance.now() + timeoutMs
  using limit = deadline(timeoutMs, signal)
  for (;;) {
    const leftMs = Math.max(1, Math.round(end - performance.now()))
    let answer: Promise<void> | undefined
    const connection = await openConnection(route, {
      signal,
      waitForReadyMs: leftMs,
      connectTimeoutMs: attemptTimeoutMs,
      livenessTimeoutMs,
      onDialled: (rpc) => {
        answer = ping({ rpc }, { signal: limit.signal })
        // Where the connection does not come about, that is what counts.
        answer.catch(() => {})
      },
    })
    try {
      await answer
      return connection
    } catch (error) {
      await connection.close()
      if (signal.aborted) throw error
      if (performance.now() + pauseMs >= end) throw notReady(route, timeoutMs, error)
    }
    await sleep(pauseMs, undefined, { signal })
  }
}

function notReady({ description }: Route, timeoutMs: number, last: unknown): BuildkitError {
  return new BuildkitError('TIMEOUT', `BuildKit at ${description} did not become ready`, {
    subject: description,
    expected: `it within ${timeoutMs} ms`,
    received: `at the last attempt: ${messageOf(last)}`,
    cause: last,
  })
}

/** What to do about it here; a connection's own advice is about options that only a caller of `connect` has. */
const advices: Partial<Record<ErrorCode, string>> = {
  TLS_FAILED: 'Acquire it once more, since certificates have a short life; if that does not help, tell Depot',
  TIMEOUT: 'See whether a firewall is in the way, or release it and acquire it once more',
}

function explained(error: unknown, subject: string): unknown {
  const advice = isBuildkitError(error) ? advices[error.code] : undefined
  if (!isBuildkitError(error) || advice === undefined) return error
  const { code, expected, received } = error
  return new BuildkitError(code, `connecting to ${subject} failed`, {
    subject,
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    advice,
    cause: error,
  })
}
