import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { established } from './established.ts'
import type { Dialer } from './route.ts'

/** Dials a Unix socket. Rejects with UNREACHABLE, or with the signal's reason. */
export function unixDialer(path: string, description: string): Dialer {
  return (signal) => open({ path }, description, signal)
}

/** Idle time before the system asks whether the other side is still there; 30 s, as the Engine has it. */
const keepAliveInitialDelay = 30_000

/**
 * Dials a TCP port; of a name's addresses the first that answers, IPv6 and IPv4 in turn. Rejects with
 * UNREACHABLE, or with the signal's reason.
 */
export function tcpDialer(to: { readonly host: string; readonly port: number }, description: string): Dialer {
  const options = { host: to.host, port: to.port, noDelay: true, keepAlive: true, keepAliveInitialDelay }
  return (signal) => open(options, description, signal)
}

async function open(options: NetConnectOpts, description: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  return established(connect(options), 'connect', signal, (error) => unreachable(description, error))
}

/** The error for a daemon that no stream leads to. */
export function unreachable(description: string, cause: unknown): BuildkitError {
  const advice = adviceFor(systemCode(cause))
  return new BuildkitError('UNREACHABLE', `cannot reach ${description}`, {
    subject: description,
    received: messageOf(cause),
    cause,
    ...(advice !== undefined && { advice }),
  })
}

function adviceFor(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOENT':
      return 'There is no such socket: check the path and that the daemon is running'
    case 'EACCES':
    case 'EPERM':
      return 'This user may not use the socket: join the group that owns it, or become its owner'
    case 'ECONNREFUSED':
      return 'Nothing listens there: check the address and that the daemon is running'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'The name does not resolve: check the host and the name service'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'The host does not answer: check the address, the network and the firewall'
    default:
      return undefined
  }
}
