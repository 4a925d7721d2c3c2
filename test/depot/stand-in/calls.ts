import { setTimeout as sleep } from 'node:timers/promises'
import { type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from '@connectrpc/connect'
import { codeName, codeNamed } from './codes.ts'
import type { Fault, Faults, Target } from './faults.ts'
import type { Journal, OpenEvent } from './journal.ts'
import { goAway, type IncomingRequest, type OutgoingResponse, refuse, reset } from './listener.ts'
import type { Architecture } from './machine.ts'
import { admit } from './realms.ts'
import type { State } from './state.ts'
import { type Holder, holderId } from './tokens.ts'

/** What a call has come with, below Connect. */
export interface Exchange {
  readonly request: IncomingRequest
  readonly response: OutgoingResponse
}
export const exchangeKey = createContextKey<Exchange | undefined>(undefined)

/** Whose token the call carries. */
export const holderKey = createContextKey<Holder | undefined>(undefined)

/** What strikes the call, for the handlers that know of more than errors. */
export const faultKey = createContextKey<Fault | undefined>(undefined)

interface Parts {
  readonly state: State
  readonly journal: Journal
  readonly faults: Faults
}

/** What every call goes through: the journal, the faults, and the realms of tokens. */
export function calls(parts: Parts): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) {
      const call = new Call(parts, request, request.message)
      return await call.outcome(async () => {
        await call.arrive()
        const response = await next(request)
        if (!response.stream) call.answered(response.message)
        return response
      })
    }
    const { first, messages } = await peeked(request.message)
    const call = new Call(parts, request, first)
    return await call.failure(async () => {
      await call.arrive()
      const response = await next({ ...request, message: call.counted(messages) })
      if (!response.stream) return response
      return { ...response, message: call.ending(response.message) }
    })
  }
}

class Call {
  readonly #parts: Parts
  readonly #request: UnaryRequest | StreamRequest
  readonly #first: Message | undefined
  readonly #target: Target
  readonly #event: OpenEvent

  constructor(parts: Parts, request: UnaryRequest | StreamRequest, first: Message | undefined) {
    this.#parts = parts
    this.#request = request
    this.#first = first
    this.#target = {
      service: request.service.typeName,
      method: request.method.name,
      buildId: text(first, 'buildId'),
      platform: platformOf(first),
    }
    const holder = this.#holder()
    this.#event = parts.journal.begin({
      ...this.#target,
      projectId: text(first, 'projectId'),
      organizationId: this.#organizationId,
      token: this.#token === undefined ? 'none' : (holder?.kind ?? 'unknown'),
      tokenOf: holder && holderId(holder),
      httpVersion: request.contextValues.get(exchangeKey)?.request.httpVersion ?? '',
      userAgent: request.header.get('user-agent') ?? '',
      request: first && (toJson(request.method.input, first) as JsonValue),
    })
  }

  /** Strikes with a fault, then looks whether the caller may. */
  async arrive(): Promise<void> {
    const fault = this.#parts.faults.take(this.#target)
    if (fault !== undefined) await this.#strike(fault)
    // Only now: a fault may have held the call until its token expired.
    const holder = this.#admit(this.#first)
    this.#request.contextValues.set(holderKey, holder).set(faultKey, fault)
  }

  answered(reply: Message): void {
    if (this.#target.method === 'CreateBuild') this.#event.created(text(reply, 'buildId') ?? '')
  }

  /** Runs the call and writes down how it ended. */
  async outcome<T>(run: () => Promise<T>): Promise<T> {
    const result = await this.failure(run)
    this.#event.end(this.#left() ? 'left' : 'ok')
    return result
  }

  /** Runs what may fail, and writes that down. */
  async failure<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      this.#event.end(this.#left() ? 'left' : codeName(ConnectError.from(error, Code.Internal).code))
      throw error
    }
  }

  /** Requests after the first are told to the journal, and may not be about another build. */
  async *counted<T extends Message>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    let count = 0
    for await (const message of messages) {
      if (count++ > 0) {
        this.#event.message()
        this.#admit(message)
      }
      yield message
    }
  }

  /** The replies of a stream; the call ends with the last. */
  async *ending<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = messages[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await this.failure(() => iterator.next())
        if (done) return
        yield value
      }
    } finally {
      this.#event.end(this.#left() ? 'left' : 'ok')
      await iterator.return?.()
    }
  }

  get #token(): string | undefined {
    return /^Bearer (.+)$/i.exec(this.#request.header.get('authorization') ?? '')?.[1]
  }

  get #organizationId(): string | undefined {
    return this.#request.header.get('x-depot-org') ?? undefined
  }

  #holder(): Holder | undefined {
    return this.#token === undefined ? undefined : this.#parts.state.tokens.holder(this.#token)
  }

  #admit(message: Message | undefined): Holder {
    const demand = {
      ...this.#target,
      buildId: text(message, 'buildId'),
      projectId: text(message, 'projectId'),
      organizationId: this.#organizationId,
    }
    return admit(this.#holder(), demand, this.#parts.state)
  }

  /** The caller hung up, which is not the same as a deadline that it has asked for. */
  #left(): boolean {
    const { aborted, reason } = this.#request.signal
    return aborted && !(reason instanceof ConnectError && reason.code === Code.DeadlineExceeded)
  }

  async #strike(fault: Fault): Promise<void> {
    const { signal, contextValues } = this.#request
    const exchange = contextValues.get(exchangeKey)
    if (fault.delayMs !== undefined)
      await sleep(fault.delayMs, undefined, { signal }).catch(() => Promise.reject(signal.reason))
    switch (fault.kind) {
      case 'error':
        throw new ConnectError(
          fault.message ?? `a fault of the stand-in: ${fault.code}`,
          codeNamed(fault.code),
          fault.headers,
        )
      case 'silence':
        break
      case 'reset':
        if (exchange !== undefined) reset(exchange.request)
        break
      case 'refuse-stream':
        if (exchange !== undefined) refuse(exchange.request)
        break
      case 'goaway':
        if (exchange !== undefined) goAway(exchange.request, fault.taken)
        if (fault.taken) return
        break
      case 'bad-gateway':
        exchange?.response.writeHead(502, { 'content-type': 'text/html' })
        exchange?.response.end('<html><body>502 Bad Gateway</body></html>')
        break
      default:
        return
    }
    this.#event.end(fault.kind)
    // Connect has nothing to say any more; what waits here goes with the connection.
    await new Promise<never>(() => {})
  }
}

/** The first message of a stream, and all of them. */
async function peeked<T>(
  messages: AsyncIterable<T>,
): Promise<{ first: T | undefined; messages: AsyncIterable<T> }> {
  const iterator = messages[Symbol.asyncIterator]()
  const start = await iterator.next()
  async function* all() {
    if (start.done) return
    yield start.value
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { first: start.done ? undefined : start.value, messages: all() }
}

function text(message: Message | undefined, field: string): string | undefined {
  const value = (message as Readonly<Record<string, unknown>> | undefined)?.[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Both enumerations of platforms have the same numbers. */
function platformOf(message: Message | undefined): Architecture | undefined {
  const platform = (message as { platform?: unknown } | undefined)?.platform
  return platform === 1 ? 'amd64' : platform === 2 ? 'arm64' : undefined
}
