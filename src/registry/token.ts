import type { Agent, Dispatcher } from 'undici'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { readBounded } from '../base/read-bounded.ts'
import type { Credentials } from './credentials.ts'
import { placeOf, realmUrl } from './realm.ts'

/** What a registry asks for in its `WWW-Authenticate: Bearer` challenge, and with which credentials. */
export interface TokenRequest {
  /** The registry. */
  readonly host: string
  /** The URL of the token server. */
  readonly realm: string
  /** What the token server calls the registry; empty where the challenge says nothing. */
  readonly service: string
  /** Such as `repository:me/app:pull,push`. */
  readonly scopes: readonly string[]
  /** Undefined asks for an anonymous token. */
  readonly credentials: Credentials | undefined
  /** Gives up when aborted, with its reason. */
  readonly signal: AbortSignal
  /** Milliseconds for the whole exchange. 25,000 by default: the daemon waits 60 s, a helper may take 30 s. */
  readonly timeoutMs?: number
}

export interface Token {
  readonly token: string
  /** Seconds it is good for. */
  readonly expiresIn: number
  /** Seconds since 1970; 0 where the server does not say. */
  readonly issuedAt: number
}

/** The token server accepts neither these credentials nor none (status 401 or 403). Its code is CREDENTIALS_FAILED. */
export class TokenRefused extends BuildkitError {}

/**
 * Fetches an access token for a registry: by OAuth 2 where we have credentials, else, or where the server
 * does not know that, by GET (moby/buildkit `session/auth/authprovider`, distribution `docs/spec/auth`).
 * Credentials go only where {@link realmUrl} allows it. Throws {@link TokenRefused} or CREDENTIALS_FAILED.
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { credentials, realm, host } = request
  if (credentials !== undefined && 'registryToken' in credentials)
    return { token: credentials.registryToken, expiresIn: defaultExpirySeconds, issuedAt: 0 }
  const url = realmUrl(realm, host, credentials !== undefined)
  // Loading it takes longer than most builds' other start-up work, and few builds fetch tokens.
  const { Agent } = await import('undici')
  const agent = new Agent()
  const deadline = deadlineOf(request)
  try {
    const server = new TokenServer(request, agent, deadline.signal)
    return await (credentials === undefined ? server.get(url) : server.login(url, credentials))
  } catch (error) {
    request.signal.throwIfAborted()
    if (isBuildkitError(error)) throw error
    throw deadline.signal.aborted ? tooLate(request, url) : unreachable(request, url, error)
  } finally {
    deadline.clear()
    await agent.destroy()
  }
}

/** By the specification of the Docker registry's tokens. */
const defaultExpirySeconds = 60
const defaultTimeoutMs = 25_000
const maxBodyBytes = 1 << 20
const maxRedirects = 5
/** Names this client to the token server; BuildKit's own client uses the same. */
const clientId = 'buildkit-client'

type Login = Exclude<Credentials, { registryToken: string }>
type Call = {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
}
type Answer = { readonly status: number; readonly body: Dispatcher.ResponseData['body'] }

/** One exchange with a token server. */
class TokenServer {
  readonly #request: TokenRequest
  readonly #agent: Agent
  readonly #signal: AbortSignal

  constructor(request: TokenRequest, agent: Agent, signal: AbortSignal) {
    this.#request = request
    this.#agent = agent
    this.#signal = signal
  }

  async login(url: URL, credentials: Login): Promise<Token> {
    const answer = await this.#call(url, oauth(this.#request, credentials))
    if (!wantsGet(answer.status, credentials)) return this.#token(url, answer, ['access_token'])
    await answer.body.dump()
    return this.get(url, credentials)
  }

  async get(url: URL, credentials?: Login): Promise<Token> {
    const target = new URL(url)
    if (this.#request.service !== '') target.searchParams.append('service', this.#request.service)
    for (const scope of this.#request.scopes) target.searchParams.append('scope', scope)
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }
    const answer = await this.#call(target, { method: 'GET', headers })
    return this.#token(url, answer, ['access_token', 'token'])
  }

  /** Follows redirects: with credentials on the same server only, without them to where a realm may be. */
  async #call(url: URL, call: Call): Promise<Answer> {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const {
        statusCode: status,
        headers,
        body,
      } = await this.#agent.request({
        ...call,
        headers: { ...call.headers, accept: 'application/json', 'user-agent': clientId },
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        signal: this.#signal,
      })
      if (status < 300 || status >= 400) return { status, body }
      await body.dump()
      url = this.#redirected(url, headers.location)
    }
    throw tokenFailed(this.#request, url, { expected: `at most ${maxRedirects} redirects`, received: 'more' })
  }

  #redirected(url: URL, location: string | string[] | undefined): URL {
    if (typeof location !== 'string' || !URL.canParse(location, url.href))
      throw tokenFailed(this.#request, url, { expected: 'a token', received: 'a redirect to nowhere' })
    const target = new URL(location, url.href)
    if (target.origin === url.origin) return target
    const { credentials, host } = this.#request
    if (credentials === undefined) return realmUrl(target.href, host, false)
    throw tokenFailed(this.#request, url, {
      expected: 'no redirect of credentials to another server',
      received: `one to ${placeOf(target)}`,
    })
  }

  async #token(url: URL, { status, body }: Answer, fields: readonly string[]): Promise<Token> {
    if (status < 200 || status >= 300) {
      await body.dump()
      throw this.#refusal(url, status)
    }
    const text = await readBounded(body, maxBodyBytes)
    if (text === undefined)
      throw tokenFailed(this.#request, url, { expected: `at most ${maxBodyBytes} bytes`, received: 'more' })
    const reply = parseReply(text.toString())
    const token = fields.map((field) => reply?.[field]).find((value) => typeof value === 'string' && value)
    if (typeof token !== 'string')
      throw tokenFailed(this.#request, url, {
        expected: `JSON with ${fields.join(' or ')}`,
        received: 'none',
      })
    return { token, expiresIn: expiryOf(reply?.expires_in), issuedAt: secondsOf(reply?.issued_at) }
  }

  #refusal(url: URL, status: number): BuildkitError {
    const received = `status ${status}`
    if (status !== 401 && status !== 403)
      return tokenFailed(this.#request, url, { expected: 'a token', received })
    const { host, credentials } = this.#request
    const what = credentials === undefined ? 'gives no token without credentials' : 'refuses the credentials'
    return new TokenRefused('CREDENTIALS_FAILED', `no token for ${host}: ${placeOf(url)} ${what}`, {
      subject: host,
      received,
      advice: credentials === undefined ? 'Log in to the registry' : 'Log in anew, or ask for access',
    })
  }
}

function oauth({ service, scopes }: TokenRequest, credentials: Login): Call {
  const form = new URLSearchParams()
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  form.set('service', service)
  form.set('client_id', clientId)
  if ('username' in credentials) {
    form.set('grant_type', 'password')
    form.set('username', credentials.username)
    form.set('password', credentials.password)
  } else {
    form.set('grant_type', 'refresh_token')
    form.set('refresh_token', credentials.identityToken)
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  return { method: 'POST', headers, body: form.toString() }
}

/** Servers that know no OAuth answer 404 or 401; with 405 an identity token could not be used by GET either. */
function wantsGet(status: number, credentials: Login): boolean {
  return status === 404 || status === 401 || (status === 405 && 'username' in credentials)
}

/** The `authorization` header for HTTP's Basic scheme. */
export function basicAuthorization(credentials: Login): string {
  const pair =
    'username' in credentials
      ? `${credentials.username}:${credentials.password}`
      : `:${credentials.identityToken}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function parseReply(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined // the parser's message quotes the text, which may hold a token
  }
}

function expiryOf(value: unknown): number {
  const seconds = typeof value === 'number' ? Math.floor(value) : 0
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : defaultExpirySeconds
}

function secondsOf(value: unknown): number {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : 0
  return Math.max(0, Math.floor(milliseconds / 1000) || 0)
}

function deadlineOf({ signal, timeoutMs = defaultTimeoutMs }: TokenRequest) {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), timeoutMs)
  return { signal: AbortSignal.any([signal, timeout.signal]), clear: () => clearTimeout(timer) }
}

function tooLate(request: TokenRequest, url: URL): BuildkitError {
  const { timeoutMs = defaultTimeoutMs } = request
  return tokenFailed(request, url, { expected: `an answer within ${timeoutMs} ms`, received: 'none' })
}

function unreachable(request: TokenRequest, url: URL, cause: unknown): BuildkitError {
  return tokenFailed(request, url, { expected: 'an answer', received: messageOf(cause), cause })
}

function tokenFailed(
  { host }: TokenRequest,
  url: URL,
  fields: { expected?: string; received: string; cause?: unknown },
): BuildkitError {
  return new BuildkitError('CREDENTIALS_FAILED', `no token for ${host} from ${placeOf(url)}`, {
    subject: host,
    ...fields,
  })
}
