import type { CredentialSource } from './credentials.ts'
import { RegistryNetwork } from './registry-network.ts'
import { fetchToken } from './token.ts'

/**
 * Authorizes the requests of a {@link RegistryClient}. Both throw CREDENTIALS_FAILED, what `fetchToken` throws, or the
 * signal's reason.
 */
export interface RegistryAuth {
  /** How to reach the registries and their token servers. */
  readonly network: RegistryNetwork
  /** An access token; an anonymous one where there are no credentials. */
  token(request: AccessRequest, signal: AbortSignal): Promise<string>
  /** What a registry without tokens wants; undefined where there is none. */
  password(host: string, signal: AbortSignal): Promise<Login | undefined>
}

/** What a registry asks for in its `WWW-Authenticate: Bearer` challenge. */
export interface AccessRequest {
  /** The registry as it is called: Docker Hub is `registry-1.docker.io`. */
  readonly host: string
  /** The URL of its token server. */
  readonly realm: string
  /** What the token server calls the registry. */
  readonly service: string
  /** Such as `repository:me/app:pull,push`. */
  readonly scopes: readonly string[]
}

export interface Login {
  readonly username: string
  readonly password: string
}

/** Authorizes requests with the credentials of a source, each host with its own. */
export function registryAuth(source: CredentialSource, network = new RegistryNetwork()): RegistryAuth {
  return {
    network,
    async token(request, signal) {
      const credentials = await source(request.host, signal)
      return (await fetchToken({ ...request, credentials, network, signal })).token
    },
    async password(host, signal) {
      const credentials = await source(host, signal)
      return credentials !== undefined && 'username' in credentials ? credentials : undefined
    },
  }
}
