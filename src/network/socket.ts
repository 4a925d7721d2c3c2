import { connect, type Socket } from 'node:net'
import { networkError } from './failure.ts'
import type { Endpoint } from './proxy.ts'
import { socketReady } from './socket-ready.ts'

/** Idle time before the system asks whether the other side is still there; 30 s, as the Engine has it. */
const keepAliveInitialDelay = 30_000

/**
 * Opens a Unix socket, or a TCP connection: of a name's addresses to the first that answers, IPv6 and IPv4 in turn.
 * Rejects with UNREACHABLE, naming `description`, or with the signal's reason.
 */
export async function openSocket(
  to: { readonly path: string } | Endpoint,
  description: string,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted()
  const options =
    'path' in to
      ? { path: to.path }
      : { host: to.host, port: to.port, noDelay: true, keepAlive: true, keepAliveInitialDelay }
  return socketReady(connect(options), 'connect', signal, (error) => networkError(error, description))
}
