import { invalidOption } from '../../base/errors.ts'
import { keyHost, registryHost } from '../../registry/credentials.ts'
import { parseReference } from '../../registry/reference.ts'
import type { RegistryGrant } from '../../session/auth/granted-auth.ts'

/** A user of a registry. */
export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

/** By the host of the registry, with its port where it has one; Docker Hub is `docker.io`. */
export type PushCredentials = Readonly<Record<string, RegistryLogin>>

/**
 * What is to be used for pushing to the registries of these image names, and for nothing else: the credentials given for
 * each, else those of `DEPOT_PUSH_REGISTRY_USERNAME` and `DEPOT_PUSH_REGISTRY_PASSWORD`, or of
 * `DEPOT_PUSH_REGISTRY_AUTH`, base64 of `user:password`. The variables do not say for which registry they are: there
 * must be no more than one that they can be meant for.
 *
 * Throws INVALID_OPTION for credentials that can be for none of the registries, and for variables that cannot be used.
 */
export function pushGrants(
  names: readonly string[],
  pushCredentials: PushCredentials = {},
  env: NodeJS.ProcessEnv = {},
): RegistryGrant[] {
  const hosts = new Set(names.map((name) => registryHost(parseReference(name, 'tags').domain)!))
  const given = Object.entries(pushCredentials).map(([key, login]) => grantFor(key, login, hosts))
  const open = [...hosts].filter((host) => !given.some((grant) => grant.host === host))
  const login = open.length > 0 ? environmentLogin(env) : undefined
  if (login === undefined) return given
  const [host, ...others] = open
  if (others.length === 0) return [...given, { host: host!, credentials: login }]
  throw invalidOption('DEPOT_PUSH_REGISTRY_USERNAME', {
    expected: 'images of one registry, as it does not say for which it is',
    received: open.join(', '),
    advice: 'Use the option pushCredentials, which has them by host',
  })
}

function grantFor(key: string, login: RegistryLogin, hosts: ReadonlySet<string>): RegistryGrant {
  const option = `pushCredentials["${key.replace(/^.*@/s, '…@')}"]`
  const host = keyHost(key)
  if (host === undefined || !hosts.has(host))
    throw invalidOption(option, {
      expected: `a registry that is pushed to: ${[...hosts].join(', ') || 'there is none'}`,
      received: 'another one',
    })
  const { username, password } = login
  if (!isText(username) || !isText(password))
    throw invalidOption(option, { expected: '{ username, password }', received: typeof login })
  return { host, credentials: { username, password } }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function environmentLogin(env: NodeJS.ProcessEnv): RegistryLogin | undefined {
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
  return auth === '' ? undefined : decodeAuth(auth)
}

function decodeAuth(auth: string): RegistryLogin {
  const [, username, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(auth, 'base64').toString()) ?? []
  if (username !== undefined && password !== undefined) return { username, password }
  throw invalidOption('DEPOT_PUSH_REGISTRY_AUTH', {
    expected: 'base64 of user:password',
    received: 'something else, not shown as it may hold a secret',
  })
}
