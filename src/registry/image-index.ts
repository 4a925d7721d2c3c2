import { isDigest } from '../base/digest.ts'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { digestOf, type Manifest } from './client.ts'

/** What an index says of one of its members (opencontainers/image-spec `descriptor.md`). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly urls?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  /** The content itself, in base64. */
  readonly data?: string
  readonly platform?: Readonly<Record<string, unknown>>
  readonly artifactType?: string
}

/**
 * One index with the members of several, each digest once, in the order given: images and their attestations alike.
 * It is Docker's manifest list where every member is of Docker's types, else an OCI index, which alone has the
 * annotations of those merged; of two that differ the first counts. The same input gives the same bytes.
 *
 * Throws PROTOCOL_ERROR for a manifest that is no index.
 */
export function mergeIndexes(indexes: readonly Manifest[]): Manifest {
  const parsed = indexes.map(parseIndex)
  const members = new Map<string, Descriptor>()
  for (const member of parsed.flatMap(({ manifests }) => manifests))
    if (!members.has(member.digest)) members.set(member.digest, member)
  const manifests = [...members.values()]
  if (manifests.length > 0 && manifests.every(isDocker)) return encode({ mediaType: dockerList, manifests })
  const annotations = sorted(Object.assign({}, ...parsed.map((index) => index.annotations).reverse()))
  const annotated = Object.keys(annotations).length > 0
  return encode({ mediaType: ociIndex, manifests, ...(annotated ? { annotations } : {}) })
}

const ociIndex = 'application/vnd.oci.image.index.v1+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

interface Index {
  readonly manifests: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
}

function parseIndex({ mediaType, digest, bytes }: Manifest): Index {
  try {
    const index = object(JSON.parse(bytes.toString()), 'an index')
    // Two types for the same bytes could have two readers see two things (CVE-2021-41190).
    if (index.mediaType !== undefined && index.mediaType !== mediaType)
      throw malformed(`the type ${mediaType}`, index.mediaType)
    if (mediaType !== ociIndex && mediaType !== dockerList) throw malformed('an index', mediaType)
    if (!Array.isArray(index.manifests)) throw malformed('manifests', index.manifests)
    return {
      manifests: index.manifests.map(descriptor),
      annotations: index.annotations === undefined ? {} : texts(index.annotations, 'annotations'),
    }
  } catch (cause) {
    const fields = isBuildkitError(cause) ? cause : { expected: 'an index', received: messageOf(cause) }
    throw new BuildkitError('PROTOCOL_ERROR', `${digest} cannot be merged into an index`, {
      subject: digest,
      expected: fields.expected ?? 'an index',
      received: fields.received ?? 'something else',
    })
  }
}

/** Its fields in the order of the specification, which makes equal descriptors equal bytes. */
function descriptor(value: unknown): Descriptor {
  const { mediaType, digest, size, urls, annotations, data, platform, artifactType } = object(
    value,
    'a descriptor',
  )
  if (typeof mediaType !== 'string' || mediaType === '') throw malformed('a mediaType', mediaType)
  if (!isDigest(digest)) throw malformed('a digest', digest)
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw malformed('a size in bytes', size)
  return {
    mediaType,
    digest,
    size: size as number,
    ...(urls === undefined ? {} : { urls: listOfTexts(urls) }),
    ...(annotations === undefined ? {} : { annotations: sorted(texts(annotations, 'annotations')) }),
    ...(data === undefined ? {} : { data: text(data, 'data') }),
    ...(platform === undefined ? {} : { platform: object(platform, 'a platform') }),
    ...(artifactType === undefined ? {} : { artifactType: text(artifactType, 'an artifactType') }),
  }
}

function isDocker({ mediaType }: Descriptor): boolean {
  return mediaType.startsWith('application/vnd.docker.')
}

/** Indented by two spaces, as BuildKit writes its own. */
function encode(index: Partial<Index> & { readonly mediaType: string }): Manifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...index }, undefined, 2))
  return { mediaType: index.mediaType, digest: digestOf(bytes), bytes }
}

function sorted(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw malformed(what, value)
}

function texts(value: unknown, what: string): Record<string, string> {
  const entries = Object.entries(object(value, what))
  return Object.fromEntries(entries.map(([key, one]) => [key, text(one, `text for ${what}`)]))
}

function listOfTexts(value: unknown): string[] {
  if (!Array.isArray(value)) throw malformed('urls', value)
  return value.map((url) => text(url, 'a URL'))
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw malformed(what, value)
}

function malformed(expected: string, received: unknown): BuildkitError {
  const shown = typeof received === 'string' ? received.slice(0, 100) : `a ${typeof received}`
  return new BuildkitError('PROTOCOL_ERROR', 'malformed', { expected, received: shown })
}
