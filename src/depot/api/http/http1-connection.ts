import { Agent, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { deferred } from '../../../base/deferred.ts'
import { onAbort } from '../../../base/on-abort.ts'
import type { HttpConnection, HttpRequest, HttpResponse } from './connection.ts'
import { requestFields, responseHeader } from './header.ts'
import { TransportFailure } from './transport-failure.ts'

/** A server may close a connection that was idle for longer, just as the next request is on its way. */
const maxIdleMs = 2_000

/**
 * One connection with HTTP/1.1, for an API behind something that speaks nothing newer, such as a proxy that inspects
 * TLS. It carries one request at a time, and keeps the process alive meanwhile.
 */
export class Http1Connection implements HttpConnection {
  readonly capacity = 1
  readonly #stream: Duplex
  readonly #host: string
  readonly #agent: Agent
  #usable = true
  #busy = false
  #idleSince = performance.now()

  constructor(stream: Duplex, origin: string) {
    this.#stream = stream
    this.#host = new URL(origin).host
    this.#agent = new OneSocketAgent(stream as Socket)
    stream.once('close', () => {
      this.#usable = false
    })
  }

  get open(): number {
    return this.#busy ? 1 : 0
  }

  get usable(): boolean {
    return (
      this.#usable && this.#stream.writable && (this.#busy || performance.now() - this.#idleSince < maxIdleMs)
    )
  }

  async verify(): Promise<void> {}

  async send({ path, header, body, signal }: HttpRequest): Promise<HttpResponse> {
    signal.throwIfAborted()
    this.#busy = true
    const response = deferred<HttpResponse>()
    const headers = { ...requestFields(header), host: this.#host, 'content-length': String(body.byteLength) }
    const call = request({ agent: this.#agent, method: 'POST', path, headers })
    const abort = onAbort(signal, (reason) => {
      response.reject(reason)
      call.destroy()
    })
    let error: Error | undefined
    call.on('error', (caught) => {
      error = caught
    })
    call.once('response', (message) => {
      const status = message.statusCode ?? 0
      response.resolve({ status, header: responseHeader(message.headers), body: bodyOf(message, signal) })
    })
    call.once('close', () => {
      abort[Symbol.dispose]()
      this.#busy = false
      this.#idleSince = performance.now()
      response.reject(new TransportFailure(error?.message ?? 'the connection was closed', 'sent', error))
      if (!this.#usable) this.close()
    })
    call.end(body)
    return await response.promise
  }

  retire(): void {
    this.#usable = false
    if (!this.#busy) this.close()
  }

  close(): void {
    this.#usable = false
    this.#agent.destroy()
    this.#stream.destroy()
  }
}

/** Node's way of keeping a socket for the next request. */
class OneSocketAgent extends Agent {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#socket = socket
  }

  override createConnection(): Socket {
    return this.#socket
  }
}

async function* bodyOf(message: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* message
  } catch (cause) {
    signal.throwIfAborted()
    throw new TransportFailure('the response broke off', 'sent', cause)
  }
  signal.throwIfAborted()
}
