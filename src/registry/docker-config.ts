import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { dockerFolder } from '../base/docker-folder.ts'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { GoJsonError, type GoValue, objectOf, parseGoJson, textIn } from '../base/go-json.ts'
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
 * `credHelpers`, of `credsStore`, or of `auths`. Where Docker's own CLI (docker/cli `cli/config`) finds credentials,
 * these are the same; where it finds none, or refuses the whole file, a host's own entry counts in other spellings too.
 * The file is read anew for every question, so that a login takes effect at once; without a file every host is anonymous.
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
  variableConfig(options.env)
  await fileConfig(options, signal)
}

/** The folder of the Docker tools' configuration. */
export function dockerConfigDir({ configDir, env }: DockerConfigOptions): string {
  return configDir || (dockerFolder(env) ?? join(homedir(), '.docker'))
}

/** What a config file says of credentials, and where it came from, for messages. */
interface DockerConfig {
  readonly from: string
  readonly auths: ReadonlyMap<string, GoValue>
  readonly credHelpers: ReadonlyMap<string, GoValue>
  readonly credsStore: string
}

const variable = 'DOCKER_AUTH_CONFIG'

function fromVariable(env: NodeJS.ProcessEnv, host: string): Credentials | undefined {
  const config = variableConfig(env)
  return config && fromAuths(config, host)
}

/** Docker takes a second value as a mistake here, and only here. */
function variableConfig(env: NodeJS.ProcessEnv): DockerConfig | undefined {
  return parse(env[variable] ?? '', variable, 'nothing behind the JSON object')
}

async function fromFile(
  host: string,
  options: DockerConfigOptions,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const config = await fileConfig(options, signal)
  if (config === undefined) return undefined
  const helper = helperFor(config, host)
  if (helper === undefined) return fromAuths(config, host)
  const own = await credentialsFromHelper({
    ...helper,
    serverKey: isHub(host) ? hubKey : host,
    env: options.env,
    timeoutMs: options.helperTimeoutMs ?? defaultHelperTimeoutMs,
    signal,
  })
  // The one thing that Docker takes from the file beside a helper.
  const registryToken = registryTokenOf(config, host)
  return registryToken === '' ? own : { registryToken }
}

async function fileConfig(
  options: DockerConfigOptions,
  signal: AbortSignal,
): Promise<DockerConfig | undefined> {
  const file = join(dockerConfigDir(options), 'config.json')
  return parse(await contents(file, signal), file)
}

/** No file is as good as an empty one, also below what is no folder: `DOCKER_CONFIG=/dev/null` is in use. */
async function contents(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, { encoding: 'utf8', signal })
  } catch (cause) {
    signal.throwIfAborted()
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return ''
    throw new BuildkitError('CREDENTIALS_FAILED', `Docker config ${file} cannot be read`, {
      subject: file,
      received: systemCode(cause) ?? messageOf(cause),
      cause,
    })
  }
}

function parse(text: string, from: string, expectedEnd?: string): DockerConfig | undefined {
  return checked(from, () => {
    const parsed = parseGoJson(text)
    if (parsed === undefined) return undefined
    const config = objectOf(parsed.value)
    if (expectedEnd !== undefined && parsed.rest.trim() !== '')
      throw new GoJsonError(expectedEnd, 'something')
    return {
      from,
      auths: config.map('auths'),
      credHelpers: config.map('credHelpers'),
      credsStore: config.text('credsStore'),
    }
  })
}

/**
 * Docker asks `credHelpers` for a host in exactly its own form; another spelling counts here where it would ask no
 * helper at all. An empty name means no helper for that host, whatever `credsStore` says.
 */
function helperFor(config: DockerConfig, host: string): { name: string; configuredBy: string } | undefined {
  const { from, credHelpers, credsStore } = config
  const own = entryOf(credHelpers, host)
  const exact = own !== undefined && own.key === (isHub(host) ? hubKey : host)
  if (own === undefined || (!exact && credsStore !== ''))
    return credsStore === '' ? undefined : { name: credsStore, configuredBy: `credsStore in ${from}` }
  const key = `credHelpers["${own.key}"]`
  const name = checked(from, () => textIn(own.value, `${key} to be the name of a helper`))
  return name === '' ? undefined : { name, configuredBy: `${key} in ${from}` }
}

function fromAuths(config: DockerConfig, host: string): Credentials | undefined {
  const own = entryOf(config.auths, host)
  if (own === undefined) return undefined
  const registryToken = registryTokenOf(config, host)
  if (registryToken !== '') return { registryToken }
  const key = `auths["${own.key}"]`
  return checked(config.from, () => {
    const entry = objectOf(own.value, key)
    const text = (field: string) => entry.text(field, `${key}.${field}`)
    const identityToken = text('identitytoken')
    if (identityToken !== '') return { identityToken }
    const auth = text('auth')
    const login =
      auth === '' ? { username: text('username'), password: text('password') } : decodeAuth(auth, key)
    if (login.password === '') return undefined
    return login.username === '' ? { identityToken: login.password } : login
  })
}

function registryTokenOf({ from, auths }: DockerConfig, host: string): string {
  const own = entryOf(auths, host)
  const key = `auths["${own?.key}"]`
  return checked(from, () => objectOf(own?.value, key).text('registrytoken', `${key}.registrytoken`))
}

/** Base64 as Go's `StdEncoding` reads it: line ends do not count, padding does. */
function decodeAuth(auth: string, key: string): { username: string; password: string } {
  const text = auth.replace(/[\r\n]/g, '')
  const decoded = base64.test(text) ? textOf(Buffer.from(text, 'base64')) : undefined
  const colon = decoded?.indexOf(':') ?? -1
  if (decoded === undefined || colon < 1)
    throw new GoJsonError(`${key}.auth to be base64 of user:password`, 'something else')
  // Old versions of the Docker tools padded the password with zero bytes.
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '') }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Undefined for what is no UTF-8: the session could not carry it. */
function textOf(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}

/** Names the configuration in what is wrong with it. */
function checked<T>(from: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof GoJsonError ? malformed(from, error) : error
  }
}

function malformed(from: string, { expected, received }: GoJsonError): BuildkitError {
  return new BuildkitError('CREDENTIALS_FAILED', `Docker config ${from} is malformed`, {
    subject: from,
    expected,
    received,
    advice: 'Fix or remove it, then log in again',
  })
}
