/**
 * What a build says while it runs. `JSON.stringify` of a {@link SolveStatus} has the keys and values of the
 * Go client's `--progress=rawjson` line (moby/buildkit `client/graph.go`): absent means zero or empty, times
 * are RFC 3339 in UTC with up to nine decimals, bytes are base64.
 */
export interface SolveStatus {
  vertexes?: Vertex[]
  statuses?: VertexStatus[]
  logs?: VertexLog[]
  warnings?: VertexWarning[]
}

/** A snapshot of one step. The same digest comes again whenever something about the step changes. */
export interface Vertex {
  digest?: string
  /** Digests of the steps this one builds on. */
  inputs?: string[]
  name?: string
  started?: string
  completed?: string
  cached?: boolean
  /** Why the step failed; ends in `context canceled` when it was cancelled. */
  error?: string
  progressGroup?: { id?: string; name?: string; weak?: boolean }
}

/** An item of progress inside a step, such as one layer of a push, known by `id` within its vertex. */
export interface VertexStatus {
  id: string
  /** Absent for what this side counts, such as `sent context`: that belongs to no step of the daemon. */
  vertex?: string
  name?: string
  /** Bytes or a count; absent when unknown. */
  total?: number
  current: number
  timestamp: string
  started?: string
  completed?: string
}

/** A piece of a step's output, not aligned to lines. */
export interface VertexLog {
  vertex?: string
  /** 1 is stdout, 2 is stderr. */
  stream?: number
  /** The bytes in base64. */
  data: string | null
  timestamp: string
}

/** Something the frontend advises against, with the place in the source where it knows one. */
export interface VertexWarning {
  vertex?: string
  level?: number
  /** One line, in base64. */
  short?: string
  /** More lines, each in base64. */
  detail?: string[]
  url?: string
  sourceInfo?: SourceInfo
  range?: SourceRange[]
}

/** A source file of the build, usually the Dockerfile. */
export interface SourceInfo {
  filename?: string
  /** The text, in base64. */
  data?: string
  definition?: unknown
  language?: string
}

/** A place in a source file; lines count from 1. */
export interface SourceRange {
  start: { line?: number; character?: number }
  end: { line?: number; character?: number }
}
