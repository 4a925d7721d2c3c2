import { BuildkitError, invalidOption, messageOf } from '../../base/errors.ts'
import { Mutex } from '../../base/mutex.ts'
import { withSecrets } from '../api/secret.ts'
import type { TokenSource } from '../api/token-source.ts'
import { expiryOf } from './json-web-token.ts'
import { type OidcProvider, oidcProviders, oidcToken } from './oidc.ts'
import { userConfigPath, userConfigToken } from './user-config.ts'

export interface TokenOptions {
  /** Wins over everything else. */
  readonly token?: string | undefined
  /** Where every variable is looked up. */
  readonly env: NodeJS.ProcessEnv
}

/** A token for Depot's API, and where it was found. */
export interface ResolvedToken {
  /** Not in JSON, and not in what `console.log` prints. */
  readonly token: string
  readonly source: TokenPlace
}

export type TokenPlace =
  | 'token'
  | 'DEPOT_TOKEN'
  | 'DEPOT_API_TOKEN'
  | 'user config'
  | OidcProvider['name']
  | 'DEPOT_JIT_TOKEN'
  | 'DEPOT_CACHE_TOKEN'

/**
 * The token to call Depot with, from the first of (depot/cli `pkg/helpers/token.go`):
 *
 * 1. the `token` option
 * 2. `DEPOT_TOKEN`
 * 3. `DEPOT_API_TOKEN`, then what `depot login` has left, see {@link userConfigPath}
 * 4. the OIDC token of a job of GitHub Actions, GitLab, CircleCI or Buildkite
 * 5. `DEPOT_JIT_TOKEN`, then `DEPOT_CACHE_TOKEN`
 *
 * A place that fails counts as having none, and stands in the error if no other place has one. Throws
 * UNAUTHENTICATED, which names every place; INVALID_OPTION for a token that cannot be one; CANCELLED.
 */
export async function resolveToken(
  options: TokenOptions & { signal?: AbortSignal | undefined },
): Promise<ResolvedToken> {
  const { token, env, signal = new AbortController().signal } = options
  if (token !== undefined) return resolved(token, 'token')
  const failures: Error[] = []
  for (const { source, find } of places(env, signal)) {
    const found = await find().catch((error) => {
      if (signal.aborted) throw error
      failures.push(error)
    })
    if (found?.trim()) return resolved(found, source)
  }
  throw noToken(env, failures)
}

/**
 * The caller's token for every call of a {@link DepotApi}: resolved anew for each, so that a login takes effect and
 * nothing outlives its time, unless it is a JSON Web Token, which is kept until a minute before it ends. One that Depot
 * does not accept is given up at once.
 */
export function callerToken(options: TokenOptions): TokenSource {
  const turns = new Mutex()
  let kept: { readonly token: string; readonly until: number } | undefined
  const keptToken = () => (kept !== undefined && Date.now() < kept.until ? kept.token : undefined)
  return {
    token: (signal) =>
      keptToken() ??
      turns.run(async () => {
        const known = keptToken()
        if (known !== undefined) return known
        const { token } = await resolveToken({ ...options, signal })
        kept = { token, until: (expiryOf(token) ?? 0) - marginMs }
        return token
      }, signal),
    refused(token) {
      if (kept?.token === token) kept = undefined
      return options.token === undefined
    },
  }
}

const marginMs = 60_000

interface Place {
  readonly source: TokenPlace
  /** Undefined or empty where there is none. */
  readonly find: () => Promise<string | undefined>
}

function places(env: NodeJS.ProcessEnv, signal: AbortSignal): Place[] {
  const variable = (source: TokenPlace): Place => ({ source, find: async () => env[source] })
  return [
    variable('DEPOT_TOKEN'),
    variable('DEPOT_API_TOKEN'),
    { source: 'user config', find: () => userToken(env) },
    ...oidcProviders.map((provider) => ({
      source: provider.name,
      find: () => oidcToken(provider, env, { signal }),
    })),
    variable('DEPOT_JIT_TOKEN'),
    variable('DEPOT_CACHE_TOKEN'),
  ]
}

async function userToken(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = userConfigPath(env)
  return path && (await userConfigToken(path))
}

/** An empty `token` option is refused: it stands for a tenant's whose token is missing, not for our own. */
function resolved(text: string, source: TokenPlace): ResolvedToken {
  const token = typeof text === 'string' ? text.trim() : ''
  if (/^[\x21-\x7e]+$/.test(token)) return withSecrets({ source }, { token })
  throw invalidOption(source, {
    expected: 'a token: printable characters without spaces',
    received: token === '' ? undefined : 'something else',
  })
}

function noToken(env: NodeJS.ProcessEnv, failures: readonly Error[]): BuildkitError {
  const providers = oidcProviders.map(({ name }) => name)
  const expected = [
    'the token option',
    'DEPOT_TOKEN',
    'DEPOT_API_TOKEN',
    userConfigPath(env) ?? 'depot/depot.yaml in the folder for configuration',
    `the OIDC of ${providers.slice(0, -1).join(', ')} and ${providers.at(-1)}`,
    'DEPOT_JIT_TOKEN or DEPOT_CACHE_TOKEN',
  ].join(', ')
  return new BuildkitError('UNAUTHENTICATED', 'no token for Depot was found', {
    expected: `one in ${expected}`,
    received: failures.length === 0 ? 'none' : `none, and ${failures.map(messageOf).join('; ')}`,
    ...(failures.length > 0 && { cause: failures.length === 1 ? failures[0] : new AggregateError(failures) }),
  })
}
