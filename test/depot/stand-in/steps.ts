import { moby } from '../../../src/gen/buildkit.js'

/** A step of a build, as the dashboard shows it. */
export interface Step {
  readonly digest: string
  name: string
  startedAt: Date | undefined
  completedAt: Date | undefined
  cached: boolean
  error: string | undefined
  readonly logs: StepLog[]
}

export interface StepLog {
  readonly message: string
  readonly at: Date
}

/** The steps of one build, put together from the statuses that are reported of it. */
export class Steps {
  readonly #steps = new Map<string, Step>()

  /** In order of appearance. */
  get all(): readonly Step[] {
    return [...this.#steps.values()]
  }

  get(digest: string): Step | undefined {
    return this.#steps.get(digest)
  }

  /** Takes an encoded `moby.buildkit.v1.StatusResponse`. */
  report(status: Uint8Array): void {
    const { vertexes, logs } = moby.buildkit.v1.StatusResponse.decode(status)
    for (const { digest, name, started, completed, cached, error } of vertexes) {
      const step = this.#step(digest ?? '')
      step.name = name || step.name
      step.startedAt = dateOf(started) ?? step.startedAt
      step.completedAt = dateOf(completed) ?? step.completedAt
      step.cached = cached || step.cached
      step.error = error || step.error
    }
    for (const { vertex, msg, timestamp } of logs)
      this.#step(vertex ?? '').logs.push({
        message: Buffer.from(msg ?? []).toString(),
        at: dateOf(timestamp) ?? new Date(),
      })
  }

  #step(digest: string): Step {
    const known = this.#steps.get(digest)
    if (known !== undefined) return known
    const step: Step = {
      digest,
      name: '',
      startedAt: undefined,
      completedAt: undefined,
      cached: false,
      error: undefined,
      logs: [],
    }
    this.#steps.set(digest, step)
    return step
  }
}

function dateOf(at: { seconds?: unknown; nanos?: unknown } | null | undefined): Date | undefined {
  return at ? new Date(Number(at.seconds ?? 0) * 1000 + Number(at.nanos ?? 0) / 1e6) : undefined
}
