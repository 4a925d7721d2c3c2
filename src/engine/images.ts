import { Readable, Writable } from 'node:stream'
import { isDigest } from '../base/digest.ts'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { readBounded } from '../base/read-bounded.ts'
import { sanitize } from '../base/redact.ts'
import { networkError } from '../network/failure.ts'
import { HttpClient, type HttpReply } from '../network/http.ts'
import { type Engine, wordsOf } from '../transport/engine.ts'

/** An image that an Engine has taken into its store. */
export interface LoadedImage {
  /** Undefined for an image without a name. */
  readonly name: string | undefined
  /** `sha256:…` by which the Engine knows it: of its config, or where it stores OCI images of its manifest. */
  readonly id: string
}

export interface LoadOptions {
  /** Gives up when aborted, with its reason. */
  readonly signal?: AbortSignal
  /** Milliseconds in which the Engine neither takes nor says anything. 600,000 by default. */
  readonly idleTimeoutMs?: number
}

/** Images on their way into an Engine. */
export interface ImageLoad {
  /** Takes them as a tar archive, such as the exporter `docker` makes. It is finished when the Engine has stored them. */
  readonly archive: Writable
  /** Settles with the archive. Its rejection never counts as unhandled. */
  readonly images: Promise<readonly LoadedImage[]>
}

/**
 * Loads images into a Docker Engine, of version 20.10 or later. What goes wrong is EXPORT_FAILED, with the Engine's words
 * where it has any; UNREACHABLE, TLS_FAILED or TIMEOUT; or the signal's reason.
 */
export function loadImages(engine: Engine, options: LoadOptions = {}): ImageLoad {
  let written: (() => void) | undefined
  const proceed = () => {
    const done = written
    written = undefined
    done?.()
  }
  // An Engine that has what it wants, or has failed, reads no further: then only its outcome counts.
  const proceedIfLoaded = () => void images.then(proceed, () => {})
  const body = new Readable({ read: proceed })
  body.on('error', () => {}).once('close', proceedIfLoaded)
  const broken = new AbortController()
  const signals = [broken.signal, ...(options.signal === undefined ? [] : [options.signal])]
  const images = load(engine, body, { ...options, signal: AbortSignal.any(signals) })
  const archive = new Writable({
    write(chunk, _encoding, done) {
      written = done
      if (body.destroyed) proceedIfLoaded()
      else if (body.push(chunk)) proceed()
    },
    final(done) {
      body.push(null)
      images.then(() => done(), done)
    },
    destroy(error, done) {
      broken.abort(error ?? new Error('the archive breaks off'))
      done(error)
    },
  })
  images.catch((error) => archive.destroy(error))
  return { archive, images }
}

const defaultIdleTimeoutMs = 600_000

async function load(
  engine: Engine,
  body: Readable,
  { signal, idleTimeoutMs = defaultIdleTimeoutMs }: LoadOptions & { readonly signal: AbortSignal },
): Promise<readonly LoadedImage[]> {
  await using client = new HttpClient({ via: engine })
  const api = new EngineApi(client, `http://${engine.authority}`, signal, idleTimeoutMs)
  try {
    const version = await api.version()
    const loaded = await api.load(version, body)
    return await Promise.all(loaded.map((image) => api.identify(version, image)))
  } catch (error) {
    signal.throwIfAborted()
    throw loadFailed(engine, idleTimeoutMs, error)
  } finally {
    body.destroy()
  }
}

/** The newest API that this was written for; an older Engine is spoken to in its own. */
const newestVersion = '1.51'
/** Of an answer, and of one message of progress; more is not read. */
const maxAnswerBytes = 1 << 20
const maxImages = 1000

/** What an Engine says against a request. */
class Refusal extends Error {}

/** The part of an Engine's API (docs.docker.com/reference/api/engine) that loading takes. */
class EngineApi {
  readonly #client: HttpClient
  readonly #origin: string
  readonly #signal: AbortSignal
  readonly #timeoutMs: number

  constructor(client: HttpClient, origin: string, signal: AbortSignal, timeoutMs: number) {
    this.#client = client
    this.#origin = origin
    this.#signal = signal
    this.#timeoutMs = timeoutMs
  }

  async version(): Promise<string> {
    const { headers } = await this.#get('/_ping')
    const own = headers['api-version']
    if (typeof own !== 'string' || !/^\d{1,3}\.\d{1,3}$/.test(own))
      throw new Refusal('it names no version of its API')
    return minorOf(own) < minorOf(newestVersion) ? own : newestVersion
  }

  /** The names of what it has loaded, or the ids of what has no name. An error comes with status 200 too. */
  async load(version: string, archive: Readable): Promise<string[]> {
    const { status, body } = await this.#client.stream({
      method: 'POST',
      url: new URL(`${this.#origin}/v${version}/images/load?quiet=0`),
      headers: { 'content-type': 'application/x-tar' },
      body: archive,
      signal: this.#signal,
      idleTimeoutMs: this.#timeoutMs,
    })
    if (status !== 200) throw refusal(status, await read(body))
    const images: string[] = []
    for await (const { stream, error, errorDetail } of messages(body)) {
      const failure = errorDetail?.message ?? error
      if (failure !== undefined) throw new Refusal(sanitize(String(failure)))
      const [, image] = /^Loaded image(?: ID)?: (\S+)\s*$/.exec(String(stream ?? '')) ?? []
      if (image !== undefined && images.length < maxImages) images.push(image)
    }
    return images
  }

  async identify(version: string, image: string): Promise<LoadedImage> {
    if (isDigest(image)) return { name: undefined, id: image }
    const { body } = await this.#get(`/v${version}/images/${encodeURI(image)}/json`)
    const { Id } = JSON.parse(body.toString()) as { Id?: unknown }
    if (typeof Id !== 'string') throw new Refusal(`it knows no id of ${image}`)
    return { name: image, id: Id }
  }

  async #get(path: string): Promise<HttpReply> {
    const reply = await this.#client.request({
      method: 'GET',
      url: new URL(this.#origin + path),
      maxBytes: maxAnswerBytes,
      timeoutMs: this.#timeoutMs,
      signal: this.#signal,
    })
    if (reply.status === 200) return reply
    throw refusal(reply.status, reply.body)
  }
}

function refusal(status: number, body: Buffer): Refusal {
  const words = wordsOf(body)
  return new Refusal(words === '' ? `status ${status}` : `status ${status}: ${words}`)
}

function minorOf(version: string): number {
  const [major, minor] = version.split('.').map(Number)
  return major! * 1000 + minor!
}

/** What the Engine reports (docker `pkg/jsonmessage`), as far as it matters here. */
interface Message {
  readonly stream?: unknown
  readonly error?: unknown
  readonly errorDetail?: { readonly message?: unknown } | null
}

/** One JSON object a line. */
async function* messages(body: AsyncIterable<Buffer>): AsyncGenerator<Message> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    if (rest.length > maxAnswerBytes) throw new Refusal('it reports too much')
    yield* lines.filter((line) => line.trim() !== '').map(parse)
  }
  if (rest.trim() !== '') yield parse(rest)
}

function parse(line: string): Message {
  try {
    return JSON.parse(line) ?? {}
  } catch {
    throw new Refusal(`it reports ${sanitize(line)}`)
  }
}

async function read(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const bytes = await readBounded(body, maxAnswerBytes)
  if (bytes === undefined) throw new Refusal('it answers too much')
  return bytes
}

function loadFailed(engine: Engine, idleTimeoutMs: number, cause: unknown): Error {
  const explained = isBuildkitError(cause) ? cause : engine.explain?.(cause)
  if (explained !== undefined) return explained
  const subject = engine.description
  if (networkError(cause, subject).code === 'TIMEOUT')
    return new BuildkitError('TIMEOUT', `${subject} has stopped while it loads an image`, {
      subject,
      expected: `progress within ${idleTimeoutMs} ms`,
      received: 'none',
    })
  return new BuildkitError('EXPORT_FAILED', `${subject} has not loaded the image`, {
    subject,
    received: messageOf(cause),
    cause,
  })
}
