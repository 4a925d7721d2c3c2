import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import type { connectNodeAdapter } from '@connectrpc/connect-node'
import type { Issued } from '../../support/certificates.ts'

/** Of either version of HTTP, in the types of the library that answers. */
export type Answer = ReturnType<typeof connectNodeAdapter>
export type IncomingRequest = Parameters<Answer>[0]
export type OutgoingResponse = Parameters<Answer>[1]

export interface Listener extends AsyncDisposable {
  readonly port: number
}

/**
 * Takes HTTP/1.1 and HTTP/2 on one port of 127.0.0.1: in clear, where an HTTP/2 client must know that it may
 * (Depot's CLI and its Node SDK do), or over TLS, where ALPN decides.
 */
export function listen(answer: Answer, certificate?: Issued, port = 0): Promise<Listener> {
  return listenOn(certificate === undefined ? clear(answer) : secure(answer, certificate), port)
}

/** Has a server listen on a certain port of 127.0.0.1; afterwards it is gone with its connections. */
export async function listenOn(server: net.Server, port: number): Promise<Listener> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** What servers of the web usually allow on one connection. */
const settings = { maxConcurrentStreams: 100 } as const

function secure(answer: Answer, certificate: Issued): net.Server {
  return http2
    .createSecureServer({ ...certificate, allowHTTP1: true, settings }, answer)
    .on('sessionError', () => {})
    .on('tlsClientError', () => {})
}

function clear(answer: Answer): net.Server {
  const first = http.createServer(answer)
  const second = http2.createServer({ settings }, answer).on('sessionError', () => {})
  return net.createServer((socket) => {
    let start = Buffer.alloc(0)
    socket.on('data', function look(chunk: Buffer) {
      start = Buffer.concat([start, chunk])
      const text = start.toString('latin1', 0, preface.length)
      if (text !== preface && preface.startsWith(text)) return
      socket.off('data', look).pause()
      socket.unshift(start)
      ;(text === preface ? second : first).emit('connection', socket)
      // Only now, as each server has its own way of taking over what is there already.
      process.nextTick(() => socket.resume())
    })
  })
}

/** How an HTTP/2 connection begins (RFC 9113, 3.4); no request of HTTP/1.1 does. */
const preface = 'PRI * HTTP/2.0'

/** Rejects a request of HTTP/2 before anything is done about it (RFC 9113, 8.7). */
export function refuse(request: IncomingRequest): void {
  if (request instanceof http2.Http2ServerRequest)
    request.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
}

/**
 * Shuts the HTTP/2 connection of a request down in an orderly way: what has come so far is answered, with this request
 * where it is `taken`, and no more is accepted (RFC 9113, 6.8). The first request of a connection is always taken, as Node
 * cannot say otherwise.
 */
export function goAway(request: IncomingRequest, taken: boolean): void {
  if (!(request instanceof http2.Http2ServerRequest)) return
  const { stream } = request
  const { session, id = 0 } = stream
  session?.goaway(http2.constants.NGHTTP2_NO_ERROR, taken ? id : Math.max(id - 2, 0))
}

/** Breaks the connection that a request has come on, without a goodbye; a reset where it is in clear. */
export function reset(request: IncomingRequest): void {
  const session = request instanceof http2.Http2ServerRequest ? request.stream.session : undefined
  const socket = session?.socket ?? request.socket
  if (!(socket instanceof tls.TLSSocket)) socket.resetAndDestroy()
  else if (session === undefined) socket.destroy()
  // The session lets nobody else destroy its socket.
  else session.destroy()
}
