import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { deadline } from '../base/deadline.ts'
import type { Environment } from '../base/environment.ts'
import { BuildkitError } from '../base/errors.ts'
import { readBounded } from '../base/read-bounded.ts'
import { networkError } from './failure.ts'
import { endpointOf, type HttpProxy, proxyFor } from './proxy.ts'
import { streamToServer } from './stream.ts'
import type { TlsIdentity } from './tls-options.ts'
import { openProxy, proxyRefusal } from './tunnel.ts'

export interface HttpClientOptions {
  /** Where the proxy variables are looked up, at each call; see {@link proxyFor}. `process.env` by default. */
  readonly env?: Environment | undefined
  /** The TLS options for a host of an https URL, such as `registry.example:5000`, loaded; asked at each connection. */
  readonly identityFor?: ((host: string) => Promise<TlsIdentity | undefined>) | undefined
  /** Opens the streams, to whatever URL; no proxy and no TLS of ours is in between. */
  readonly via?: Via | undefined
}

/** A way to one server, such as a Docker Engine. */
export interface Via {
  readonly dial: (signal: AbortSignal) => Promise<Duplex>
  /** For messages, in place of the URL's origin. */
  readonly description: string
  /** What a failure on it means, where it knows better. */
  readonly explain?: ((error: unknown) => Error | undefined) | undefined
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** http or https. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
  /** Of the reply's body. A longer one is TOO_LARGE. */
  readonly maxBytes: number
  /** Milliseconds for everything, redirects included; `Infinity` where the signal has a deadline. */
  readonly timeoutMs: number
  /** Gives up when aborted, with its reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Asked of each redirect: gives the headers for the next request, or undefined to get the redirect itself as reply.
   * What it throws ends the request. Without it no redirect is followed.
   */
  readonly redirect?: ((redirect: Redirect) => Readonly<Record<string, string>> | undefined) | undefined
}

/** A request whose bodies may be of any length. */
export interface HttpStreamRequest extends Pick<HttpRequest, 'method' | 'url' | 'headers'> {
  readonly body?: Readable | undefined
  /** Gives up when aborted, also while the reply is read. */
  readonly signal: AbortSignal
  /** Milliseconds in which nothing is taken and nothing comes; then reading fails with undici's error for it. */
  readonly idleTimeoutMs: number
}

export interface HttpStreamReply extends Omit<HttpReply, 'body' | 'url'> {
  /** To be read to its end, or destroyed. */
  readonly body: Readable
}

export interface Redirect {
  readonly from: URL
  readonly to: URL
  /** The method of the next request: a 303 makes it GET, and so do 301 and 302 of a POST or PUT. */
  readonly method: HttpRequest['method']
}

export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Whole. */
  readonly body: Buffer
  /** What has answered, after redirects. */
  readonly url: URL
}

const maxRedirects = 5
const connectTimeoutMs = 10_000

/**
 * Makes HTTP requests, each with a deadline and a bound on what is read, through the proxies that the environment
 * names. Its connections are kept for further requests until it is disposed of.
 */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpClientOptions
  /** Ends connections that are still being made. */
  readonly #disposed = new AbortController()
  /** The names of the TLS options that have been used, by origin: under TLS 1.3 a refusal comes with the first reply. */
  readonly #tlsOptions = new Map<string, string>()
  /** The proxies that have been given whole URLs, by origin. */
  readonly #proxies = new Map<string, HttpProxy>()
  #agents: Promise<Agents> | undefined

  constructor(options: HttpClientOptions = {}) {
    this.#options = options
  }

  /**
   * Sends a request and reads the whole reply, of any status. Throws UNREACHABLE, TLS_FAILED, TIMEOUT, TOO_LARGE,
   * PROTOCOL_ERROR for redirects without a target or too many of them, INVALID_OPTION for a proxy variable that cannot be
   * used, what `redirect` throws, or the signal's reason. No message holds more of a URL than its origin.
   */
  async request(request: HttpRequest): Promise<HttpReply> {
    const { timeoutMs, signal } = request
    using limit = deadline(timeoutMs, signal)
    let next = request
    try {
      for (let redirects = 0; redirects <= maxRedirects; redirects++) {
        const reply = await this.#exchange(next, limit.signal)
        const followed = redirected(next, reply)
        if (followed === undefined) return reply
        next = followed
      }
    } catch (error) {
      if (limit.expired) throw noAnswer(this.#describe(next.url), timeoutMs)
      signal?.throwIfAborted()
      throw error
    }
    throw protocolError(next.url.origin, `at most ${maxRedirects} redirects`, 'more')
  }

  /**
   * Sends a request with a body that is read on the way, and gives the reply, of any status, with a body to be read. No
   * redirect is followed. Throws undici's errors as they are, or the signal's reason.
   */
  async stream(request: HttpStreamRequest): Promise<HttpStreamReply> {
    const { idleTimeoutMs, signal } = request
    const limits = { headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs, signal }
    const { statusCode: status, headers, body } = await this.#send(request, limits)
    return { status, headers, body }
  }

  /** Ends its connections, and what is still going on. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new Error('the client was disposed of'))
    const agents = await this.#agents?.catch(() => undefined)
    await Promise.all([agents?.direct.destroy(), agents?.forwarding.destroy()])
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    const { url, maxBytes } = request
    try {
      const { statusCode: status, headers, body } = await this.#send(request, { signal })
      const bytes = await readBounded(body, maxBytes)
      if (bytes === undefined) throw tooLarge(this.#describe(url), maxBytes)
      return { status, headers, body: bytes, url }
    } catch (error) {
      signal.throwIfAborted()
      const { via } = this.#options
      const option = this.#tlsOptions.get(url.origin)
      throw via?.explain?.(error) ?? networkError(error, this.#describe(url), { option })
    }
  }

  #describe(url: URL): string {
    return this.#options.via?.description ?? url.origin
  }

  async #send(request: HttpRequest | HttpStreamRequest, limits: Limits): Promise<Dispatcher.ResponseData> {
    const { url, method, body = null } = request
    const path = `${url.pathname}${url.search}`
    const common = { method, body, ...limits }
    this.#agents ??= this.#open()
    const { direct, forwarding } = await this.#agents
    const proxy =
      url.protocol === 'http:' && !this.#options.via
        ? proxyFor(endpointOf(url), false, this.#options.env)
        : undefined
    if (proxy === undefined)
      return await direct.request({ ...common, origin: url.origin, path, headers: request.headers ?? {} })
    // A proxy is given the whole URL of what travels in clear (RFC 9112, 3.2.2): many tunnel to port 443 only.
    const headers = { ...request.headers, host: url.host, ...authorizationFor(proxy) }
    const { origin } = proxy
    this.#proxies.set(origin, proxy)
    const answer = await forwarding.request({ ...common, origin, path: `${url.origin}${path}`, headers })
    if (answer.statusCode !== 407) return answer
    await answer.body.dump()
    throw proxyRefusal(proxy, url.origin, { status: 407, statusText: STATUS_CODES[407]! })
  }

  /** It takes its time to load, and most builds make no request. */
  async #open(): Promise<Agents> {
    const { Agent } = await import('undici')
    // Requests have deadlines of their own.
    const options = { headersTimeout: 0, bodyTimeout: 0 }
    return {
      direct: new Agent({ ...options, connect: this.#connector((url, signal) => this.#dial(url, signal)) }),
      forwarding: new Agent({
        ...options,
        connect: this.#connector((url, signal) => openProxy(this.#proxies.get(url.origin)!, signal)),
      }),
    }
  }

  async #dial(url: URL, signal: AbortSignal): Promise<Socket> {
    const { env, identityFor, via } = this.#options
    // undici reads and writes it as any Duplex.
    if (via !== undefined) return (await via.dial(signal)) as Socket
    const identity = url.protocol === 'https:' ? await identityFor?.(url.host) : undefined
    if (identity !== undefined) this.#tlsOptions.set(url.origin, identity.option)
    const stream = await streamToServer(url, { env, signal, protocols: ['http/1.1'], identity })
    return stream as Socket
  }

  #connector(dial: (url: URL, signal: AbortSignal) => Promise<Socket>): Connector {
    return async ({ protocol, host, hostname, port }, done) => {
      const url = new URL(`${protocol}//${host ?? `${hostname}:${port}`}`)
      using limit = deadline(connectTimeoutMs, this.#disposed.signal, {
        timeoutReason: () => noAnswer(url.origin, connectTimeoutMs),
      })
      await dial(url, limit.signal).then(
        (socket) => done(null, socket),
        (error) => done(error, null),
      )
    }
  }
}

type Limits = Pick<Dispatcher.RequestOptions, 'headersTimeout' | 'bodyTimeout'> & {
  readonly signal: AbortSignal
}

interface Agents {
  readonly direct: Agent
  /** To proxies that get whole URLs. */
  readonly forwarding: Agent
}

type Connector = (
  options: { protocol: string; host?: string; hostname: string; port: string },
  done: (...args: [null, Socket] | [Error, null]) => void,
) => void

function authorizationFor({ authorization }: HttpProxy): Record<string, string> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization }
}

/** The request that a redirect leads to; undefined for a reply that is to be given as it is. */
function redirected(request: HttpRequest, { status, headers }: HttpReply): HttpRequest | undefined {
  if (!redirects.has(status) || request.redirect === undefined) return undefined
  const { url: from, redirect } = request
  const { location } = headers
  if (typeof location !== 'string' || !URL.canParse(location, from.href))
    throw protocolError(from.origin, 'a redirect with a target', 'one to nowhere')
  const to = new URL(location, from.href)
  const method = methodAfter(status, request.method)
  const next = redirect({ from, to, method })
  if (next === undefined) return undefined
  const body = method === request.method ? request.body : undefined
  return { ...request, method, url: to, headers: next, body }
}

const redirects = new Set([301, 302, 303, 307, 308])

function methodAfter(status: number, method: HttpRequest['method']): HttpRequest['method'] {
  return status >= 307 || method === 'GET' || method === 'HEAD' ? method : 'GET'
}

function noAnswer(origin: string, timeoutMs: number): BuildkitError {
  return new BuildkitError('TIMEOUT', `no answer from ${origin}`, {
    subject: origin,
    expected: `one within ${timeoutMs} ms`,
    received: 'none',
  })
}

function tooLarge(origin: string, maxBytes: number): BuildkitError {
  return new BuildkitError('TOO_LARGE', `${origin} answers too much`, {
    subject: origin,
    expected: `at most ${maxBytes} bytes`,
    received: 'more',
  })
}

function protocolError(origin: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', `${origin} does not answer as it should`, {
    subject: origin,
    expected,
    received,
  })
}
