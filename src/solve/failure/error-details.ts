import { google } from '../../gen/buildkit.js'
import { decode } from '../../grpc/decode.ts'
import type { SourceRange } from '../status/status.ts'

/** What BuildKit attaches to an error as typed details (moby/buildkit `solver/errdefs/errdefs.proto`). */
export interface ErrorDetails {
  /** Digest of the step that failed. */
  vertex?: string | undefined
  /** The places in source files, in the daemon's order, which is that of `buildctl`. */
  sources: ErrorSource[]
  /** Exit code of the process that failed. */
  exitCode?: number | undefined
}

/** A place in a source file, with its text. */
export interface ErrorSource {
  readonly filename: string
  readonly ranges: readonly SourceRange[]
  /** The whole file. */
  readonly text: string
}

/** Type URLs have no host, and their values are JSON. */
const types = {
  vertex: 'github.com/moby/buildkit/errdefs.Vertex+json',
  source: 'github.com/moby/buildkit/errdefs.Source+json',
  exit: 'github.com/moby/buildkit/gatewayapi.ExitMessage+json',
}

/**
 * Reads the `google.rpc.Status` of a failed solve. Details come outermost first, so of a step and an exit code the first
 * counts; what is unknown or malformed is passed over, since the error's text says it all in words.
 */
export function readDetails(status: Uint8Array | undefined): ErrorDetails {
  const details: ErrorDetails = { sources: [] }
  for (const { typeUrl, value } of anys(status)) {
    if (typeUrl === types.vertex) details.vertex ??= stringAt(parse(value), 'digest')
    if (typeUrl === types.source) details.sources.push(...sourceOf(parse(value)))
    if (typeUrl === types.exit) details.exitCode ??= numberAt(parse(value), 'code')
  }
  return details
}

function anys(status: Uint8Array | undefined): { typeUrl: string; value: Uint8Array }[] {
  if (status === undefined) return []
  try {
    const { details } = decode(google.rpc.Status, 'Status', status)
    return details.map(({ type_url, value }) => ({
      typeUrl: type_url ?? '',
      value: value ?? new Uint8Array(),
    }))
  } catch {
    return []
  }
}

function sourceOf(json: unknown): ErrorSource[] {
  const info = fieldAt(json, 'info')
  const filename = stringAt(info, 'filename')
  if (filename === undefined) return []
  const ranges = fieldAt(json, 'ranges')
  const text = Buffer.from(stringAt(info, 'data') ?? '', 'base64').toString('utf8')
  return [{ filename, ranges: Array.isArray(ranges) ? ranges.map(rangeOf) : [], text }]
}

function rangeOf(json: unknown): SourceRange {
  return { start: positionOf(fieldAt(json, 'start')), end: positionOf(fieldAt(json, 'end')) }
}

function positionOf(json: unknown): { line?: number; character?: number } {
  const line = numberAt(json, 'line')
  const character = numberAt(json, 'character')
  return { ...(line === undefined ? {} : { line }), ...(character === undefined ? {} : { character }) }
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Keys differ in case between versions of the daemon. */
function fieldAt(json: unknown, key: string): unknown {
  if (typeof json !== 'object' || json === null) return undefined
  return Object.entries(json).find(([name]) => name.toLowerCase() === key)?.[1]
}

function stringAt(json: unknown, key: string): string | undefined {
  const value = fieldAt(json, key)
  return typeof value === 'string' ? value : undefined
}

function numberAt(json: unknown, key: string): number | undefined {
  const value = fieldAt(json, key)
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
