import { isDeepStrictEqual } from 'node:util'
import { notify } from '../../base/callback.ts'
import type { Environment } from '../../base/environment.ts'
import { isBuildkitError } from '../../base/errors.ts'
import { parseGoBool } from '../../base/go-bool.ts'
import { moby } from '../../gen/buildkit.js'
import { decode } from '../../grpc/decode.ts'
import { Code, RpcError } from '../../grpc/status.ts'
import { CachedCredentials } from '../../registry/cached-credentials.ts'
import { type CredentialSource, type Credentials, registryHost } from '../../registry/credentials.ts'
import { RegistryNetwork } from '../../registry/registry-network.ts'
import { fetchToken } from '../../registry/token.ts'
import { type Attachable, unary } from '../attachable.ts'
import { authMethods } from './auth-methods.ts'
import { authorityKey, publicKeyOf, signed, TokenSeeds } from './token-authority.ts'

/** A credential on its way out. Holds no secret. */
export interface CredentialUse {
  /** The registry, as the daemon names it. */
  readonly host: string
  /** `credentials`: given to the daemon. `token`: used here for an access token, which the daemon gets. */
  readonly kind: 'credentials' | 'token'
  /** What the access token is for, such as `repository:me/app:pull,push`. */
  readonly scopes: readonly string[]
}

const v1 = moby.filesync.v1

/** Where an attachable says how it reaches registries: not served, and kept by `{ ...attachable }`. */
const networkKey = Symbol.for('buildkit-client.registry-network')

/** Where an attachable gives its methods for one build, with what is called for each use of a credential in it. */
const methodsKey = Symbol.for('buildkit-client.auth-methods')

type OnUse = (use: CredentialUse) => void

/** An attachable that answers for registries. */
interface AuthService extends Attachable {
  readonly [networkKey]: RegistryNetwork
  readonly [methodsKey]: (onUse: OnUse) => Attachable['methods']
}

/** The same attachable for one build, whose uses of credentials are told to `onUse` too. */
export function withUses(attachable: Attachable, onUse: OnUse): Attachable {
  const methods = (attachable as Partial<AuthService>)[methodsKey]?.(onUse)
  return methods === undefined ? attachable : { ...attachable, methods }
}

export interface AuthServiceOptions {
  /** How token servers are reached. */
  readonly network: RegistryNetwork
  readonly onUse?: ((use: CredentialUse) => void) | undefined
  /** Where `BUILDKIT_NO_CLIENT_TOKEN` is looked up, when the daemon asks. `process.env` by default. */
  readonly env?: Environment | undefined
}

/** How an attachable reaches registries; as the environment says for one that does not tell. */
export function networkOf(attachable: Attachable, env?: Environment): RegistryNetwork {
  return (attachable as Partial<AuthService>)[networkKey] ?? new RegistryNetwork({ env })
}

/** The same attachable, which reaches registries so. */
export function withNetwork(attachable: Attachable, network: RegistryNetwork): Attachable {
  return Object.assign(attachable, { [networkKey]: network })
}

/** The service `moby.filesync.v1.Auth`, with the credentials of a source. */
export function authService(
  source: CredentialSource,
  options: AuthServiceOptions,
  seeds = new TokenSeeds(),
): Attachable {
  const provider = new AuthProvider(source, seeds, options)
  const service: Attachable = { check: () => options.network.check(), methods: methodsOf(provider) }
  const forBuild = { [methodsKey]: (onUse: OnUse) => methodsOf(provider, onUse) }
  return withNetwork(Object.assign(service, forBuild), options.network)
}

function methodsOf(provider: AuthProvider, onUse: OnUse = () => {}): Attachable['methods'] {
  return {
    [authMethods.credentials]: unary(async (message, { signal }) => {
      const request = decode(v1.CredentialsRequest, 'CredentialsRequest', message)
      const reply = await provider.credentials(request, signal, onUse)
      return v1.CredentialsResponse.encode(reply).finish()
    }),
    [authMethods.fetchToken]: unary(async (message, { signal }) => {
      const request = decode(v1.FetchTokenRequest, 'FetchTokenRequest', message)
      const reply = await provider.fetchToken(request, signal, onUse)
      return v1.FetchTokenResponse.encode(reply).finish()
    }),
    [authMethods.getTokenAuthority]: unary(async (message, { signal }) => {
      const request = decode(v1.GetTokenAuthorityRequest, 'GetTokenAuthorityRequest', message)
      const key = await provider.authorityKey(request, signal)
      return v1.GetTokenAuthorityResponse.encode({ PublicKey: publicKeyOf(key) }).finish()
    }),
    [authMethods.verifyTokenAuthority]: unary(async (message, { signal }) => {
      const request = decode(v1.VerifyTokenAuthorityRequest, 'VerifyTokenAuthorityRequest', message)
      const key = await provider.authorityKey(request, signal)
      return v1.VerifyTokenAuthorityResponse.encode({ Signed: signed(key, request.Payload) }).finish()
    }),
  }
}

class AuthProvider {
  readonly #cache: CachedCredentials
  readonly #seeds: TokenSeeds
  readonly #options: AuthServiceOptions

  constructor(source: CredentialSource, seeds: TokenSeeds, options: AuthServiceOptions) {
    this.#cache = new CachedCredentials(source)
    this.#seeds = seeds
    this.#options = options
  }

  /** Both empty is anonymous, an empty user name with a secret an identity token. */
  async credentials({ Host: host }: { Host: string }, signal: AbortSignal, onUse: OnUse) {
    const credentials = await this.#lookUp(host, signal)
    if (credentials === undefined || 'registryToken' in credentials) return {}
    this.#used({ host, kind: 'credentials', scopes: [] }, onUse)
    if ('identityToken' in credentials) return { Secret: credentials.identityToken }
    return { Username: credentials.username, Secret: credentials.password }
  }

  /** Credentials that are refused may have been renewed in the meantime: they are looked up once more. */
  async fetchToken(request: moby.filesync.v1.FetchTokenRequest, signal: AbortSignal, onUse: OnUse) {
    if (registryHost(request.Host) === undefined)
      throw new RpcError(Code.InvalidArgument, 'the host of a token request is none')
    const credentials = await this.#lookUp(request.Host, signal)
    try {
      return await this.#tokenFor(request, credentials, signal, onUse)
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#cache.forget(request.Host)
      const renewed = await this.#lookUp(request.Host, signal)
      if (isDeepStrictEqual(renewed, credentials)) throw error
      return await this.#tokenFor(request, renewed, signal, onUse)
    }
  }

  /** The key that proves who we are to the daemon; without credentials it is everyone's. */
  async authorityKey({ Host: host, Salt: salt }: { Host: string; Salt: Uint8Array }, signal: AbortSignal) {
    if (parseGoBool((this.#options.env ?? process.env).BUILDKIT_NO_CLIENT_TOKEN ?? ''))
      throw new RpcError(Code.Unavailable, 'tokens by the client are switched off')
    const credentials = await this.#lookUp(host, signal)
    return authorityKey(salt, credentials === undefined ? undefined : await this.#seeds.seedOf(host))
  }

  async #tokenFor(
    { Host: host, Realm: realm, Service: service, Scopes: scopes }: moby.filesync.v1.FetchTokenRequest,
    credentials: Credentials | undefined,
    signal: AbortSignal,
    onUse: OnUse,
  ) {
    if (credentials !== undefined) this.#used({ host, kind: 'token', scopes }, onUse)
    const { network } = this.#options
    const token = await fetchToken({ host, realm, service, scopes, credentials, network, signal })
    return { Token: token.token, ExpiresIn: token.expiresIn, IssuedAt: token.issuedAt }
  }

  #used(use: CredentialUse, onUse: OnUse): void {
    onUse(use)
    notify('onUse', this.#options.onUse, use)
  }

  /** What cannot be the host of a registry reaches no file, helper or callback. */
  async #lookUp(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
    return registryHost(host) === undefined ? undefined : await this.#cache.get(host, signal)
  }
}

/** The token server does not accept the credentials, or not for this. */
function isRefusal(error: unknown): boolean {
  return isBuildkitError(error) && (error.code === 'UNAUTHENTICATED' || error.code === 'PERMISSION_DENIED')
}
