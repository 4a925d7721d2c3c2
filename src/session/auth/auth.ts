import { isDeepStrictEqual } from 'node:util'
import { notify } from '../../base/callback.ts'
import { BuildkitError, invalidOption, isBuildkitError } from '../../base/errors.ts'
import { parseGoBool } from '../../base/go-bool.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import { moby } from '../../gen/buildkit.js'
import { decode } from '../../grpc/decode.ts'
import { Code, RpcError } from '../../grpc/status.ts'
import { CachedCredentials } from '../../registry/cached-credentials.ts'
import {
  type CredentialSource,
  type Credentials,
  credentialForms,
  entryOf,
  isCredentials,
  keyHost,
  registryHost,
} from '../../registry/credentials.ts'
import { checkDockerConfig, dockerConfigCredentials, dockerConfigDir } from '../../registry/docker-config.ts'
import { fetchToken, TokenRefused } from '../../registry/token.ts'
import { type Attachable, unary } from '../attachable.ts'
import { authMethods } from './auth-methods.ts'
import { authorityKey, publicKeyOf, signed, TokenSeeds } from './token-authority.ts'

export type { Credentials }

export interface AuthOptions {
  /** Called with every use of a credential, for an audit. Anonymous requests are none. */
  readonly onUse?: ((use: CredentialUse) => void) | undefined
  /**
   * `BUILDKIT_NO_CLIENT_TOKEN`, when true, has the daemon fetch tokens itself, with credentials that it asks
   * us for. `process.env` by default, read when the daemon asks.
   */
  readonly env?: NodeJS.ProcessEnv | undefined
}

/** A credential on its way out. Holds no secret. */
export interface CredentialUse {
  /** The registry, as the daemon names it. */
  readonly host: string
  /** `credentials`: given to the daemon. `token`: used here for an access token, which the daemon gets. */
  readonly kind: 'credentials' | 'token'
  /** What the access token is for, such as `repository:me/app:pull,push`. */
  readonly scopes: readonly string[]
}

export interface DockerConfigAuthOptions extends AuthOptions {
  /** The folder of `config.json`. By default `$DOCKER_CONFIG`, else `.docker` in the home folder. */
  readonly configDir?: string | undefined
  /** Milliseconds until a credential helper without an answer is killed. 30,000 by default. */
  readonly helperTimeoutMs?: number | undefined
}

const authOptionNames: OptionNames<AuthOptions> = { onUse: true, env: true }
const dockerConfigAuthOptionNames: OptionNames<DockerConfigAuthOptions> = {
  ...authOptionNames,
  configDir: true,
  helperTimeoutMs: true,
}

/**
 * Registry credentials as `docker login` has left them: the Docker config file, its credential helpers, and
 * `DOCKER_AUTH_CONFIG`. Nothing is read before a build begins. A host gets only its own credentials; one
 * without is anonymous. A malformed file or a failing helper makes the build fail with CREDENTIALS_FAILED.
 * Throws INVALID_OPTION for an option that there is not.
 */
export function dockerConfigAuth(options: DockerConfigAuthOptions = {}): Attachable {
  checkKnownOptions(options, dockerConfigAuthOptionNames)
  const config = () => ({ ...options, env: options.env ?? process.env })
  const source: CredentialSource = (host, signal) => dockerConfigCredentials(config())(host, signal)
  const { methods } = auth(source, new TokenSeeds(() => dockerConfigDir(config())), options)
  return { methods, check: (signal) => checkDockerConfig(config(), signal) }
}

/**
 * Registry credentials by host, such as `{ 'registry.example:5000': { username, password } }`. Docker Hub is
 * `docker.io`. Throws INVALID_OPTION, naming the host.
 */
export function staticAuth(
  credentials: Readonly<Record<string, Credentials>>,
  options: AuthOptions = {},
): Attachable {
  checkKnownOptions(options, authOptionNames)
  for (const [host, value] of Object.entries(credentials)) {
    if (keyHost(host) === undefined || host.includes('@')) {
      const received = host.replace(/^.*@/s, '…@')
      throw invalidOption('staticAuth', { expected: 'hosts such as registry.example:5000', received })
    }
    if (!isCredentials(value))
      throw invalidOption(`staticAuth["${host}"]`, { expected: credentialForms, received: typeof value })
  }
  const own = new Map(Object.entries(structuredClone(credentials)))
  return auth(async (host) => entryOf(own, host)?.value, new TokenSeeds(), options)
}

/** Nothing, and `undefined`, is anonymous. */
export type CredentialCallback = (
  host: string,
  signal: AbortSignal,
) => Credentials | undefined | Promise<Credentials | undefined>

/**
 * Registry credentials from a function of the host as the daemon names it: with its port, Docker Hub as
 * `registry-1.docker.io`. It is asked once in 4 min 50 s per host, about several hosts side by side, and should answer
 * within half a minute; its signal aborts when the daemon waits no longer. Where it throws, the build fails
 * with CREDENTIALS_FAILED and its error as the cause.
 */
export function callbackAuth(callback: CredentialCallback, options: AuthOptions = {}): Attachable {
  checkKnownOptions(options, authOptionNames)
  return auth((host, signal) => called(callback, host, signal), new TokenSeeds(), options)
}

async function called(
  callback: CredentialCallback,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  let credentials: Credentials | undefined
  try {
    credentials = await callback(host, signal)
  } catch (cause) {
    throw isBuildkitError(cause) ? cause : callbackFailed(host, 'an error: see the cause', cause)
  }
  if (credentials === undefined || isCredentials(credentials)) return credentials
  throw callbackFailed(host, `a ${typeof credentials} of another form`)
}

function callbackFailed(host: string, received: string, cause?: unknown): BuildkitError {
  return new BuildkitError('CREDENTIALS_FAILED', `the callback for the credentials of ${host} has failed`, {
    subject: host,
    expected: credentialForms,
    received,
    cause,
  })
}

const v1 = moby.filesync.v1

/** The service `moby.filesync.v1.Auth`. */
function auth(source: CredentialSource, seeds: TokenSeeds, options: AuthOptions): Attachable {
  const provider = new AuthProvider(source, seeds, options)
  return {
    methods: {
      [authMethods.credentials]: unary(async (message, { signal }) => {
        const request = decode(v1.CredentialsRequest, 'CredentialsRequest', message)
        const reply = await provider.credentials(request, signal)
        return v1.CredentialsResponse.encode(reply).finish()
      }),
      [authMethods.fetchToken]: unary(async (message, { signal }) => {
        const request = decode(v1.FetchTokenRequest, 'FetchTokenRequest', message)
        const reply = await provider.fetchToken(request, signal)
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
    },
  }
}

class AuthProvider {
  readonly #cache: CachedCredentials
  readonly #seeds: TokenSeeds
  readonly #options: AuthOptions

  constructor(source: CredentialSource, seeds: TokenSeeds, options: AuthOptions) {
    this.#cache = new CachedCredentials(source)
    this.#seeds = seeds
    this.#options = options
  }

  /** Both empty is anonymous, an empty user name with a secret an identity token. */
  async credentials({ Host: host }: { Host: string }, signal: AbortSignal) {
    const credentials = await this.#lookUp(host, signal)
    if (credentials === undefined || 'registryToken' in credentials) return {}
    notify('onUse', this.#options.onUse, { host, kind: 'credentials', scopes: [] })
    if ('identityToken' in credentials) return { Secret: credentials.identityToken }
    return { Username: credentials.username, Secret: credentials.password }
  }

  /** Credentials that are refused may have been renewed in the meantime: they are looked up once more. */
  async fetchToken(request: moby.filesync.v1.FetchTokenRequest, signal: AbortSignal) {
    if (registryHost(request.Host) === undefined)
      throw new RpcError(Code.InvalidArgument, 'the host of a token request is none')
    const credentials = await this.#lookUp(request.Host, signal)
    try {
      return await this.#tokenFor(request, credentials, signal)
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      this.#cache.forget(request.Host)
      const renewed = await this.#lookUp(request.Host, signal)
      if (isDeepStrictEqual(renewed, credentials)) throw error
      return await this.#tokenFor(request, renewed, signal)
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
  ) {
    if (credentials !== undefined) notify('onUse', this.#options.onUse, { host, kind: 'token', scopes })
    const token = await fetchToken({ host, realm, service, scopes, credentials, signal })
    return { Token: token.token, ExpiresIn: token.expiresIn, IssuedAt: token.issuedAt }
  }

  /** What cannot be the host of a registry reaches no file, helper or callback. */
  async #lookUp(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
    return registryHost(host) === undefined ? undefined : await this.#cache.get(host, signal)
  }
}
