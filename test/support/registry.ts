import * as registry from '../../scripts/parts/registry.ts'
import { part } from './parts.ts'
import { type Access, type Credentials, startTokenServer, type TokenRequest } from './token-server.ts'

/** An empty registry on a loopback address, without TLS, that stops with its scope. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, the first component of image names in it. */
  readonly host: string
}

/** One with a single user. */
export interface GuardedRegistry extends TestRegistry {
  readonly username: string
  readonly password: string
}

/** One that takes tokens from a token server of the test's own. */
export interface TokenRegistry extends GuardedRegistry {
  /** Stands for the password in a Docker config's `identitytoken`. */
  readonly identityToken: string
  /** Requests for tokens so far, in order of arrival. */
  readonly tokenRequests: readonly TokenRequest[]
}

/** One where everybody may read and write. Needs the part `registry`. */
export async function startRegistry(tls?: registry.RegistryTls): Promise<TestRegistry> {
  const server = await registry.startRegistry(part('registry'), undefined, tls)
  return { host: server.ready, [Symbol.asyncDispose]: server.stop }
}

/** One that wants a user and a password with every request. Needs the part `registry`. */
export async function startBasicAuthRegistry(): Promise<GuardedRegistry> {
  const server = await registry.startRegistry(part('registry'), { type: 'basic', htpasswd })
  return { host: server.ready, username, password, [Symbol.asyncDispose]: server.stop }
}

/**
 * One that sends whoever comes without a token to a token server; `post: false` makes that refuse the OAuth2
 * form, so that clients have to fall back to GET; `tls` has both speak TLS. Needs the part `registry`.
 */
export async function startTokenRegistry(
  options: { post?: boolean; tls?: registry.RegistryTls } = {},
): Promise<TokenRegistry> {
  const tokens = await startTokenServer(accessWith, options)
  const { realm, service, issuer, keys } = tokens
  try {
    const auth = { type: 'token', realm, service, issuer, keys } as const
    const server = await registry.startRegistry(part('registry'), auth, options.tls)
    return {
      host: server.ready,
      ...{ username, password, identityToken },
      tokenRequests: tokens.requests,
      async [Symbol.asyncDispose]() {
        await server.stop()
        await tokens[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await tokens[Symbol.asyncDispose]()
    throw error
  }
}

/** The account may do everything, whoever shows nothing may pull. */
function accessWith({ shown, ...account }: Credentials): Access | undefined {
  if (shown === 'nothing') return (_, action) => action === 'pull'
  const known =
    shown === 'password'
      ? account.username === username && account.secret === password
      : account.secret === identityToken
  return known ? () => true : undefined
}

const username = 'ali'
const password = 'open sesame'
const identityToken = 'the cave knows me'

/** The password as bcrypt with cost 5, the only form the registry takes. */
const htpasswd = `${username}:$2a$05$weB3pb3ZhR6KODhZSTM7Z.CN7Bfu3M9zqDShnqXabpEQUhD.JqMNe\n`
