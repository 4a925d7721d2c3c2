import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BuildkitError } from '../base/errors.ts'
import { onAbort } from '../base/on-abort.ts'
import { sanitize } from '../base/redact.ts'
import { networkError } from './failure.ts'
import { bracketed } from './host.ts'
import type { Endpoint, HttpProxy } from './proxy.ts'
import { openSocket } from './socket.ts'
import { switchProtocol } from './switch-protocol.ts'
import { openTls } from './tls.ts'

/**
 * Opens a stream to an endpoint through a proxy, by HTTP's CONNECT (RFC 9110, 9.3.6). Rejects with UNREACHABLE or
 * TLS_FAILED, naming the proxy and, where it refuses, its status; or with the signal's reason.
 */
export async function openTunnel(proxy: HttpProxy, to: Endpoint, signal: AbortSignal): Promise<Duplex> {
  const socket = await openProxy(proxy, signal)
  using _ = onAbort(signal, () => socket.destroy())
  try {
    return await tunnelled(socket, proxy, `${bracketed(to.host)}:${to.port}`)
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw networkError(error, proxy.description)
  }
}

/** A connection to the proxy itself. */
export async function openProxy(proxy: HttpProxy, signal: AbortSignal): Promise<Socket> {
  const { host, description, secure } = proxy
  const socket = await openSocket(proxy, description, signal)
  return secure ? await openTls(socket, { host, description, protocols: ['http/1.1'] }, signal) : socket
}

async function tunnelled(socket: Socket, proxy: HttpProxy, to: string): Promise<Duplex> {
  const { authorization } = proxy
  const headers = { host: to, ...(authorization !== undefined && { 'proxy-authorization': authorization }) }
  const answer = await switchProtocol(socket, { method: 'CONNECT', path: to, headers, maxBodyBytes: 0 })
  if ('stream' in answer) return answer.stream
  throw proxyRefusal(proxy, to, answer)
}

/** The error for a proxy that does not let us through. */
export function proxyRefusal(
  proxy: HttpProxy,
  to: string,
  { status, statusText }: { readonly status: number; readonly statusText: string },
): BuildkitError {
  const words = sanitize(statusText, { secrets: secretsOf(proxy), maxLength: 100 })
  return new BuildkitError('UNREACHABLE', `${proxy.description} does not lead to ${to}`, {
    subject: to,
    received: `status ${status}${words === '' ? '' : ` ${words}`}`,
    advice: wantsLogin.has(status) ? authenticate(proxy) : 'Ask its operator, or name the host in NO_PROXY',
  })
}

/** A proxy may repeat what it was shown. */
function secretsOf({ authorization }: HttpProxy): (string | undefined)[] {
  const encoded = authorization?.replace(/^Basic /, '')
  const login = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString()
  return [encoded, login, login?.slice(login.indexOf(':') + 1)]
}

/** 407 by the book; tinyproxy answers a wrong password with 401. */
const wantsLogin = new Set([401, 407])

function authenticate({ authorization }: HttpProxy): string {
  return authorization === undefined
    ? 'Put user and password into its URL: http://user:password@proxy.example:3128'
    : 'Check user and password in its URL; special characters in them are percent-encoded'
}
