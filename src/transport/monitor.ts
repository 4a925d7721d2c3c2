import { setImmediate as nextTurn } from 'node:timers/promises'
import { BuildkitError } from '../base/errors.ts'
import type { RpcClient } from '../grpc/client.ts'

/** Milliseconds: 10 s of silence, and 15 s for the answer to a question. */
export const defaultLivenessTimeoutMs = 25_000

/** The limit is looked at in so many steps. Time is counted in looks, so a blocked event loop of ours counts as one. */
const looks = 10
/** The first look comes somewhere in a silence: after so many that have found nothing, 7.5 to 10 s have passed. */
const looksUntilQuestion = 3
/** The question has had 5 to 7.5 s by then; a daemon that is well takes milliseconds. */
const looksUntilDoubt = 6
const looksUntilLost = 9

/** A question every daemon answers; one older than v0.11, and so the Docker Engine 20.10, with Unimplemented. */
const question = '/moby.buildkit.v1.Control/Info'

export interface MonitorOptions {
  /** The daemon, for messages. */
  readonly description: string
  /** Milliseconds without a byte after which the connection is given up. `Infinity` never gives up. */
  readonly livenessTimeoutMs: number
  /** Called when the question has gone unanswered for a while. */
  readonly onDoubt?: () => void
  /** The clock, in milliseconds; for tests. */
  readonly now?: () => number
}

/**
 * Watches a connection until it is closed, and fails it with CONNECTION_LOST when the daemon is gone without a word:
 * stopped, cut off, or restarted behind a half-open connection. Every byte is a sign of life, but for those of PING
 * frames, which a proxy may send by itself. After 2/5 of the limit without one the daemon is asked something, and any
 * answer will do.
 *
 * The question is a call, not an HTTP/2 PING: grpc-go's default enforcement, which buildkitd has, answers pings that
 * come more often than every five minutes with GOAWAY `too_many_pings` (grpc-go `keepalive.EnforcementPolicy`).
 */
export function monitor(
  rpc: Pick<RpcClient, 'bytesReceived' | 'unary' | 'fail' | 'closed'>,
  options: MonitorOptions,
): void {
  const { now = () => performance.now() } = options
  if (options.livenessTimeoutMs === Number.POSITIVE_INFINITY) return
  let received = rpc.bytesReceived
  let silent = 0
  let asking = false
  const ask = async () => {
    asking = true
    await rpc.unary(question, new Uint8Array()).catch(() => {})
    asking = false
  }
  const look = () => {
    if (received !== rpc.bytesReceived) {
      received = rpc.bytesReceived
      silent = 0
      return
    }
    silent++
    if (silent === looksUntilDoubt) options.onDoubt?.()
    if (silent === looksUntilLost) rpc.fail(silence(options))
    else if (silent >= looksUntilQuestion && !asking) void ask()
  }
  const stepMs = options.livenessTimeoutMs / looks
  let due = now()
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    // A busy event loop is late every time, which must not add up; a blocked one has missed looks, which do not count.
    due = now() - due > stepMs ? now() + stepMs : due + stepMs
    // A timer that is late runs before what waits on the socket is read; the turn's end comes after that.
    timer = setTimeout(() => {
      wait()
      setImmediate(look).unref()
    }, due - now()).unref()
  }
  wait()
  void rpc.closed.then(() => clearTimeout(timer))
}

/** Whether anything comes after a question: the answer, or a byte of what else is on the connection. */
export async function isHeard(
  rpc: Pick<RpcClient, 'bytesReceived' | 'unary'>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const before = rpc.bytesReceived
  await rpc.unary(question, new Uint8Array(), options).catch(() => {})
  // As above: what waits on the socket is read before the turn's end.
  await nextTurn()
  return rpc.bytesReceived !== before
}

function silence({ description, livenessTimeoutMs }: MonitorOptions): BuildkitError {
  return new BuildkitError('CONNECTION_LOST', `${description} has stopped answering`, {
    subject: description,
    expected: `a sign of life within ${livenessTimeoutMs / 1000} s`,
    received: 'none',
    advice: 'See whether the daemon is stopped or overloaded, and whether the network on the way to it is up',
  })
}
