import { checkCallback } from '../../base/callback.ts'
import { BuildkitError, invalidOption, isBuildkitError } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import {
  type CredentialSource,
  type Credentials,
  credentialForms,
  entryOf,
  isCredentials,
  keyHost,
} from '../../registry/credentials.ts'
import { checkDockerConfig, dockerConfigCredentials, dockerConfigDir } from '../../registry/docker-config.ts'
import { RegistryNetwork, type RegistryNetworkOptions } from '../../registry/registry-network.ts'
import type { Attachable } from '../attachable.ts'
import { type AuthServiceOptions, authService, type CredentialUse } from './auth-service.ts'
import { TokenSeeds } from './token-authority.ts'

export type { Credentials, CredentialUse }

export interface AuthOptions extends RegistryNetworkOptions {
  /** Called with every use of a credential, for an audit. Anonymous requests are none. */
  readonly onUse?: ((use: CredentialUse) => void) | undefined
  /**
   * `BUILDKIT_NO_CLIENT_TOKEN`, when true, has the daemon fetch tokens itself, with credentials that it asks
   * us for; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` lead to token servers. `process.env` by default, read when the
   * daemon asks.
   */
  readonly env?: NodeJS.ProcessEnv | undefined
}

export interface DockerConfigAuthOptions extends AuthOptions {
  /** The folder of `config.json`. By default `$DOCKER_CONFIG`, else `.docker` in the home folder. */
  readonly configDir?: string | undefined
  /** Milliseconds until a credential helper without an answer is killed. 30,000 by default. */
  readonly helperTimeoutMs?: number | undefined
}

const authOptionNames: OptionNames<AuthOptions> = { onUse: true, env: true, tls: true }
const dockerConfigAuthOptionNames: OptionNames<DockerConfigAuthOptions> = {
  ...authOptionNames,
  configDir: true,
  helperTimeoutMs: true,
}

/**
 * Registry credentials as `docker login` has left them: the Docker config file, its credential helpers, and
 * `DOCKER_AUTH_CONFIG`. Nothing is read before a build begins. A host gets only its own credentials; one
 * without is anonymous. A malformed file or a failing helper makes the build fail with CREDENTIALS_FAILED.
 * Throws INVALID_OPTION for an unknown option.
 */
export function dockerConfigAuth(options: DockerConfigAuthOptions = {}): Attachable {
  checkKnownOptions(options, dockerConfigAuthOptionNames)
  const config = () => ({ ...options, env: options.env ?? process.env })
  const source: CredentialSource = (host, signal) => dockerConfigCredentials(config())(host, signal)
  const seeds = new TokenSeeds(() => dockerConfigDir(config()))
  const service = authService(source, serviceOptions(options), seeds)
  return {
    ...service,
    async check(signal) {
      await service.check?.(signal)
      await checkDockerConfig(config(), signal)
    },
  }
}

function serviceOptions(options: AuthOptions): AuthServiceOptions {
  checkCallback('onUse', options.onUse)
  return { ...options, network: new RegistryNetwork(options) }
}

/**
 * Registry credentials by host, such as `{ 'registry.example:5000': { username, password } }`. Docker Hub is
 * `docker.io`. Throws INVALID_OPTION, naming the host.
 */
export function staticAuth(
  credentials: Readonly<Record<string, Credentials>>,
  options: AuthOptions = {},
): Attachable {
  if (typeof credentials !== 'object' || credentials === null)
    throw invalidOption('staticAuth', { expected: 'credentials by host', received: credentials })
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
  return authService(async (host) => entryOf(own, host), serviceOptions(options))
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
  checkCallback('callbackAuth', callback ?? null)
  return authService((host, signal) => called(callback, host, signal), serviceOptions(options))
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
