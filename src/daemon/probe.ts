import { deadline } from '../base/deadline.ts'
import type { Environment } from '../base/environment.ts'
import type { TlsOptions } from '../network/tls-options.ts'
import { routeTo } from '../transport/route-to.ts'

/** What `routeTo` needs to know of a daemon. */
export interface Target {
  readonly address: string
  readonly tls?: TlsOptions
}

export interface ProbeOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Where the proxy variables are looked up. */
  readonly env: Environment
}

/**
 * Dials a daemon and hangs up; with an Engine that includes the upgrade, because what listens on its socket
 * may be Podman, which answers like an Engine but has no BuildKit. Throws what dialling throws, or an error
 * of its own when that takes longer than the timeout, or the signal's reason.
 */
export async function probe(target: Target, { timeoutMs, signal, env }: ProbeOptions): Promise<void> {
  const { dial } = await routeTo(target.address, { tls: target.tls, env, onWarning: () => {} })
  using limit = deadline(timeoutMs, signal, {
    timeoutReason: () => new Error(`no answer within ${timeoutMs} ms`),
  })
  const stream = await dial(limit.signal)
  stream.destroy()
}
