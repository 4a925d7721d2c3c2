import { setBounded } from '../../base/bounded-map.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import type { SolveStatus, Vertex, VertexStatus } from './status.ts'

/** Roughly this much JSON may lie unread before the oldest messages are folded together. */
const maxUnreadBytes = 8 << 20
/** Steps, and items of steps, that folding keeps. */
const maxFolded = 50_000

/**
 * The status messages of a build, for whoever reads them, whenever. While nobody reads, the oldest messages
 * are folded into one that keeps the last state of every step and item and drops log text and warnings: so
 * an unread feed stays bounded, and a late reader still sees every step.
 */
export class StatusFeed implements AsyncIterable<SolveStatus> {
  #unread: { status: SolveStatus; bytes: number }[] = []
  #unreadBytes = 0
  #folded: Fold | undefined
  #ended = false
  #failure: unknown
  #arrival: Deferred | undefined

  /** Adds a message of about so many bytes. */
  push(status: SolveStatus, bytes: number): void {
    this.#unread.push({ status, bytes })
    this.#unreadBytes += bytes
    while (this.#unreadBytes > maxUnreadBytes && this.#unread.length > 1) this.#foldOldest()
    this.#wake()
  }

  /** No more messages; readers end, or fail with the error given here. */
  end(failure?: unknown): void {
    this.#ended = true
    this.#failure = failure
    this.#wake()
  }

  /** Goes on where the last reader stopped. Leaving the loop changes nothing for the build. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SolveStatus, void> {
    for (;;) {
      const status = this.#take()
      if (status !== undefined) yield status
      else if (!this.#ended) await this.#next()
      else if (this.#failure !== undefined) throw this.#failure
      else return
    }
  }

  #take(): SolveStatus | undefined {
    if (this.#folded !== undefined) {
      const status = this.#folded.status()
      this.#folded = undefined
      return status
    }
    const oldest = this.#unread.shift()
    if (oldest === undefined) return undefined
    this.#unreadBytes -= oldest.bytes
    return oldest.status
  }

  #foldOldest(): void {
    const oldest = this.#unread.shift()!
    this.#unreadBytes -= oldest.bytes
    this.#folded ??= new Fold()
    this.#folded.add(oldest.status)
  }

  #next(): Promise<void> {
    this.#arrival ??= deferred()
    return this.#arrival.promise
  }

  #wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }
}

/** The last state of every vertex and item of many messages. */
class Fold {
  readonly #vertexes = new Map<string, Vertex>()
  readonly #items = new Map<string, VertexStatus>()

  add({ vertexes = [], statuses = [] }: SolveStatus): void {
    for (const vertex of vertexes) setBounded(this.#vertexes, vertex.digest ?? '', vertex, maxFolded)
    for (const item of statuses) setBounded(this.#items, `${item.vertex} ${item.id}`, item, maxFolded)
  }

  status(): SolveStatus {
    return {
      ...(this.#vertexes.size > 0 ? { vertexes: [...this.#vertexes.values()] } : {}),
      ...(this.#items.size > 0 ? { statuses: [...this.#items.values()] } : {}),
    }
  }
}
