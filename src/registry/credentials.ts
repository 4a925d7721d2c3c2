/**
 * What opens a registry: a user name and password; an identity token, which is exchanged for access tokens;
 * or a registry token, which is an access token already.
 */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string }

/**
 * Finds the credentials of one registry, by its host as used on the network: with its port where it has one;
 * Docker Hub is `registry-1.docker.io`. Undefined is anonymous. Gives up when the signal aborts.
 */
export type CredentialSource = (host: string, signal: AbortSignal) => Promise<Credentials | undefined>

/** True for one of the three kinds of {@link Credentials}, none of its fields empty. */
export function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== 'object' || value === null) return false
  const { username, password, identityToken, registryToken } = value as Record<string, unknown>
  return (
    (isText(username) && isText(password) && identityToken === undefined && registryToken === undefined) ||
    (isText(identityToken) && username === undefined && registryToken === undefined) ||
    (isText(registryToken) && username === undefined && identityToken === undefined)
  )
}

/** What a {@link isCredentials} value looks like, for messages. */
export const credentialForms = '{ username, password }, { identityToken } or { registryToken }'

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Docker Hub's place in configuration files and credential helpers (docker/cli `cli/config`). */
export const hubKey = 'https://index.docker.io/v1/'

const hubHosts = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/** A registry's host in one form: lower case, Docker Hub as `docker.io`. Undefined for what is no host. */
export function registryHost(text: string): string | undefined {
  const host = text.toLowerCase()
  if (!/^(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/.test(host)) return undefined
  return hubHosts.has(host) ? 'docker.io' : host
}

/** True for the names of Docker Hub. */
export function isHub(host: string): boolean {
  return registryHost(host) === 'docker.io'
}

/**
 * The entry that belongs to a host, with its key: the one in exactly the host's form, else the first that means the
 * same host. A scheme, user info and a path, as old configuration files have them, do not count. The whole host must
 * agree, port included: a looser match would hand one registry's password to another.
 */
export function entryOf<T>(
  entries: ReadonlyMap<string, T>,
  host: string,
): { key: string; value: T } | undefined {
  const wanted = registryHost(host)
  if (wanted === undefined) return undefined
  const exact = isHub(host) ? hubKey : host
  const key = entries.has(exact)
    ? exact
    : [...entries.keys()].find((candidate) => keyHost(candidate) === wanted)
  return key === undefined ? undefined : { key, value: entries.get(key)! }
}

/** The host that a key of a configuration file stands for (docker/cli `credentials.ConvertToHostname`). */
export function keyHost(key: string): string | undefined {
  const [, afterScheme] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(key) ?? []
  // Old files have IPv6 addresses without brackets in their URLs.
  const host = afterScheme?.replace(/^([^[]*:[^[]*):(\d+)$/, '[$1]:$2') ?? key.replace(/\/.*$/s, '')
  return registryHost(host)
}
