import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { credentialsFromHelper, defaultHelperTimeoutMs } from './credential-helper.ts'
import { type CredentialSource, type Credentials, entryOf, hubKey, isHub } from './credentials.ts'

export interface DockerConfigOptions {
  /** The folder of `config.json`. By default `$DOCKER_CONFIG`, else `.docker` in the home folder. */
  readonly configDir?: string | undefined
  /** Where `DOCKER_CONFIG`, `DOCKER_AUTH_CONFIG`, `HOME` and the helpers' `PATH` are looked up. */
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds until a credential helper without an answer is killed. 30,000 by default. */
  readonly helperTimeoutMs?: number | undefined
}

/**
 * The credentials that `docker login` has left: those of `DOCKER_AUTH_CONFIG`, else of the host's entry in
 * `credHelpers`, of `credsStore`, or of `auths`. The file is read anew for every question, so that a login
 * takes effect at once; where there is no file, every host is anonymous.
 *
 * Throws CREDENTIALS_FAILED for a file that cannot be read or is malformed, naming it and the key at fault,
 * and for a helper that fails.
 */
export function dockerConfigCredentials(options: DockerConfigOptions): CredentialSource {
  return async (host, signal) => fromVariable(options.env, host) ?? (await fromFile(host, options, signal))
}

/**
 * Looks for what is malformed whatever the host, so that it is known before a build begins. Throws
 * CREDENTIALS_FAILED as the credentials themselves would.
 */
export async function checkDockerConfig(options: DockerConfigOptions, signal: AbortSignal): Promise<void> {
  const file = join(dockerConfigDir(options), 'config.json')
  for (const [text, from] of [
    [options.env[variable] ?? '', variable],
    [await contents(file, signal), file],
  ] as const) {
    if (text.trim() === '') continue
    const config = parse(text, from)
    objectAt(config, 'auths')
    objectAt(config, 'credHelpers')
  }
}

/** The folder of the Docker tools' configuration. */
export function dockerConfigDir({ configDir, env }: DockerConfigOptions): string {
  return configDir || env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker')
}

const variable = 'DOCKER_AUTH_CONFIG'

function fromVariable(env: NodeJS.ProcessEnv, host: string): Credentials | undefined {
  const text = env[variable]
  return text === undefined || text.trim() === '' ? undefined : fromAuths(parse(text, variable), host)
}

async function fromFile(
  host: string,
  options: DockerConfigOptions,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const file = join(dockerConfigDir(options), 'config.json')
  const text = await contents(file, signal)
  if (text.trim() === '') return undefined
  const config = parse(text, file)
  const helper = helperFor(config, host)
  if (helper === undefined) return fromAuths(config, host)
  return credentialsFromHelper({
    ...helper,
    serverKey: isHub(host) ? hubKey : host,
    env: options.env,
    timeoutMs: options.helperTimeoutMs ?? defaultHelperTimeoutMs,
    signal,
  })
}

async function contents(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, { encoding: 'utf8', signal })
  } catch (cause) {
    signal.throwIfAborted()
    if (systemCode(cause) === 'ENOENT') return ''
    throw new BuildkitError('CREDENTIALS_FAILED', `Docker config ${file} cannot be read`, {
      subject: file,
      received: systemCode(cause) ?? messageOf(cause),
      cause,
    })
  }
}

/** A parsed configuration and where it came from, for messages. */
interface DockerConfig {
  readonly from: string
  readonly values: Values
}

type Values = Readonly<Record<string, unknown>>

function parse(text: string, from: string): DockerConfig {
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch (error) {
    // The parser's own message quotes the text: only the place is safe to tell.
    const [place] = /at position \d+/.exec(messageOf(error)) ?? []
    throw malformed(from, 'JSON', place === undefined ? 'something else' : `a mistake ${place}`)
  }
  if (!isObject(values)) throw malformed(from, 'a JSON object', kindOf(values))
  return { from, values }
}

/** An empty name in `credHelpers` means no helper for that host, whatever `credsStore` says. */
function helperFor(config: DockerConfig, host: string): { name: string; configuredBy: string } | undefined {
  const own = entryOf(objectAt(config, 'credHelpers'), host)
  const [key, name] =
    own === undefined ? ['credsStore', config.values.credsStore] : [`credHelpers["${own.key}"]`, own.value]
  if (typeof name !== 'string' && name !== undefined && name !== null)
    throw malformed(config.from, `${key} to be the name of a helper`, kindOf(name))
  return name ? { name, configuredBy: `${key} in ${config.from}` } : undefined
}

function fromAuths(config: DockerConfig, host: string): Credentials | undefined {
  const entry = entryOf(objectAt(config, 'auths'), host)
  if (entry === undefined) return undefined
  const key = `auths["${entry.key}"]`
  if (!isObject(entry.value)) throw malformed(config.from, `${key} to be an object`, kindOf(entry.value))
  const registryToken = textAt(config, key, entry.value, 'registrytoken')
  if (registryToken !== '') return { registryToken }
  const identityToken = textAt(config, key, entry.value, 'identitytoken')
  if (identityToken !== '') return { identityToken }
  const auth = textAt(config, key, entry.value, 'auth')
  const username = textAt(config, key, entry.value, 'username')
  const password = textAt(config, key, entry.value, 'password')
  const login = auth === '' ? { username, password } : decodeAuth(auth)
  if (login === undefined)
    throw malformed(config.from, `${key}.auth to be base64 of user:password`, 'something else')
  return login.username === '' || login.password === '' ? undefined : login
}

function decodeAuth(auth: string): { username: string; password: string } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(auth)) return undefined
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  // Old versions of the Docker tools padded the password with zero bytes.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/^\0+|\0+$/g, '') }
}

function objectAt({ from, values }: DockerConfig, key: string): Values {
  const value = values[key] ?? {}
  if (!isObject(value)) throw malformed(from, `${key} to be an object`, kindOf(value))
  return value
}

function textAt({ from }: DockerConfig, key: string, entry: Values, field: string): string {
  const value = entry[field] ?? ''
  if (typeof value !== 'string') throw malformed(from, `${key}.${field} to be text`, kindOf(value))
  return value
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function malformed(from: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('CREDENTIALS_FAILED', `Docker config ${from} is malformed`, {
    subject: from,
    expected,
    received,
    advice: 'Mend it, or move it away and log in again',
  })
}
