import { Buffer } from 'node:buffer'
import type { SolveStatus, Vertex, VertexStatus } from '../../src/solve/status/status.ts'

/** A time of the daemon, so many seconds after the beginning of all builds in these tests. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2024, 0, 2) + Math.round(seconds * 1000)).toISOString()
}

/** A message about one vertex, which is called like its digest; without a start it is only announced. */
export function vertex(digest: string, start?: number, stop?: number, more: Vertex = {}): SolveStatus {
  const started = start === undefined ? {} : { started: at(start) }
  const completed = stop === undefined ? {} : { completed: at(stop) }
  return { vertexes: [{ digest, name: digest, ...started, ...completed, ...more }] }
}

/** A message with output of a vertex. */
export function log(digest: string, seconds: number, data: string | Uint8Array, stream = 1): SolveStatus {
  const base64 = Buffer.from(data as string).toString('base64')
  return { logs: [{ vertex: digest, stream, data: base64, timestamp: at(seconds) }] }
}

/** A message about an item of a vertex. */
export function item(
  digest: string,
  id: string,
  seconds: number,
  more: Partial<VertexStatus> = {},
): SolveStatus {
  return { statuses: [{ id, vertex: digest, current: 0, timestamp: at(seconds), started: at(0), ...more }] }
}

/** A message with a warning about a vertex. */
export function warning(digest: string, text: string, line = 1): SolveStatus {
  const short = Buffer.from(text).toString('base64')
  return { warnings: [{ vertex: digest, short, range: [{ start: { line }, end: { line } }] }] }
}
