import { Code } from '@connectrpc/connect'
import { deadline } from '../../../base/deadline.ts'
import { BuildkitError, messageOf } from '../../../base/errors.ts'
import { unlessAborted } from '../../../base/unless-aborted.ts'
import type { DialApi, HttpConnection, HttpRequest, HttpResponse } from './connection.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection } from './http2-connection.ts'
import { TransportFailure } from './transport-failure.ts'

/**
 * What a request is: a `call` is answered soon, a `stream` may stay open for minutes. They share no connection, so
 * that streams never use up what one may carry at a time (often 100), and heartbeats get through.
 */
export type Lane = 'call' | 'stream'

/** A connection breaks with everything on it, so calls are spread: a further one is opened from so many calls on. */
const callsPerConnection = 4
/** Until there are so many; then all carry more. */
const maxCallConnections = 8
/** On one connection; its server may allow fewer. */
const streamsPerConnection = 100

/** For a socket and the greeting of HTTP/2. */
const connectTimeoutMs = 8_000

/** The connections to one API. Each is opened when it is needed, and none keeps the process alive while it is idle. */
export class ConnectionPool {
  readonly #origin: string
  readonly #secure: boolean
  readonly #dial: DialApi
  readonly #slots: Record<Lane, Set<Slot>> = { call: new Set(), stream: new Set() }
  readonly #closing = new AbortController()
  #mayPing = true
  /** What the last connection has spoken: a proxy that inspects TLS may know HTTP/1.1 only. */
  #protocol: 'h2' | 'http/1.1' = 'h2'

  /** `origin` is that of an http or https URL. */
  constructor(origin: string, dial: DialApi) {
    this.#origin = origin
    this.#secure = origin.startsWith('https:')
    this.#dial = dial
  }

  /** Sends a request on a connection that has room for it. Throws a TransportFailure, or the signal's reason. */
  async send(lane: Lane, request: HttpRequest): Promise<HttpResponse> {
    for (;;) {
      const slot = this.#pick(lane)
      const connection = await ready(slot, request.signal)
      if (!connection.usable || (connection.open >= connection.capacity && !this.#full(lane))) continue
      try {
        return await connection.send(request)
      } catch (error) {
        // It may be half dead: the next request is to fare better.
        if (isTimeout(request.signal)) this.#remove(lane, slot)
        throw error
      }
    }
  }

  /** Ends all connections with what is on them. Later requests fail with CLOSED as the cause. */
  close(): void {
    this.#closing.abort(new BuildkitError('CLOSED', 'the connections to the API were closed'))
    for (const slots of Object.values(this.#slots)) {
      for (const { opened } of slots) opened?.close()
      slots.clear()
    }
  }

  /** The connection with the fewest requests, or another one where all have enough. */
  #pick(lane: Lane): Slot {
    const slots = this.#slots[lane]
    for (const slot of slots) if (slot.opened?.usable === false) this.#remove(lane, slot)
    const [best] = [...slots].sort((one, other) => loadOf(one) - loadOf(other))
    if (best !== undefined && (loadOf(best) < this.#enough(lane, best) || this.#full(lane))) return best
    return this.#open(lane)
  }

  /** So many requests that another connection is better. */
  #enough(lane: Lane, { opened }: Slot): number {
    const capacity = opened?.capacity ?? (this.#protocol === 'h2' ? streamsPerConnection : 1)
    return Math.min(lane === 'call' ? callsPerConnection : streamsPerConnection, capacity)
  }

  #full(lane: Lane): boolean {
    return lane === 'call' && this.#protocol === 'h2' && this.#slots.call.size >= maxCallConnections
  }

  #open(lane: Lane): Slot {
    const slot: Slot = { waiting: 0, opened: undefined, connection: this.#connect() }
    this.#slots[lane].add(slot)
    slot.connection.then(
      (connection) => {
        slot.opened = connection
      },
      () => this.#slots[lane].delete(slot),
    )
    return slot
  }

  async #connect(): Promise<HttpConnection> {
    const timeoutReason = () => new TransportFailure(`no connection within ${connectTimeoutMs} ms`, 'unsent')
    using limit = deadline(connectTimeoutMs, this.#closing.signal, { timeoutReason })
    const stream = await this.#dial(limit.signal)
    // In clear it is HTTP/2 at once, as Depot's own clients have it.
    this.#protocol = this.#secure && stream.alpnProtocol !== 'h2' ? 'http/1.1' : 'h2'
    if (this.#protocol === 'http/1.1') return new Http1Connection(stream, this.#origin)
    const onTooManyPings = () => {
      this.#mayPing = false
    }
    const options = { origin: this.#origin, mayPing: this.#mayPing, onTooManyPings }
    return await Http2Connection.on(stream, options, limit.signal)
  }

  #remove(lane: Lane, slot: Slot): void {
    this.#slots[lane].delete(slot)
    slot.opened?.retire()
  }
}

/** A connection, or one that is being opened. */
interface Slot {
  readonly connection: Promise<HttpConnection>
  opened: HttpConnection | undefined
  /** Requests that wait for it. */
  waiting: number
}

function loadOf({ opened, waiting }: Slot): number {
  return waiting + (opened?.open ?? 0)
}

/** The connection of a slot, open and verified. What keeps it from that has left the request unsent. */
async function ready(slot: Slot, signal: AbortSignal): Promise<HttpConnection> {
  slot.waiting++
  try {
    const connection = await unlessAborted(slot.connection, signal)
    await unlessAborted(connection.verify(), signal)
    return connection
  } catch (error) {
    if (signal.aborted || error instanceof TransportFailure) throw error
    throw new TransportFailure(messageOf(error), 'unsent', error)
  } finally {
    slot.waiting--
  }
}

function isTimeout({ aborted, reason }: AbortSignal): boolean {
  return aborted && (reason?.name === 'TimeoutError' || reason?.code === Code.DeadlineExceeded)
}
