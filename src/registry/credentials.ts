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

/** Finds the key of a configuration's entry for a host. */
export type FindKey = (entries: ReadonlyMap<string, unknown>, host: string) => string | undefined

/** The host in exactly its own form, or Docker Hub's key. */
export const exactKey: FindKey = (entries, host) => {
  const key = isHub(host) ? hubKey : host
  return registryHost(host) !== undefined && entries.has(key) ? key : undefined
}

/** The same, else a URL or path of exactly that host, as old configuration files have them. */
export const dockerKey: FindKey = (entries, host) => {
  const exact = exactKey(entries, host)
  if (exact !== undefined || isHub(host) || registryHost(host) === undefined) return exact
  return [...entries.keys()].find((key) => hostIn(key) === host)
}

/** The same, else whatever means the same host: in other letters, or Docker Hub by another of its names. */
export const anyKey: FindKey = (entries, host) => {
  const wanted = registryHost(host)
  if (wanted === undefined) return undefined
  return dockerKey(entries, host) ?? [...entries.keys()].find((key) => keyHost(key) === wanted)
}

/**
 * The entry that belongs to a host, by {@link anyKey}. The whole host must agree, port included: a looser match would
 * hand one registry's password to another.
 */
export function entryOf<T>(entries: ReadonlyMap<string, T>, host: string): T | undefined {
  const key = anyKey(entries, host)
  return key === undefined ? undefined : entries.get(key)
}

/** The host that a key of a configuration file stands for, in one form; undefined for what is none. */
export function keyHost(key: string): string | undefined {
  return registryHost(hostIn(key))
}

/** As docker/cli's `credentials.ConvertToHostname`: a scheme, user info and a path do not count. */
function hostIn(key: string): string {
  const [, afterScheme] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(key) ?? []
  // Old files have IPv6 addresses without brackets in their URLs.
  return afterScheme?.replace(/^([^[]*:[^[]*):(\d+)$/, '[$1]:$2') ?? key.replace(/\/.*$/s, '')
}
