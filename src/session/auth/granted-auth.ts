import type { Environment } from '../../base/environment.ts'
import { moby } from '../../gen/buildkit.js'
import { type Decoder, decode } from '../../grpc/decode.ts'
import { type Credentials, registryHost } from '../../registry/credentials.ts'
import type { RegistryNetwork } from '../../registry/registry-network.ts'
import { type Attachable, type Handler, unary } from '../attachable.ts'
import { callLocally } from '../local-call.ts'
import { authMethods } from './auth-methods.ts'
import { authService, networkOf, withNetwork } from './auth-service.ts'
import { tokenFrom } from './local-auth.ts'

/** Credentials for a registry, or for a part of it. */
export interface RegistryGrant {
  /** With its port where it has one. */
  readonly host: string
  readonly credentials: Credentials
  /** Repositories such as `me/app`, the only ones that it is for. By default all of the registry's. */
  readonly repositories?: readonly string[]
}

/**
 * Registry credentials by what they are for, the first grant that fits. What no grant is for `others` answers; otherwise
 * the daemon fetches an anonymous token itself. Registries are reached as `others`
 * reaches them, by default through the proxies of `env`. Where a grant is for some repositories only, its credentials go into access tokens for
 * these; a registry without tokens, which does not say what it is asked for, gets those of the first grant.
 */
export function grantedAuth(
  grants: readonly RegistryGrant[],
  others: Attachable = { methods: {} },
  { env }: { readonly env?: Environment } = {},
): Attachable {
  const network = networkOf(others, env)
  const sources = grants.map((grant) => new Source(grant, network))
  const ofHost = (host: string) => sources.find((source) => source.isFor(host))?.auth ?? others
  const service: Attachable = {
    ...(others.check !== undefined && { check: others.check }),
    methods: {
      [authMethods.credentials]: byHost(ofHost, v1.CredentialsRequest),
      [authMethods.getTokenAuthority]: byHost(ofHost, v1.GetTokenAuthorityRequest),
      [authMethods.verifyTokenAuthority]: byHost(ofHost, v1.VerifyTokenAuthorityRequest),
      [authMethods.fetchToken]: unary(async (message, { signal }) => {
        const { Host: host, ...request } = decode(v1.FetchTokenRequest, 'FetchTokenRequest', message)
        const asked = { host, realm: request.Realm, service: request.Service, scopes: request.Scopes }
        const source = sources.find((one) => one.isFor(host) && one.within(asked.scopes).length > 0)
        const token = await (source === undefined
          ? tokenFrom(others, asked, signal)
          : tokenFrom(source.auth, { ...asked, scopes: source.within(asked.scopes) }, signal))
        const reply = { Token: token.token, ExpiresIn: token.expiresIn, IssuedAt: token.issuedAt }
        return v1.FetchTokenResponse.encode(reply).finish()
      }),
    },
  }
  return withNetwork(service, network)
}

const v1 = moby.filesync.v1

/** What answers for one grant. */
class Source {
  readonly auth: Attachable
  readonly #grant: RegistryGrant

  constructor(grant: RegistryGrant, network: RegistryNetwork) {
    this.#grant = grant
    // Tokens are fetched here whatever the environment says: the daemon does not tell repositories apart.
    this.auth = authService(async (host) => (this.isFor(host) ? grant.credentials : undefined), {
      network,
      env: {},
    })
  }

  isFor(host: string): boolean {
    const own = registryHost(this.#grant.host)
    return own !== undefined && own === registryHost(host)
  }

  /** Those of the scopes that it is for: the others are left out, as when a layer is to be taken from elsewhere. */
  within(scopes: readonly string[]): readonly string[] {
    const { repositories } = this.#grant
    return repositories === undefined
      ? scopes
      : scopes.filter((scope) => repositories.includes(repositoryOf(scope)))
  }
}

/** The name in `repository:NAME:ACTIONS` (distribution `docs/spec/auth/scope.md`); else empty. */
function repositoryOf(scope: string): string {
  return /^repository(?:\([a-z0-9]+\))?:(.+):[^:]*$/.exec(scope)?.[1] ?? ''
}

function byHost(ofHost: (host: string) => Attachable, request: Decoder<{ Host: string }>): Handler {
  return unary((message, { method, metadata, signal }) => {
    const auth = ofHost(decode(request, method, message).Host)
    return callLocally(auth, { method, metadata, request: message, signal })
  })
}
