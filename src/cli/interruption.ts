import { exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { say } from './say.ts'

/** Ctrl-C while a command runs. */
export interface Interruption extends Disposable {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an aborted signal, and says so; the second one ends the process at
 * once. Until it is disposed of.
 */
export function interruption(io: Pick<Io, 'onInterrupt' | 'exit' | 'stderr'>): Interruption {
  const controller = new AbortController()
  const stop = io.onInterrupt((signal) => {
    if (controller.signal.aborted) return io.exit(exitCodes.cancelled)
    controller.abort(new Error(signal))
    // Below the last frame of a screen that is being redrawn, which the abort has just ended.
    setImmediate(() => say(io, 'note', 'cancelling; once more to leave at once'))
  })
  return { signal: controller.signal, [Symbol.dispose]: stop }
}
