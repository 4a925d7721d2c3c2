import { createHash } from 'node:crypto'
import { deadline } from '../base/deadline.ts'
import { causes, isBuildkitError, systemCode } from '../base/errors.ts'
import { isLoopback } from '../network/host.ts'
import { HttpClient, type HttpReply, type Redirect } from '../network/http.ts'
import { loadTls, type TlsIdentity } from '../network/tls-options.ts'
import { parseChallenge } from './challenge.ts'
import { isHub } from './credentials.ts'
import { urlForLog } from './realm.ts'
import type { Reference } from './reference.ts'
import type { RegistryAuth } from './registry-auth.ts'
import { checkReply, logInAdvice, registryFailed, requestFailed, unexpectedReply } from './registry-error.ts'
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
  /** Asked for what authorizes a request, and how registries are reached. */
  readonly auth: RegistryAuth
  /** Milliseconds for one operation, its token included. 30,000 by default. */
  readonly timeoutMs?: number
  /**
   * True takes any certificate of a registry, and falls back to http where it does not speak TLS, credentials included:
   * what the exporters' attribute `registry.insecure` means (moby/buildkit `util/resolver`). False by default.
   */
  readonly insecure?: boolean
}

/**
 * Reads and writes manifests in registries (opencontainers/distribution-spec). A registry on this machine without TLS
 * options is called by http, as containerd does, every other by https. A name without tag and digest means `latest`.
 *
 * Throws NOT_FOUND; UNAUTHENTICATED and PERMISSION_DENIED where the registry accepts no one, or not this user;
 * RESOURCE_EXHAUSTED; UNREACHABLE, also for a registry that fails; TLS_FAILED; TIMEOUT; TOO_LARGE; PROTOCOL_ERROR;
 * INVALID_OPTION for TLS options that cannot be used; what {@link RegistryAuth} throws; or the signal's reason.
 */
export class RegistryClient implements AsyncDisposable {
  readonly #auth: RegistryAuth
  readonly #timeoutMs: number
  readonly #insecure: boolean
  readonly #http: HttpClient
  /** `Authorization` by repository and kind of access. */
  readonly #authorizations = new Map<string, string>()
  /** The registries that have been called, and how, by host. */
  readonly #schemes = new Map<string, 'http' | 'https'>()

  constructor({ auth, timeoutMs = defaultTimeoutMs, insecure = false }: RegistryClientOptions) {
    this.#auth = auth
    this.#timeoutMs = timeoutMs
    this.#insecure = insecure
    this.#http = new HttpClient({ env: auth.network.env, identityFor: (host) => this.#identityFor(host) })
  }

  /** What the name stands for, its digest verified. */
  async manifest(image: Reference, signal?: AbortSignal): Promise<Manifest> {
    return await this.#within(image, signal, (until) => this.#manifest(image, until))
  }

  /** The digest of what the name stands for; undefined where there is nothing. */
  async digest(image: Reference, signal?: AbortSignal): Promise<string | undefined> {
    return await this.#within(image, signal, async (until) => {
      const reply = await this.#call(image, { method: 'HEAD' }, until)
      if (reply.status === 404) return undefined
      // Registries may know no HEAD, or answer it without a digest.
      const isKnown = !headUnsupported.has(reply.status)
      const digest = isKnown ? textOf(checkReply(image, 'pull', reply).headers[digestHeader]) : undefined
      return digest ?? (await this.#manifest(image, until).catch(unlessNotFound))?.digest
    })
  }

  /** Writes a manifest under the name. What it refers to must be in that repository. */
  async put(image: Reference, manifest: Manifest, signal?: AbortSignal): Promise<void> {
    await this.#within(image, signal, async (until) => {
      const call = { method: 'PUT', body: manifest.bytes, mediaType: manifest.mediaType } as const
      const { headers } = checkReply(image, 'push', await this.#call(image, call, until))
      const stored = textOf(headers[digestHeader])
      if (stored !== undefined && stored !== manifest.digest)
        throw unexpectedReply(image, { expected: manifest.digest, received: stored })
    })
  }

  /** Ends its connections. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]()
  }

  async #within<T>(
    image: Reference,
    signal: AbortSignal | undefined,
    act: (until: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using limit = deadline(this.#timeoutMs, signal)
    try {
      return await act(limit.signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (!limit.expired) throw error
      const expected = `a response within ${this.#timeoutMs} ms`
      throw registryFailed('TIMEOUT', image, 'timed out', { expected, received: 'none' })
    }
  }

  async #manifest(image: Reference, signal: AbortSignal): Promise<Manifest> {
    const reply = checkReply(image, 'pull', await this.#call(image, { method: 'GET' }, signal))
    const { headers, body: bytes } = reply
    const digest = image.digest ?? textOf(headers[digestHeader]) ?? digestOf(bytes)
    verify(image, bytes, digest)
    return { mediaType: mediaTypeOf(headers['content-type']), digest, bytes }
  }

  /** Asks without authorization, or with what has opened the repository before, and once more when challenged. */
  async #call(image: Reference, call: Call, signal: AbortSignal): Promise<HttpReply> {
    const key = `${image.domain}/${image.path} ${accessOf(call)}`
    const first = await this.#send(image, call, this.#authorizations.get(key), signal)
    if (first.status !== 401) return first
    const authorization = await this.#authorization(image, call, first.headers['www-authenticate'], signal)
    this.#authorizations.set(key, authorization)
    return await this.#send(image, call, authorization, signal)
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
      throw unexpectedReply(image, {
        expected: 'a challenge Bearer or Basic with status 401',
        received: 'none',
      })
    if (challenge.scheme === 'basic') {
      const login = await this.#auth.password(host, signal)
      if (login !== undefined) return basicAuthorization(login)
      throw registryFailed('UNAUTHENTICATED', image, 'requires a user and password', { advice: logInAdvice })
    }
    const { realm, service, scopes } = challenge
    const own = [`repository:${image.path}:${accessOf(call)}`]
    const request = { host, realm, service, scopes: scopes.length > 0 ? scopes : own }
    return `Bearer ${await this.#auth.token(request, signal)}`
  }

  async #send(
    image: Reference,
    call: Call,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const url = this.#urlOf(image)
    const { origin } = url
    const own = (redirect: Redirect) => {
      this.#checkRedirect(image, call, redirect)
      return headersOf(call, redirect.to.origin === origin ? authorization : undefined)
    }
    try {
      const reply = await this.#http.request({
        method: call.method,
        url,
        headers: headersOf(call, authorization),
        body: call.method === 'PUT' ? call.body : undefined,
        redirect: own,
        maxBytes: maxManifestBytes,
        timeoutMs: Number.POSITIVE_INFINITY,
        signal,
      })
      if (reply.status !== 401 || reply.url.origin === origin) return reply
      // Whom another server's challenge names must not see what opens this registry.
      const received = `a redirect to ${urlForLog(reply.url)}, which requires a login`
      throw unexpectedReply(image, { expected: 'a manifest', received })
    } catch (error) {
      signal.throwIfAborted()
      if (!this.#insecure || url.protocol === 'http:' || !speaksNoTls(error, url))
        throw requestFailed(image, error)
      this.#schemes.set(hostOf(image), 'http')
      return await this.#send(image, call, authorization, signal)
    }
  }

  #urlOf(image: Reference): URL {
    const host = hostOf(image)
    const isPlain = isLoopback(host) && !this.#insecure && !this.#auth.network.hasTls(host)
    const scheme = this.#schemes.get(host) ?? (isPlain ? 'http' : 'https')
    this.#schemes.set(host, scheme)
    const name = image.digest ?? image.tag ?? 'latest'
    return new URL(`${scheme}://${host}/v2/${image.path}/manifests/${name}`)
  }

  /** To https, or to another server on this machine, and only as the same request. */
  #checkRedirect(image: Reference, call: Call, { from, to, method }: Redirect): void {
    if (method !== call.method)
      throw unexpectedReply(image, {
        expected: `a redirect of a ${call.method}`,
        received: `one to a ${method}`,
      })
    const isLocal = isLoopback(to.host) && isLoopback(hostOf(image))
    const isInsecure = this.#insecure && to.host === from.host
    if (to.protocol !== 'https:' && !(to.protocol === 'http:' && (isLocal || isInsecure)))
      throw unexpectedReply(image, { expected: 'a redirect to https', received: `one to ${urlForLog(to)}` })
  }

  async #identityFor(host: string): Promise<TlsIdentity | undefined> {
    const identity = await this.#auth.network.identityFor(host)
    if (!this.#insecure || !this.#isRegistry(host)) return identity
    return { ...(identity ?? (await loadTls({}))), verify: false }
  }

  #isRegistry(urlHost: string): boolean {
    return [...this.#schemes.keys()].some((host) => new URL(`https://${host}`).host === urlHost)
  }
}

const defaultTimeoutMs = 30_000
/** The most that registries have to take (opencontainers/distribution-spec, "Pushing Manifests"). */
const maxManifestBytes = 4 << 20
const digestHeader = 'docker-content-digest'
const headUnsupported = new Set([405, 501])

type Call =
  | { readonly method: 'GET' | 'HEAD' }
  | { readonly method: 'PUT'; readonly body: Buffer; readonly mediaType: string }

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

/** As containerd's fallback: an answer in clear, or nothing at the port of https where the name has none. */
function speaksNoTls(error: unknown, { port }: URL): boolean {
  const codes = causes(error).map((cause) => systemCode(cause) ?? '')
  const isClear = codes.some((code) => /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER/.test(code))
  return isClear || (port === '' && codes.includes('ECONNREFUSED'))
}

function unlessNotFound(error: unknown): undefined {
  if (isBuildkitError(error) && error.code === 'NOT_FOUND') return undefined
  throw error
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
  if (received !== digest) throw unexpectedReply(image, { expected: digest, received })
}
