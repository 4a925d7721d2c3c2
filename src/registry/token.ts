import { deadline } from '../base/deadline.ts'
import { BuildkitError, type ErrorCode, type ErrorFields, isBuildkitError } from '../base/errors.ts'
import { GoJsonError, type GoObject, objectOf, parseGoJson } from '../base/go-json.ts'
import { isTransient, retry } from '../base/retry.ts'
import { HttpClient, type HttpReply, type Redirect } from '../network/http.ts'
import type { Credentials } from './credentials.ts'
import { codeOf, retryAfter } from './http-status.ts'
import { realmUrl, urlForLog } from './realm.ts'
import type { RegistryNetwork } from './registry-network.ts'

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
  /** How to reach the token server. */
  readonly network: RegistryNetwork
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

/**
 * Fetches an access token for a registry: by OAuth 2 where there are credentials, else, or where the server refuses
 * that, by GET (containerd `core/remotes/docker/auth`, distribution `docs/spec/auth`). Both are tried once more after a
 * failure that may pass by itself. Credentials go only where {@link realmUrl} allows it.
 *
 * Throws UNAUTHENTICATED or PERMISSION_DENIED where the server accepts neither these credentials nor none,
 * RESOURCE_EXHAUSTED, UNREACHABLE (also for a server that fails), TLS_FAILED, TIMEOUT, TOO_LARGE, PROTOCOL_ERROR,
 * CREDENTIALS_FAILED for a server that is not called, or the signal's reason.
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { credentials, realm, host, network, signal, timeoutMs = defaultTimeoutMs } = request
  if (credentials !== undefined && 'registryToken' in credentials)
    return { token: credentials.registryToken, expiresIn: defaultExpirySeconds, issuedAt: 0 }
  const url = realmUrl(realm, host, credentials !== undefined)
  using limit = deadline(timeoutMs, signal)
  await using client = new HttpClient({
    env: network.env,
    identityFor: (server) => network.identityFor(server, host),
  })
  const server = new TokenServer(request, url, client, limit.signal)
  try {
    const fetch = () => (credentials === undefined ? server.anonymous() : server.login(credentials))
    return await retry(fetch, { signal: limit.signal, attempts: 2 })
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.expired) throw error
    const expected = `an answer within ${timeoutMs} ms`
    throw tokenFailed('TIMEOUT', request, url, { expected, received: 'none' })
  }
}

/** By the specification of the Docker registry's tokens. */
const defaultExpirySeconds = 60
const defaultTimeoutMs = 25_000
const maxBodyBytes = 1 << 20
/** Names this client to the token server; BuildKit's own client uses the same. */
const clientId = 'buildkit-client'

type Login = Exclude<Credentials, { registryToken: string }>
type Call = {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
}

/** A token, or a reply without one. */
type Outcome = { readonly token: Token } | { readonly status: number; readonly error: BuildkitError }

/** One exchange with a token server. */
class TokenServer {
  readonly #request: TokenRequest
  readonly #url: URL
  readonly #client: HttpClient
  readonly #signal: AbortSignal

  constructor(request: TokenRequest, url: URL, client: HttpClient, signal: AbortSignal) {
    this.#request = request
    this.#url = url
    this.#client = client
    this.#signal = signal
  }

  /** Servers refuse OAuth in many ways; whatever it was, GET may do. */
  async login(credentials: Login): Promise<Token> {
    const posted = await this.#call(this.#url, oauth(this.#request, credentials), ['access_token'])
    if ('token' in posted || !mayGet(posted.status, credentials)) return tokenOf(posted)
    const got = await this.#get(credentials)
    return tokenOf('token' in got || !tellsMore(posted, got) ? got : posted)
  }

  async anonymous(): Promise<Token> {
    return tokenOf(await this.#get())
  }

  async #get(credentials?: Login): Promise<Outcome> {
    const url = new URL(this.#url)
    if (this.#request.service !== '') url.searchParams.append('service', this.#request.service)
    for (const scope of this.#request.scopes) url.searchParams.append('scope', scope)
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }
    return await this.#call(url, { method: 'GET', headers }, ['access_token', 'token'])
  }

  async #call(url: URL, call: Call, fields: readonly string[]): Promise<Outcome> {
    const headers = { ...call.headers, accept: 'application/json', 'user-agent': clientId }
    const reply = await this.#client
      .request({
        ...call,
        url,
        headers,
        redirect: (to) => (this.#mayFollow(to, call) ? headers : undefined),
        maxBytes: maxBodyBytes,
        timeoutMs: Number.POSITIVE_INFINITY,
        signal: this.#signal,
      })
      .catch((error) => {
        this.#signal.throwIfAborted()
        throw networkFailed(this.#request, error)
      })
    if (reply.status < 200 || reply.status >= 300) return this.#refusal(reply)
    const values = valuesOf(reply.body)
    const token = fields
      .map((field) => values?.value(field))
      .find((value) => value && typeof value === 'string')
    if (typeof token !== 'string') return this.#noToken(reply, `JSON with ${fields.join(' or ')}`)
    const expiresIn = expiryOf(values?.value('expires_in'))
    return { token: { token, expiresIn, issuedAt: secondsOf(values?.value('issued_at')) } }
  }

  /** With credentials on the same server and as the same request only, without them to where a realm may be. */
  #mayFollow({ from, to, method }: Redirect, call: Call): boolean {
    const { credentials, host } = this.#request
    if (to.origin === from.origin) return method === call.method
    if (credentials === undefined) return realmUrl(to.href, host, false) !== undefined
    throw tokenFailed('CREDENTIALS_FAILED', this.#request, from, {
      expected: 'no redirect of credentials to another server',
      received: `one to ${urlForLog(to)}`,
    })
  }

  #refusal(reply: HttpReply): Outcome {
    const { status, url } = reply
    const code = refusesGrant(reply) ? 'UNAUTHENTICATED' : codeOf(status)
    const received = `status ${status}`
    if (code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED')
      return { status, error: this.#denied(code, url, received) }
    const fields = { expected: 'a token', received, ...retryAfter(reply) }
    return {
      status,
      error: tokenFailed(code === 'NOT_FOUND' ? 'PROTOCOL_ERROR' : code, this.#request, url, fields),
    }
  }

  #denied(code: ErrorCode, url: URL, received: string): BuildkitError {
    const { host, credentials } = this.#request
    const [what, advice] =
      credentials === undefined
        ? ['requires credentials', 'Log in to the registry']
        : ['refused the credentials', 'Log in anew, or ask for access']
    const message = `no token for ${host}: ${urlForLog(url)} ${what}`
    return new BuildkitError(code, message, { subject: host, received, advice })
  }

  #noToken({ status, url }: HttpReply, expected: string): Outcome {
    return {
      status,
      error: tokenFailed('PROTOCOL_ERROR', this.#request, url, { expected, received: 'none' }),
    }
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

/** Not where the server asks to be left alone; and after 405 an identity token cannot be used by GET either. */
function mayGet(status: number, credentials: Login): boolean {
  return status !== 429 && (status !== 405 || 'username' in credentials)
}

/** Whether the refused POST is to be reported: where it may yet succeed, or GET is not known there. */
function tellsMore({ error }: { error: BuildkitError }, got: { status: number }): boolean {
  return isTransient(error) || got.status === 404 || got.status === 405
}

function tokenOf(outcome: Outcome): Token {
  if ('token' in outcome) return outcome.token
  throw outcome.error
}

/** OAuth refuses credentials with status 400 (RFC 6749, 5.2). */
function refusesGrant({ status, body }: HttpReply): boolean {
  const error = status === 400 ? valuesOf(body)?.value('error') : undefined
  return error === 'invalid_grant' || error === 'invalid_client' || error === 'unauthorized_client'
}

/** The `authorization` header for HTTP's Basic scheme. */
export function basicAuthorization(credentials: Login): string {
  const pair =
    'username' in credentials
      ? `${credentials.username}:${credentials.password}`
      : `:${credentials.identityToken}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** The fields of a reply; undefined where it is no JSON object. */
function valuesOf(body: Buffer): GoObject | undefined {
  try {
    return objectOf(parseGoJson(body.toString())?.value)
  } catch (error) {
    if (error instanceof GoJsonError) return undefined
    throw error
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

/** What is wrong with an option, or with where a redirect leads, is said already. */
function networkFailed({ host }: TokenRequest, error: unknown): unknown {
  if (!isBuildkitError(error) || error.code === 'INVALID_OPTION' || error.code === 'CREDENTIALS_FAILED')
    return error
  const { code, shortMessage, expected, received, advice } = error
  return new BuildkitError(code, `no token for ${host}: ${shortMessage}`, {
    subject: host,
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    // Other advice is for those who look for a daemon.
    ...(code === 'TLS_FAILED' && advice !== undefined && { advice }),
    cause: error,
  })
}

function tokenFailed(code: ErrorCode, { host }: TokenRequest, url: URL, fields: ErrorFields): BuildkitError {
  return new BuildkitError(code, `no token for ${host} from ${urlForLog(url)}`, { subject: host, ...fields })
}
