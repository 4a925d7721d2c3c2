import { createHash } from 'node:crypto'
import type { Agent, Dispatcher } from 'undici'
import { BuildkitError, type ErrorCode, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { readBounded } from '../base/read-bounded.ts'
import { redactUrls } from '../base/redact.ts'
import { isLoopback } from '../network/host.ts'
import { parseChallenge } from './challenge.ts'
import { isHub } from './credentials.ts'
import { placeOf } from './realm.ts'
import type { Reference } from './reference.ts'
import type { RegistryAuth } from './registry-auth.ts'
import { basicAuthorization } from './token.ts'

/** An image's manifest, or the index of several: what a tag or digest names in a registry. */
export interface Manifest {
  /** Such as `application/vnd.oci.image.index.v1+json`. */
  readonly mediaType: string
  /** `sha256:` and 64 hexadecimal digits, of the bytes. */
  readonly digest: string
  readonly bytes: Buffer
}

export interface RegistryClientOptions {
  /** Asked when a registry wants to know who calls. */
  readonly auth: RegistryAuth
  /** Milliseconds for one operation, its token included. 30,000 by default. */
  readonly timeoutMs?: number
}

/**
 * Reads and writes manifests in registries (opencontainers/distribution-spec). A registry on this machine is called
 * by http, as containerd does, every other by https. A name without tag and digest means `latest`.
 *
 * Throws NOT_FOUND; UNAUTHENTICATED and PERMISSION_DENIED where the registry lets nobody in, or not us; CREDENTIALS_FAILED;
 * RESOURCE_EXHAUSTED; UNREACHABLE, also for an ailing registry; TLS_FAILED; TIMEOUT; TOO_LARGE; PROTOCOL_ERROR; or the
 * signal's reason.
 */
export class RegistryClient implements AsyncDisposable {
  readonly #auth: RegistryAuth
  readonly #timeoutMs: number
  /** `Authorization` by repository and kind of access. */
  readonly #authorizations = new Map<string, string>()
  #agent: Promise<Agent> | undefined

  constructor({ auth, timeoutMs = defaultTimeoutMs }: RegistryClientOptions) {
    this.#auth = auth
    this.#timeoutMs = timeoutMs
  }

  /** What the name stands for, its digest verified. */
  async manifest(image: Reference, signal?: AbortSignal): Promise<Manifest> {
    return await this.#within(image, signal, async (until) => {
      const { headers, body } = await this.#call(image, { method: 'GET' }, until)
      const bytes = await read(body, maxManifestBytes, image)
      const digest = image.digest ?? textOf(headers['docker-content-digest']) ?? digestOf(bytes)
      verify(image, bytes, digest)
      return { mediaType: mediaTypeOf(headers['content-type']), digest, bytes }
    })
  }

  /** The digest of what the name stands for; undefined where there is nothing, or the registry does not say. */
  async digest(image: Reference, signal?: AbortSignal): Promise<string | undefined> {
    return await this.#within(image, signal, async (until) => {
      try {
        const { headers, body } = await this.#call(image, { method: 'HEAD' }, until)
        await body.dump()
        return textOf(headers['docker-content-digest'])
      } catch (error) {
        if (isBuildkitError(error) && error.code === 'NOT_FOUND') return undefined
        throw error
      }
    })
  }

  /** Writes a manifest under the name. What it refers to must be in that repository. */
  async put(image: Reference, manifest: Manifest, signal?: AbortSignal): Promise<void> {
    await this.#within(image, signal, async (until) => {
      const request = { method: 'PUT', body: manifest.bytes, mediaType: manifest.mediaType } as const
      const { headers, body } = await this.#call(image, request, until)
      await body.dump()
      const stored = textOf(headers['docker-content-digest'])
      if (stored !== undefined && stored !== manifest.digest)
        throw broken(image, { expected: manifest.digest, received: stored })
    })
  }

  /** Ends its connections. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const agent = await this.#agent?.catch(() => undefined)
    this.#agent = undefined
    await agent?.destroy()
  }

  async #within<T>(
    image: Reference,
    signal: AbortSignal | undefined,
    act: (until: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), this.#timeoutMs)
    try {
      return await act(AbortSignal.any([timeout.signal, ...(signal === undefined ? [] : [signal])]))
    } catch (error) {
      signal?.throwIfAborted()
      if (!timeout.signal.aborted) throw error
      const expected = `an answer within ${this.#timeoutMs} ms`
      throw failed('TIMEOUT', image, 'does not answer', { expected, received: 'none' })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks without authorization, or with what has opened the repository before, and once more when challenged. */
  async #call(image: Reference, call: Call, signal: AbortSignal): Promise<Answer> {
    const key = `${image.domain}/${image.path} ${accessOf(call)}`
    const first = await this.#follow(image, call, this.#authorizations.get(key), signal)
    if (first.statusCode !== 401) return await accepted(image, call, first)
    await first.body.dump()
    const authorization = await this.#authorization(image, call, first.headers['www-authenticate'], signal)
    this.#authorizations.set(key, authorization)
    return await accepted(image, call, await this.#follow(image, call, authorization, signal))
  }

  async #authorization(
    image: Reference,
    call: Call,
    header: string | string[] | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const host = hostOf(image)
    const challenge = parseChallenge(header)
    if (challenge === undefined)
      throw broken(image, { expected: 'a challenge Bearer or Basic with status 401', received: 'none' })
    if (challenge.scheme === 'basic') {
      const login = await this.#auth.password(host, signal)
      if (login === undefined)
        throw failed('UNAUTHENTICATED', image, 'wants a user and password', notLoggedIn)
      return basicAuthorization(login)
    }
    const { realm, service, scopes } = challenge
    const own = [`repository:${image.path}:${accessOf(call)}`]
    const request = { host, realm, service, scopes: scopes.length > 0 ? scopes : own }
    return `Bearer ${await this.#auth.token(request, signal)}`
  }

  /** Reading may be redirected, to another server without our authorization. */
  async #follow(
    image: Reference,
    call: Call,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    let url = urlOf(image)
    const { origin } = url
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const own = url.origin === origin ? authorization : undefined
      const answer = await this.#request(image, url, call, own, signal)
      // Whom another server's challenge names is not to see what opens this registry.
      const isForeign = answer.statusCode === 401 && url.origin !== origin
      const isRedirect = answer.statusCode >= 300 && answer.statusCode < 400 && call.method !== 'PUT'
      if (!isForeign && !isRedirect) return answer
      await answer.body.dump()
      if (isForeign) throw lockedElsewhere(image, url)
      url = redirected(image, url, answer.headers.location)
    }
    throw broken(image, { expected: `at most ${maxRedirects} redirects`, received: 'more' })
  }

  async #request(
    image: Reference,
    url: URL,
    call: Call,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      this.#agent ??= newAgent()
      return await (await this.#agent).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: call.method,
        headers: headersOf(call, authorization),
        body: call.method === 'PUT' ? call.body : null,
        signal,
      })
    } catch (error) {
      signal.throwIfAborted()
      throw unreachable(image, url, error)
    }
  }
}

const defaultTimeoutMs = 30_000
/** The most that registries have to take (opencontainers/distribution-spec, "Pushing Manifests"). */
const maxManifestBytes = 4 << 20
const maxRefusalBytes = 64 << 10
const maxRedirects = 5
const connectTimeoutMs = 10_000

type Call =
  | { readonly method: 'GET' | 'HEAD' }
  | { readonly method: 'PUT'; readonly body: Buffer; readonly mediaType: string }

type Answer = Dispatcher.ResponseData

/** It takes its time to load, and most builds call no registry. */
async function newAgent(): Promise<Agent> {
  const { Agent } = await import('undici')
  return new Agent({ connect: { timeout: connectTimeoutMs } })
}

function urlOf(image: Reference): URL {
  const host = hostOf(image)
  const name = image.digest ?? image.tag ?? 'latest'
  return new URL(`${isLoopback(host) ? 'http' : 'https'}://${host}/v2/${image.path}/manifests/${name}`)
}

function hostOf({ domain }: Reference): string {
  return isHub(domain) ? 'registry-1.docker.io' : domain
}

/** The kinds of manifest that a registry may answer with. */
const acceptedTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

function headersOf(call: Call, authorization: string | undefined): Record<string, string> {
  return {
    'user-agent': 'buildkit-client',
    ...(call.method === 'PUT' ? { 'content-type': call.mediaType } : { accept: acceptedTypes }),
    ...(authorization === undefined ? {} : { authorization }),
  }
}

function accessOf({ method }: Call): 'pull' | 'pull,push' {
  return method === 'PUT' ? 'pull,push' : 'pull'
}

function redirected(image: Reference, url: URL, location: string | string[] | undefined): URL {
  if (typeof location !== 'string' || !URL.canParse(location, url.href))
    throw broken(image, { expected: 'a manifest', received: 'a redirect to nowhere' })
  const target = new URL(location, url.href)
  const plain = target.protocol === 'http:' && isLoopback(target.host) && isLoopback(hostOf(image))
  if (plain || target.protocol === 'https:') return target
  throw broken(image, { expected: 'no redirect but to https', received: `one to ${placeOf(target)}` })
}

function lockedElsewhere(image: Reference, url: URL): BuildkitError {
  const received = `a redirect to ${placeOf(url)}, which wants to know who calls`
  return broken(image, { expected: 'a manifest', received })
}

async function accepted(image: Reference, call: Call, answer: Answer): Promise<Answer> {
  const { statusCode: status, body } = answer
  if (status >= 200 && status < 300) return answer
  const words = wordsOf(await read(body, maxRefusalBytes, image))
  const received = words === '' ? `status ${status}` : `status ${status}: ${words}`
  const [code, what, advice] = meaningOf(status, call)
  throw failed(code, image, what, { received, ...(advice !== undefined && { advice }) })
}

function meaningOf(status: number, { method }: Call): [code: ErrorCode, what: string, advice?: string] {
  const push = method === 'PUT'
  if (status === 401) return ['UNAUTHENTICATED', 'refuses the credentials', notLoggedIn.advice]
  if (status === 403)
    return ['PERMISSION_DENIED', push ? 'lets us not push' : 'lets us not pull', 'Ask for access']
  if (status === 404) return ['NOT_FOUND', push ? 'has no such repository' : 'has no such image']
  if (status === 413) return ['TOO_LARGE', 'takes no manifest of this size']
  if (status === 429) return ['RESOURCE_EXHAUSTED', 'is asked too often', 'Wait and try again']
  if (status >= 500) return ['UNREACHABLE', 'is ailing', 'Try again later']
  return ['PROTOCOL_ERROR', 'answers something else']
}

const notLoggedIn = { advice: 'Log in to the registry, or give its credentials' }

async function read(body: Answer['body'], limit: number, image: Reference): Promise<Buffer> {
  const bytes = await readBounded(body, limit).catch((error) => {
    throw failed('UNREACHABLE', image, 'breaks off its answer', { received: messageOf(error), cause: error })
  })
  if (bytes !== undefined) return bytes
  throw failed('TOO_LARGE', image, 'answers too much', {
    expected: `at most ${limit} bytes`,
    received: 'more',
  })
}

const longestWords = 300

/** The messages of a registry's errors (opencontainers/distribution-spec, "Error Codes"), or else its text. */
function wordsOf(body: Buffer): string {
  const text = body.toString()
  return redactUrls(messagesIn(text) ?? text)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, longestWords)
}

function messagesIn(text: string): string | undefined {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] }
    return errors?.map(({ code, message }) => `${code}: ${message}`).join('; ')
  } catch {
    return undefined
  }
}

function mediaTypeOf(header: string | string[] | undefined): string {
  return (textOf(header) ?? '').replace(/;.*$/s, '').trim().toLowerCase()
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}

/** What the digest of these bytes is. */
export function digestOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function verify(image: Reference, bytes: Buffer, digest: string): void {
  const [algorithm = ''] = digest.split(':', 1)
  const received = /^sha(256|384|512)$/.test(algorithm)
    ? digestOf(bytes, algorithm)
    : 'another kind of digest'
  if (received !== digest) throw broken(image, { expected: digest, received })
}

function unreachable(image: Reference, url: URL, cause: unknown): BuildkitError {
  const code = /CERT|TLS|SSL/.test(systemCode(cause) ?? '') ? 'TLS_FAILED' : 'UNREACHABLE'
  const received = messageOf(cause)
  return failed(code, image, `cannot be reached at ${url.origin}`, { received, cause })
}

function broken(image: Reference, fields: { expected: string; received: string }): BuildkitError {
  return failed('PROTOCOL_ERROR', image, 'does not answer as a registry does', fields)
}

function failed(
  code: ErrorCode,
  image: Reference,
  what: string,
  fields: { expected?: string; received?: string; advice?: string; cause?: unknown },
): BuildkitError {
  const subject = `${image.domain}/${image.path}`
  return new BuildkitError(code, `registry ${image.domain} ${what}, for ${subject}`, { subject, ...fields })
}
