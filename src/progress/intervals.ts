interface Interval {
  readonly start: number
  readonly stop: number
}

/** More finished intervals than this are summed up; a step rarely has more than two. */
const mostFinished = 64

/**
 * When a step ran, in milliseconds. A vertex can run several times, and the vertexes of a progress group run
 * side by side: time that overlaps counts once.
 */
export class Intervals {
  /** The start of what runs now, by vertex. */
  readonly #running = new Map<string, number>()
  /** Merged, so ascending and apart from each other. */
  readonly #finished: Interval[] = []
  #summedUp = 0

  /** Takes a run of a vertex; one that was running is finished by the same start with a stop. */
  add(vertex: string, start: number, stop: number | undefined): void {
    if (stop === undefined) {
      this.#running.set(vertex, start)
      return
    }
    if ((this.#running.get(vertex) ?? Number.POSITIVE_INFINITY) <= start) this.#running.delete(vertex)
    this.#finish(start, Math.max(start, stop))
  }

  get running(): boolean {
    return this.#running.size > 0
  }

  /** The start of the latest run; undefined before the first one. */
  get latestStart(): number | undefined {
    if (!this.running) return this.#finished.at(-1)?.start
    const start = this.#firstRunning()
    return (
      this.#finished.find((finished) => finished.start <= start && start <= finished.stop)?.start ?? start
    )
  }

  /** The end of the latest run; undefined before the first end. */
  get latestStop(): number | undefined {
    return this.#finished.at(-1)?.stop
  }

  /** How long it ran altogether, up to now where it still runs. */
  total(now: number): number {
    const start = this.#firstRunning()
    const finished = this.#finished.map((each) => Math.max(0, Math.min(each.stop, start) - each.start))
    const running = this.running ? Math.max(0, now - start) : 0
    return finished.reduce((sum, each) => sum + each, this.#summedUp + running)
  }

  #firstRunning(): number {
    let first = Number.POSITIVE_INFINITY
    for (const start of this.#running.values()) first = Math.min(first, start)
    return first
  }

  #finish(start: number, stop: number): void {
    let from = this.#finished.length
    while (from > 0 && this.#finished[from - 1]!.stop >= start) from--
    let to = from
    while (to < this.#finished.length && this.#finished[to]!.start <= stop) to++
    const merged = this.#finished.slice(from, to)
    this.#finished.splice(from, to - from, {
      start: Math.min(start, merged[0]?.start ?? start),
      stop: Math.max(stop, merged.at(-1)?.stop ?? stop),
    })
    if (this.#finished.length > mostFinished) {
      const oldest = this.#finished.shift()!
      this.#summedUp += oldest.stop - oldest.start
    }
  }
}
