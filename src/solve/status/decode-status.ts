import { moby } from '../../gen/buildkit.js'
import { decode } from '../../grpc/decode.ts'
import { infoOf, rangeOf } from './decode-definition.ts'
import type { SolveStatus, Vertex, VertexLog, VertexStatus, VertexWarning } from './status.ts'

type wire = typeof moby.buildkit.v1
type WireStatus = InstanceType<wire['StatusResponse']>
type WireVertex = WireStatus['vertexes'][number]
type WireItem = WireStatus['statuses'][number]
type WireLog = WireStatus['logs'][number]
type WireWarning = WireStatus['warnings'][number]
type WireTime = WireLog['timestamp']
type WireInt = number | { toNumber(): number }

/** Decodes one message of the status stream. Keys come in the order in which the Go client prints them. */
export function decodeStatus(message: Uint8Array): SolveStatus {
  const response = decode(moby.buildkit.v1.StatusResponse, 'StatusResponse', message)
  return {
    ...list('vertexes', response.vertexes.map(vertexOf)),
    ...list('statuses', response.statuses.map(itemOf)),
    ...list('logs', response.logs.map(logOf)),
    ...list('warnings', response.warnings.map(warningOf)),
  }
}

function vertexOf(vertex: WireVertex): Vertex {
  const { digest, inputs, name, started, completed, cached, error, progressGroup } = vertex
  return {
    ...text('digest', digest),
    ...list('inputs', inputs ?? []),
    ...text('name', name),
    ...time('started', started),
    ...time('completed', completed),
    ...(cached ? { cached: true } : {}),
    ...text('error', error),
    ...(progressGroup
      ? {
          progressGroup: {
            ...text('id', progressGroup.id),
            ...text('name', progressGroup.name),
            ...(progressGroup.weak ? { weak: true } : {}),
          },
        }
      : {}),
  }
}

function itemOf({ ID, vertex, name, total, current, timestamp, started, completed }: WireItem): VertexStatus {
  return {
    id: ID ?? '',
    ...text('vertex', vertex),
    ...text('name', name),
    ...number('total', total),
    current: numberOf(current),
    timestamp: rfc3339(timestamp),
    ...time('started', started),
    ...time('completed', completed),
  }
}

function logOf({ vertex, stream, msg, timestamp }: WireLog): VertexLog {
  return {
    ...text('vertex', vertex),
    ...number('stream', stream),
    data: msg && msg.length > 0 ? base64(msg) : null,
    timestamp: rfc3339(timestamp),
  }
}

function warningOf({ vertex, level, short, detail, url, info, ranges }: WireWarning): VertexWarning {
  return {
    ...text('vertex', vertex),
    ...number('level', level),
    ...(short && short.length > 0 ? { short: base64(short) } : {}),
    ...list('detail', (detail ?? []).map(base64)),
    ...text('url', url),
    ...(info ? { sourceInfo: infoOf(info) } : {}),
    ...list('range', (ranges ?? []).map(rangeOf)),
  }
}

/** RFC 3339 in UTC with as many decimals as count; a time that was not sent is 1970, as Go prints it. */
function rfc3339(timestamp: WireTime): string {
  const seconds = numberOf(timestamp?.seconds)
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) return '1970-01-01T00:00:00Z'
  const decimals = String(timestamp?.nanos ?? 0)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const whole = date.toISOString().slice(0, -'.000Z'.length)
  return decimals === '' ? `${whole}Z` : `${whole}.${decimals}Z`
}

function text<K extends string>(key: K, value: string | null | undefined): { [key in K]?: string } {
  return (value ? { [key]: value } : {}) as { [key in K]?: string }
}

function number<K extends string>(key: K, value: WireInt | null | undefined): { [key in K]?: number } {
  const plain = numberOf(value)
  return (plain === 0 ? {} : { [key]: plain }) as { [key in K]?: number }
}

function time<K extends string>(key: K, value: WireTime): { [key in K]?: string } {
  return (value ? { [key]: rfc3339(value) } : {}) as { [key in K]?: string }
}

function list<K extends string, T>(key: K, values: T[]): { [key in K]?: T[] } {
  return (values.length > 0 ? { [key]: values } : {}) as { [key in K]?: T[] }
}

function numberOf(value: WireInt | null | undefined): number {
  return typeof value === 'object' && value !== null ? value.toNumber() : (value ?? 0)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
