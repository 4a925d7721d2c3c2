import { invalidOption } from '../../base/errors.ts'
import { keyHost, registryHost } from '../../registry/credentials.ts'
import { parseReference } from '../../registry/reference.ts'
import type { RegistryGrant } from '../../session/auth/granted-auth.ts'

/** A user of a registry. */
export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

/**
 * By the host of the registry, with its port where it has one; Docker Hub is `docker.io`. `'environment'` stands for the login
 * in `DEPOT_PUSH_REGISTRY_USERNAME` and `DEPOT_PUSH_REGISTRY_PASSWORD`, or in `DEPOT_PUSH_REGISTRY_AUTH`, base64 of
 * `user:password`.
 */
export type PushCredentials = Readonly<Record<string, RegistryLogin | 'environment'>>

/**
 * What is used for pushing to the registries of these image names, and for nothing else. The variables do not say which
 * registry they are for, so they go to none that the caller has not named: image names may be a tenant's, and the
 * variables are the operator's. Depot's CLI gives them to every registry (depot/cli `pkg/registry/auth.go`).
 *
 * Throws INVALID_OPTION for credentials that can be for none of the registries, and for variables that are missing or
 * cannot be used.
 */
export function pushGrants(
  names: readonly string[],
  pushCredentials: PushCredentials = {},
  env: NodeJS.ProcessEnv = {},
): RegistryGrant[] {
  const hosts = new Set(names.map((name) => registryHost(parseReference(name, 'tags').domain)!))
  return Object.entries(pushCredentials).map(([key, login]) => grantFor(key, login, hosts, env))
}

function grantFor(
  key: string,
  login: RegistryLogin | 'environment',
  hosts: ReadonlySet<string>,
  env: NodeJS.ProcessEnv,
): RegistryGrant {
  const option = `pushCredentials["${key.replace(/^.*@/s, '…@')}"]`
  const host = keyHost(key)
  if (host === undefined || !hosts.has(host))
    throw invalidOption(option, {
      expected: `a registry that is pushed to: ${[...hosts].join(', ') || 'there is none'}`,
      received: 'another one',
    })
  if (login === 'environment') return { host, credentials: environmentLogin(env) }
  const { username, password } = login
  if (!isText(username) || !isText(password))
    throw invalidOption(option, {
      expected: "{ username, password } or 'environment'",
      received: typeof login,
    })
  return { host, credentials: { username, password } }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function environmentLogin(env: NodeJS.ProcessEnv): RegistryLogin {
  const {
    DEPOT_PUSH_REGISTRY_USERNAME: username = '',
    DEPOT_PUSH_REGISTRY_PASSWORD: password = '',
    DEPOT_PUSH_REGISTRY_AUTH: auth = '',
  } = env
  if (username !== '' && password !== '') return { username, password }
  if (username !== '' || password !== '') {
    const missing = username === '' ? 'DEPOT_PUSH_REGISTRY_USERNAME' : 'DEPOT_PUSH_REGISTRY_PASSWORD'
    throw invalidOption(missing, { expected: 'both a user and a password', received: 'only one of them' })
  }
  if (auth !== '') return decodeAuth(auth)
  throw invalidOption('DEPOT_PUSH_REGISTRY_USERNAME', {
    expected:
      'it and DEPOT_PUSH_REGISTRY_PASSWORD, or DEPOT_PUSH_REGISTRY_AUTH, as pushCredentials names the environment',
    received: undefined,
  })
}

function decodeAuth(auth: string): RegistryLogin {
  const [, username, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(auth, 'base64').toString()) ?? []
  if (username !== undefined && password !== undefined) return { username, password }
  throw invalidOption('DEPOT_PUSH_REGISTRY_AUTH', {
    expected: 'base64 of user:password',
    received: 'something else, not shown as it may hold a secret',
  })
}
