import type { TlsOptions } from '../network/tls-options.ts'
import { routeTo } from '../transport/route-to.ts'

/** What `routeTo` needs to know of a daemon. */
export interface Target {
  readonly address: string
  readonly tls?: TlsOptions
}

/**
 * Dials a daemon and hangs up; with an Engine that includes the upgrade, because what listens on its socket
 * may be Podman, which answers like an Engine but has no BuildKit. Throws what dialling throws, or an error
 * of its own when that takes longer than the timeout, or the signal's reason.
 */
export async function probe(target: Target, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const { dial } = await routeTo(target.address, { ...target, onWarning: () => {} })
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const onAbort = () => over.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    const stream = await dial(over.signal)
    stream.destroy()
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
