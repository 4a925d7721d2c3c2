import { deadline } from '../../base/deadline.ts'
import {
  BuildkitError,
  cancelled,
  type ErrorCode,
  type ErrorFields,
  isBuildkitError,
} from '../../base/errors.ts'
import { retry } from '../../base/retry.ts'
import { isLoopback } from '../../network/host.ts'
import { HttpClient, type HttpReply } from '../../network/http.ts'
import { retryAfterMs } from '../../network/retry-after.ts'

/** A service that runs jobs and vouches for them: a trust policy of a project says whose jobs may build in it. */
export interface OidcProvider {
  readonly name: 'GitHub Actions' | 'GitLab' | 'CircleCI' | 'Buildkite'
  /**
   * The job's token, or how to ask for it, by the environment that the service gives its jobs; undefined where
   * this is none of its jobs. Throws UNAUTHENTICATED for an environment that lacks something.
   */
  find(env: NodeJS.ProcessEnv): string | OidcRequest | undefined
}

/** A request that is answered with JSON. */
export interface OidcRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The key of the token in the answer. */
  readonly field: string
}

export interface OidcOptions {
  readonly signal: AbortSignal
  /** Milliseconds for everything, further tries included. 30,000 by default. */
  readonly timeoutMs?: number
}

/** The services in the order in which Depot's own clients ask them (depot/cli `pkg/oidc`). */
export const oidcProviders: readonly OidcProvider[] = [
  { name: 'GitHub Actions', find: github },
  { name: 'GitLab', find: gitlab },
  { name: 'CircleCI', find: circleci },
  { name: 'Buildkite', find: buildkite },
]

/**
 * The token of the job that this process runs in; undefined where it is none of this provider's. Asked over
 * HTTPS, or HTTP on this machine, through the proxy that `env` names, with up to three tries.
 *
 * Throws UNAUTHENTICATED, UNREACHABLE, TLS_FAILED, API_FAILED, REFUSED, TIMEOUT or CANCELLED; none of them holds a token.
 */
export async function oidcToken(
  provider: OidcProvider,
  env: NodeJS.ProcessEnv,
  { signal, timeoutMs = 30_000 }: OidcOptions,
): Promise<string | undefined> {
  const found = provider.find(env)
  if (found === undefined || typeof found === 'string') return found || undefined
  const url = askable(found.url, provider)
  await using client = new HttpClient({ env })
  using limit = deadline(timeoutMs, signal)
  const tries = { signal: limit.signal, attempts: 3 }
  try {
    return await retry(() => ask(client, found, url, provider, limit.signal), tries)
  } catch (cause) {
    if (limit.expired)
      throw failed('TIMEOUT', provider, {
        expected: `an answer within ${timeoutMs} ms`,
        received: 'none',
        cause,
      })
    if (!signal.aborted) throw cause
    throw cancelled(`asking ${provider.name} for an OIDC token`, signal.reason, provider.name)
  }
}

/** Whom the token is for: part of what Depot checks. */
const audience = 'https://depot.dev'

function github(env: NodeJS.ProcessEnv): OidcRequest | undefined {
  const { ACTIONS_ID_TOKEN_REQUEST_TOKEN: token, ACTIONS_ID_TOKEN_REQUEST_URL: address } = env
  if (!token || !address) return undefined
  const query = `${address.includes('?') ? '&' : '?'}audience=${encodeURIComponent(audience)}`
  const headers = { authorization: `bearer ${token}` }
  return { method: 'GET', url: `${address}${query}`, headers, field: 'value' }
}

/** From the `id_tokens` of the job, whose `aud` is to be Depot. */
function gitlab(env: NodeJS.ProcessEnv): string | undefined {
  return env.GITLAB_CI ? env.DEPOT_OIDC_TOKEN : undefined
}

function circleci(env: NodeJS.ProcessEnv): string | undefined {
  return env.CIRCLE_OIDC_TOKEN_V2
}

const buildkiteAgent = 'https://agent.buildkite.com/v3'

function buildkite(env: NodeJS.ProcessEnv): OidcRequest | undefined {
  const { BUILDKITE_AGENT_ACCESS_TOKEN: token, BUILDKITE_JOB_ID: job } = env
  if (!token) return undefined
  if (!job)
    throw new BuildkitError('UNAUTHENTICATED', 'the OIDC token of Buildkite cannot be asked for', {
      subject: 'BUILDKITE_JOB_ID',
      expected: 'the id of the job',
      received: 'nothing',
    })
  const agent = (env.BUILDKITE_AGENT_ENDPOINT || buildkiteAgent).replace(/\/+$/, '')
  return {
    method: 'POST',
    url: `${agent}/jobs/${encodeURIComponent(job)}/oidc/tokens`,
    headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ audience }),
    field: 'token',
  }
}

/** The request carries a secret, so it goes nowhere in clear but to this machine. */
function askable(text: string, provider: OidcProvider): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url
  const received = url === undefined ? 'something else' : `one of ${url.protocol}//${url.host}`
  throw failed('REFUSED', provider, { expected: 'an https URL to ask', received })
}

/** A token has a few kilobytes. */
const maxReplyBytes = 256 << 10

async function ask(
  client: HttpClient,
  { method, headers, body, field }: OidcRequest,
  url: URL,
  provider: OidcProvider,
  signal: AbortSignal,
): Promise<string> {
  try {
    const accept = { accept: 'application/json' }
    const request = { method, url, headers: { ...headers, ...accept }, body, maxBytes: maxReplyBytes, signal }
    // The signal has the deadline of all tries.
    return tokenIn(await client.request({ ...request, timeoutMs: Number.POSITIVE_INFINITY }), field, provider)
  } catch (cause) {
    signal.throwIfAborted()
    throw isBuildkitError(cause) ? explained(cause, provider) : cause
  }
}

/** The same in the words of this request; an answer that is too long will be the next time too. */
function explained(cause: BuildkitError, provider: OidcProvider): BuildkitError {
  if (cause.subject === provider.name) return cause
  const { code, expected, received = cause.shortMessage, advice } = cause
  const fields = { received, cause, ...(expected && { expected }), ...(advice && { advice }) }
  return failed(code === 'TOO_LARGE' ? 'REFUSED' : code, provider, fields)
}

function tokenIn({ status, headers, body }: HttpReply, field: string, provider: OidcProvider): string {
  if (status < 200 || status >= 300) {
    const mayPass = status >= 500 || status === 429
    const wantedMs = retryAfterMs(String(headers['retry-after'] ?? ''))
    throw failed(mayPass ? 'API_FAILED' : 'REFUSED', provider, {
      received: `status ${status}`,
      ...(wantedMs !== undefined && { retryAfterMs: wantedMs }),
    })
  }
  const token = parse(body.toString())?.[field]
  if (typeof token === 'string' && token !== '') return token
  throw failed('REFUSED', provider, { expected: `JSON with a text ${field}`, received: 'none' })
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined // the parser's message quotes the text, which may hold a token
  }
}

function failed(code: ErrorCode, { name }: OidcProvider, fields: ErrorFields): BuildkitError {
  return new BuildkitError(code, `${name} has given no OIDC token`, { subject: name, ...fields })
}
