import { StringDecoder } from 'node:string_decoder'
import { setBounded } from '../../base/bounded-map.ts'
import type { SolveStatus } from '../status/status.ts'

/** How much of a step's output an error shows. */
const maxLines = 20
const maxLineLength = 2_000
/** Steps that have written something, kept in order of their last line. */
const maxLogs = 64
/** Of a step's output: there are two. */
const maxStreams = 4
const maxVertexes = 50_000
const maxRunning = 10_000

/** A step that failed. */
export interface FailedVertex {
  readonly digest: string
  readonly name: string
  /** Why, in the daemon's words. */
  readonly error: string
}

/** Listens to a build's status so that its error can say which step failed and what that step last wrote. */
export class FailureContext {
  readonly #names = new Map<string, string>()
  readonly #failed = new Map<string, FailedVertex>()
  readonly #logs = new Map<string, LogTail>()
  /** Steps that have started and are not over, the latest last. */
  readonly #running = new Map<string, string>()

  add({ vertexes = [], logs = [] }: SolveStatus): void {
    for (const { digest = '', name = '', started, completed, error } of vertexes) {
      if (name !== '') setBounded(this.#names, digest, name, maxVertexes)
      if (completed !== undefined) this.#running.delete(digest)
      else if (started !== undefined && !this.#running.has(digest))
        setBounded(this.#running, digest, name, maxRunning)
      if (error !== undefined) {
        setBounded(this.#failed, digest, { digest, name: this.#names.get(digest) ?? '', error }, maxVertexes)
      }
    }
    for (const { vertex = '', stream = 0, data } of logs) {
      if (data !== null) this.#tail(vertex).add(stream, Buffer.from(data, 'base64'))
    }
  }

  /** The vertex with that digest, or else the first that failed for a reason of its own. */
  failedVertex(digest: string | undefined): FailedVertex | undefined {
    if (digest !== undefined && this.#names.has(digest)) {
      return this.#failed.get(digest) ?? { digest, name: this.#names.get(digest)!, error: '' }
    }
    const failed = [...this.#failed.values()]
    return failed.find(({ error }) => !error.endsWith('context canceled')) ?? failed[0]
  }

  /** The name of the step that has started last and is not over. */
  get runningStep(): string | undefined {
    return [...this.#running.values()].at(-1)
  }

  /** The last lines of a vertex's output, both streams in the order they came. */
  lastLines(digest: string): string[] {
    return this.#logs.get(digest)?.lines() ?? []
  }

  #tail(vertex: string): LogTail {
    const tail = this.#logs.get(vertex) ?? new LogTail()
    setBounded(this.#logs, vertex, tail, maxLogs)
    return tail
  }
}

/** The end of a log, cut into lines; each stream has a line of its own under way. */
class LogTail {
  readonly #complete: string[] = []
  readonly #partial = new Map<number, { decoder: StringDecoder; text: string }>()

  add(stream: number, bytes: Buffer): void {
    const partial = this.#partial.get(stream) ?? { decoder: new StringDecoder('utf8'), text: '' }
    setBounded(this.#partial, stream, partial, maxStreams)
    const lines = (partial.text + partial.decoder.write(bytes)).split('\n')
    partial.text = lines.pop()!.slice(-maxLineLength)
    for (const line of lines.slice(-maxLines))
      this.#complete.push(line.replace(/\r$/, '').slice(0, maxLineLength))
    this.#complete.splice(0, this.#complete.length - maxLines)
  }

  lines(): string[] {
    const open = [...this.#partial.values()].map(({ text }) => text).filter((text) => text !== '')
    return [...this.#complete, ...open].slice(-maxLines)
  }
}
