import type { DescMethod } from '@bufbuild/protobuf'
import type { Transport } from '@connectrpc/connect'
import { createTransport } from '@connectrpc/connect/protocol-connect'
import type { BuildkitError } from '../../base/errors.ts'
import { apiError } from './api-error.ts'
import type { ConnectionPool, Lane } from './http/connection-pool.ts'
import { httpClient } from './http/http-client.ts'
import type { TokenSource } from './token-source.ts'

/** A reply larger than this is refused: no message of this API comes near it. */
const maxReplyBytes = 4 << 20
/** As for a machine (`16 << 20` in Depot's own clients); no request comes near it either. */
const maxRequestBytes = 16 << 20

export interface ApiTransportOptions {
  /** The base URL. */
  readonly url: string
  readonly pool: ConnectionPool
  readonly tokens: TokenSource
  readonly userAgent: string
  /** The organization that is meant, of the several that a token may see. */
  readonly orgId?: string | undefined
}

/**
 * Connect's protocol over our connections, with a token on each call. What a call throws, and what reading a stream of
 * replies throws, is a BuildkitError.
 */
export function apiTransport(options: ApiTransportOptions): Transport {
  const { tokens } = options
  const calls = connectTransport(options, 'call')
  const streams = connectTransport(options, 'stream')
  return {
    async unary(method, signal, timeoutMs, header, ...rest) {
      for (let refusal: Refusal | undefined; ; ) {
        const call = new Call(options, method, signal)
        try {
          const headers = await call.headers(header)
          if (refusal?.token === call.token) throw refusal?.error
          return await calls.unary(method, signal, timeoutMs, headers, ...rest)
        } catch (thrown) {
          const error = call.error(thrown)
          // Whatever the call is, it was not processed: it may be made once more.
          const { token } = call
          if (error.code !== 'UNAUTHENTICATED' || refusal !== undefined || !tokens.refused(token)) throw error
          refusal = { token, error }
        }
      }
    },
    async stream(method, signal, timeoutMs, header, ...rest) {
      const call = new Call(options, method, signal)
      // A stream of requests with one reply ends as soon as any call.
      const transport = method.methodKind === 'client_streaming' ? calls : streams
      try {
        const response = await transport.stream(
          method,
          signal,
          timeoutMs,
          await call.headers(header),
          ...rest,
        )
        return { ...response, message: call.replies(response.message) }
      } catch (error) {
        throw call.error(error)
      }
    },
  }
}

function connectTransport({ url, pool }: ApiTransportOptions, lane: Lane): Transport {
  return createTransport({
    baseUrl: url,
    httpClient: httpClient(pool, lane),
    useBinaryFormat: true,
    interceptors: [],
    // Replies are short, and what expands while it is read is one thing less to bound.
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 0,
    readMaxBytes: maxReplyBytes,
    writeMaxBytes: maxRequestBytes,
  })
}

interface Refusal {
  readonly token: string
  readonly error: BuildkitError
}

/** One call, with the token that was used for it and must not stand in its error. */
class Call {
  readonly #options: ApiTransportOptions
  readonly #method: DescMethod
  readonly #signal: AbortSignal | undefined
  token = ''

  constructor(options: ApiTransportOptions, method: DescMethod, signal: AbortSignal | undefined) {
    this.#options = options
    this.#method = method
    this.#signal = signal
  }

  async headers(given: ConstructorParameters<typeof Headers>[0]): Promise<Headers> {
    const { tokens, userAgent, orgId } = this.#options
    this.token = await tokens.token(this.#signal ?? new AbortController().signal)
    const headers = new Headers(given)
    headers.set('authorization', `Bearer ${this.token}`)
    headers.set('user-agent', userAgent)
    // depot/cli `pkg/api/rpc.go`
    if (orgId !== undefined) headers.set('x-depot-org', orgId)
    return headers
  }

  async *replies<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* messages
    } catch (error) {
      throw this.error(error)
    }
  }

  error(thrown: unknown): BuildkitError {
    const { parent, name } = this.#method
    const method = `${parent.typeName}/${name}`
    return apiError(thrown, { method, url: this.#options.url, signal: this.#signal, token: this.token })
  }
}
