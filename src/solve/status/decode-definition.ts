import type { pb } from '../../gen/buildkit.js'

type WireDefinition = Omit<pb.IDefinition, '$unknowns'>
type WireMetadata = NonNullable<NonNullable<WireDefinition['metadata']>[string]>
type WireSource = NonNullable<WireDefinition['Source']>
type WireInfo = NonNullable<WireSource['infos']>[number]
type WireRange = pb.IRange

/**
 * A definition as the Go client prints it (encoding/json on the generated structs of `solver/pb/ops.proto`): the
 * field names of the schema, bytes in base64, what is empty left out, maps in the order of their keys.
 */
export function decodeDefinition({ def, metadata, Source }: WireDefinition): object {
  return {
    ...some('def', (def ?? []).map(base64)),
    ...some('metadata', mapped(metadata, metadataOf)),
    ...(Source ? { Source: sourceOf(Source) } : {}),
  }
}

/** A place in a source; Go prints both ends, also when they are empty. */
export function rangeOf({ start, end }: WireRange): { start: Position; end: Position } {
  return { start: positionOf(start), end: positionOf(end) }
}

interface Position {
  line?: number
  character?: number
}

function metadataOf(metadata: WireMetadata): object {
  const { ignore_cache, description, export_cache, caps, progress_group, linux_resources } = metadata
  return {
    ...some('ignore_cache', ignore_cache),
    ...some('description', mapped(description, same)),
    ...(export_cache ? { export_cache: some('Value', export_cache.Value) } : {}),
    ...some('caps', mapped(caps, same)),
    ...(progress_group ? { progress_group: plain(progress_group, ['id', 'name', 'weak']) } : {}),
    ...(linux_resources ? { linux_resources: plain(linux_resources, resources) } : {}),
  }
}

const resources = ['memory', 'memorySwap', 'cpuShares', 'cpuPeriod', 'cpuQuota', 'cpusetCpus', 'cpusetMems']

function sourceOf({ locations, infos }: WireSource): object {
  return {
    ...some(
      'locations',
      mapped(locations, ({ locations: places }) =>
        some(
          'locations',
          (places ?? []).map(({ sourceIndex, ranges }) => ({
            ...some('sourceIndex', sourceIndex),
            ...some('ranges', (ranges ?? []).map(rangeOf)),
          })),
        ),
      ),
    ),
    ...some('infos', (infos ?? []).map(infoOf)),
  }
}

/** A source file with its definition. */
export function infoOf({ filename, data, definition, language }: WireInfo): object {
  return {
    ...some('filename', filename),
    ...(data && data.length > 0 ? { data: base64(data) } : {}),
    ...(definition ? { definition: decodeDefinition(definition) } : {}),
    ...some('language', language),
  }
}

function positionOf(position: pb.IPosition | null | undefined): Position {
  return { ...some('line', position?.line), ...some('character', position?.character) }
}

function plain(message: object, keys: readonly string[]): object {
  const values = message as Readonly<Record<string, unknown>>
  return Object.assign({}, ...keys.map((key) => some(key, numberOf(values[key]))))
}

function mapped<T, R>(
  map: Readonly<Record<string, T>> | null | undefined,
  of: (value: T) => R,
): Record<string, R> {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return Object.fromEntries(entries.map(([key, value]) => [key, of(value)]))
}

/** The field, unless it is empty in the way of its kind. */
function some<K extends string, T>(key: K, value: T | null | undefined): { [key in K]?: NonNullable<T> } {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  return (value && !isEmpty ? { [key]: value } : {}) as { [key in K]?: NonNullable<T> }
}

function numberOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toNumber' in value
    ? (value as { toNumber(): number }).toNumber()
    : value
}

function same<T>(value: T): T {
  return value
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
