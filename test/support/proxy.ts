import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Authority, Issued } from './certificates.ts'
import { type Listening, listening } from './listening.ts'

export interface TestProxyOptions {
  /** It is spoken to over TLS, with this certificate. */
  readonly tls?: Issued | undefined
  /** `user:password` that it wants to see. */
  readonly login?: string | undefined
  /** Answers every request with this status. */
  readonly status?: number
  /**
   * It opens what goes through it, as companies do: it shows certificates of this authority for the hosts that are asked
   * for, speaks HTTP/1.1 on both sides, and trusts that authority for what is behind it.
   */
  readonly inspect?: Authority
  /** Where a host and port that are asked for really are; by default where they say. */
  readonly hosts?: Readonly<Record<string, number>>
}

export interface TestProxy extends Listening {
  /** For `HTTPS_PROXY`: with the user info where it wants some. */
  readonly url: string
  /** What it was asked for, in order: `CONNECT host:port`, or a method and a whole URL. */
  readonly requests: readonly string[]
  /** What inspected clients have sent: a method and a whole URL. */
  readonly inspected: readonly string[]
}

/** An HTTP proxy on 127.0.0.1. */
export async function startProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = []
  const inspected: string[] = []
  const status = ({ headers }: http.IncomingMessage) => {
    const shown = Buffer.from(headers['proxy-authorization']?.slice('Basic '.length) ?? '', 'base64')
    return options.login === undefined || shown.toString() === options.login ? options.status : 407
  }
  const server = options.tls === undefined ? http.createServer() : https.createServer(options.tls)
  server.on('request', (asked, answer) => {
    requests.push(`${asked.method} ${asked.url}`)
    const refusal = status(asked)
    if (refusal !== undefined) return void answer.writeHead(refusal).end('the proxy says no')
    const { 'proxy-authorization': _, ...headers } = asked.headers
    const url = new URL(asked.url ?? '')
    const to = { host: '127.0.0.1', port: portOf(url.host), path: url.pathname + url.search }
    asked.pipe(http.request({ ...to, method: asked.method, headers, agent: false }, relayTo(answer)))
  })
  server.on('connect', (asked: http.IncomingMessage, client: Duplex, head: Buffer) => {
    requests.push(`CONNECT ${asked.url}`)
    const refusal = status(asked)
    if (refusal !== undefined)
      return void client.end(
        `HTTP/1.1 ${refusal} ${http.STATUS_CODES[refusal]}\r\ncontent-length: 3\r\n\r\nno!`,
      )
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) client.unshift(head)
    const { inspect } = options
    if (inspect !== undefined)
      return void open(client, asked.url ?? '', inspect, portOf(asked.url ?? ''), inspected)
    const upstream = net.connect(portOf(asked.url ?? ''), '127.0.0.1')
    client.pipe(upstream).pipe(client)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ])
      one!.on('error', () => {}).once('close', () => other!.destroy())
  })
  const portOf = (host: string) => options.hosts?.[host] ?? Number(/:(\d+)$/.exec(host)?.[1] ?? 80)
  const at = await listening(server)
  const scheme = options.tls === undefined ? 'http' : 'https'
  const user =
    options.login === undefined ? '' : `${options.login.split(':').map(encodeURIComponent).join(':')}@`
  return {
    ...at,
    url: `${scheme}://${user}127.0.0.1:${at.port}`,
    requests,
    inspected,
    [Symbol.asyncDispose]: at[Symbol.asyncDispose],
  }
}

function relayTo(answer: http.ServerResponse) {
  return (reply: http.IncomingMessage) => {
    answer.writeHead(reply.statusCode!, reply.headers)
    reply.pipe(answer)
  }
}

/** A server between the client and the one it asked for. */
async function open(
  client: Duplex,
  host: string,
  authority: Authority,
  port: number,
  inspected: string[],
): Promise<void> {
  const name = host.replace(/:\d+$/, '')
  const own = await authority.issue({ names: [name] })
  const server = http.createServer((asked, answer) => {
    inspected.push(`${asked.method} https://${host}${asked.url}`)
    const to = { host: '127.0.0.1', port, path: asked.url, servername: net.isIP(name) ? '' : name }
    const trust = { ca: authority.ca, checkServerIdentity: () => undefined }
    const { method, headers } = asked
    asked.pipe(https.request({ ...to, ...trust, method, headers, agent: false }, relayTo(answer)))
  })
  const inner = new tls.TLSSocket(client as net.Socket, {
    isServer: true,
    ...own,
    ALPNProtocols: ['http/1.1'],
  })
  inner.on('error', () => client.destroy())
  server.emit('connection', inner)
}
