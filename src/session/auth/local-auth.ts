import { moby } from '../../gen/buildkit.js'
import { Code, RpcError } from '../../grpc/status.ts'
import type { Credentials } from '../../registry/credentials.ts'
import type { AccessRequest, RegistryAuth } from '../../registry/registry-auth.ts'
import { fetchToken, type Token } from '../../registry/token.ts'
import type { Attachable } from '../attachable.ts'
import { callLocally } from '../local-call.ts'
import { authMethods } from './auth-methods.ts'
import { networkOf } from './auth-service.ts'

const v1 = moby.filesync.v1

/** True for an attachable that answers for registries, such as `dockerConfigAuth()`. */
export function isAuth({ methods }: Attachable): boolean {
  return Object.values(authMethods).some((method) => Object.hasOwn(methods, method))
}

/** Authorizes our own registry requests with the credentials that an attachable has for the daemon. */
export function registryAuthOf(attachable: Attachable): RegistryAuth {
  return {
    network: networkOf(attachable),
    token: async (request, signal) => (await tokenFrom(attachable, request, signal)).token,
    async password(host, signal) {
      const credentials = await credentialsFrom(attachable, host, signal)
      return credentials !== undefined && 'username' in credentials ? credentials : undefined
    },
  }
}

/** The attachable's access token; one that only knows credentials has them used here. */
export async function tokenFrom(
  attachable: Attachable,
  { host, realm, service, scopes }: AccessRequest,
  signal: AbortSignal,
): Promise<Token> {
  if (attachable.methods[authMethods.fetchToken] === undefined) {
    const credentials = await credentialsFrom(attachable, host, signal)
    const network = networkOf(attachable)
    return await fetchToken({ host, realm, service, scopes, credentials, network, signal })
  }
  const request = {
    ClientID: 'buildkit-client',
    Host: host,
    Realm: realm,
    Service: service,
    Scopes: [...scopes],
  }
  const reply = await callLocally(attachable, {
    method: authMethods.fetchToken,
    request: v1.FetchTokenRequest.encode(request).finish(),
    signal,
  })
  const { Token: token, ExpiresIn, IssuedAt } = v1.FetchTokenResponse.decode(reply)
  return { token, expiresIn: Number(ExpiresIn), issuedAt: Number(IssuedAt) }
}

async function credentialsFrom(
  attachable: Attachable,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const request = v1.CredentialsRequest.encode({ Host: host }).finish()
  try {
    const reply = await callLocally(attachable, { method: authMethods.credentials, request, signal })
    const { Username: username, Secret: secret } = v1.CredentialsResponse.decode(reply)
    if (secret === '') return undefined
    return username === '' ? { identityToken: secret } : { username, password: secret }
  } catch (error) {
    if (error instanceof RpcError && error.grpcCode === Code.Unimplemented) return undefined
    throw error
  }
}
