import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { dockerFolder } from '../base/docker-folder.ts'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { GoJsonError, type GoValue, objectOf, parseGoJson, textIn } from '../base/go-json.ts'
import { credentialsFromHelper, defaultHelperTimeoutMs, type HelperQuestion } from './credential-helper.ts'
import {
  anyKey,
  type CredentialSource,
  type Credentials,
  dockerKey,
  exactKey,
  type FindKey,
  hubKey,
  isHub,
} from './credentials.ts'

export interface DockerConfigOptions {
  /** The folder of `config.json`. By default `$DOCKER_CONFIG`, else `.docker` in the home folder. */
  readonly configDir?: string | undefined
  /** Where `DOCKER_CONFIG`, `DOCKER_AUTH_CONFIG`, `HOME` and the helpers' `PATH` are looked up. */
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds until a credential helper without an answer is killed. 30,000 by default. */
  readonly helperTimeoutMs?: number | undefined
}

/**
 * The credentials of `docker login`: those of `DOCKER_AUTH_CONFIG`, else of the host's entry in `credHelpers`, of
 * `credsStore`, or of `auths`. Where Docker's own CLI (docker/cli `cli/config`) finds credentials, these are the same;
 * only where it finds none, the host's entry counts in other spellings too. The file is read anew for every question, so
 * that a login takes effect at once; without a file every host is anonymous.
 *
 * Throws CREDENTIALS_FAILED for a file that cannot be read or is malformed, naming it and the key at fault,
 * and for a helper that fails.
 */
export function dockerConfigCredentials(options: DockerConfigOptions): CredentialSource {
  return async (host, signal) => {
    const inVariable = variableConfig(options.env)
    const first = inVariable && fromAuths(inVariable, host, exactKey)
    if (first !== undefined) return first
    const inFile = await fileConfig(options, signal)
    const ask = (helper: Helper) => credentialsFromHelper({ ...helper, ...questionOf(host, options), signal })
    return (
      (inFile && (await asDocker(inFile, host, ask))) ??
      (inVariable && fromAuths(inVariable, host, anyKey)) ??
      (inFile && (await inOtherSpellings(inFile, host, ask)))
    )
  }
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

/** Docker takes a second value as a mistake here, and only here. */
function variableConfig(env: NodeJS.ProcessEnv): DockerConfig | undefined {
  return parse(env[variable] ?? '', variable, 'nothing behind the JSON object')
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

/** A helper's name, and what names it. */
type Helper = Pick<HelperQuestion, 'name' | 'configuredBy'>
type Ask = (helper: Helper) => Promise<Credentials | undefined>

function questionOf(host: string, { env, helperTimeoutMs = defaultHelperTimeoutMs }: DockerConfigOptions) {
  return { serverKey: isHub(host) ? hubKey : host, env, timeoutMs: helperTimeoutMs }
}

async function asDocker(config: DockerConfig, host: string, ask: Ask): Promise<Credentials | undefined> {
  const helper = dockersHelper(config, host)
  if (helper === undefined) return fromAuths(config, host, dockerKey)
  const own = await ask(helper)
  // The one thing that Docker takes from the file beside a helper.
  const registryToken = registryTokenOf(config, host, dockerKey)
  return registryToken === '' ? own : { registryToken }
}

/** Not where a helper has answered for the host already. */
async function inOtherSpellings(
  config: DockerConfig,
  host: string,
  ask: Ask,
): Promise<Credentials | undefined> {
  if (dockersHelper(config, host) !== undefined) return undefined
  const helper = helperAt(config, anyKey(config.credHelpers, host))
  return helper === undefined ? fromAuths(config, host, anyKey) : await ask(helper)
}

/** An empty name in `credHelpers` means no helper for that host, whatever `credsStore` says. */
function dockersHelper(config: DockerConfig, host: string): Helper | undefined {
  const { from, credHelpers, credsStore } = config
  const key = exactKey(credHelpers, host)
  if (key !== undefined) return helperAt(config, key)
  return credsStore === '' ? undefined : { name: credsStore, configuredBy: `credsStore in ${from}` }
}

function helperAt({ from, credHelpers }: DockerConfig, key: string | undefined): Helper | undefined {
  if (key === undefined) return undefined
  const place = `credHelpers["${key}"]`
  const name = checked(from, () =>
    textIn(credHelpers.get(key) ?? null, `${place} to be the name of a helper`),
  )
  return name === '' ? undefined : { name, configuredBy: `${place} in ${from}` }
}

function fromAuths(config: DockerConfig, host: string, findKey: FindKey): Credentials | undefined {
  const key = findKey(config.auths, host)
  if (key === undefined) return undefined
  const registryToken = registryTokenOf(config, host, findKey)
  if (registryToken !== '') return { registryToken }
  const place = `auths["${key}"]`
  return checked(config.from, () => {
    const entry = objectOf(config.auths.get(key), place)
    const text = (field: string) => entry.text(field, `${place}.${field}`)
    const identityToken = text('identitytoken')
    if (identityToken !== '') return { identityToken }
    const auth = text('auth')
    const login =
      auth === '' ? { username: text('username'), password: text('password') } : decodeAuth(auth, place)
    if (login.password === '') return undefined
    return login.username === '' ? { identityToken: login.password } : login
  })
}

function registryTokenOf({ from, auths }: DockerConfig, host: string, findKey: FindKey): string {
  const key = findKey(auths, host)
  if (key === undefined) return ''
  const place = `auths["${key}"]`
  return checked(from, () => objectOf(auths.get(key), place).text('registrytoken', `${place}.registrytoken`))
}

/** Base64 as Go's `StdEncoding` reads it: line ends do not count, padding does. */
function decodeAuth(auth: string, place: string): { username: string; password: string } {
  const text = auth.replace(/[\r\n]/g, '')
  const decoded = base64.test(text) ? textOf(Buffer.from(text, 'base64')) : undefined
  const colon = decoded?.indexOf(':') ?? -1
  if (decoded === undefined || colon < 1)
    throw new GoJsonError(`${place}.auth to be base64 of user:password`, 'something else')
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
