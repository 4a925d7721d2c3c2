import { deferred } from '../../../src/base/deferred.ts'
import type { BuildOptions } from '../../../src/gen/depot/cli_pb.js'
import { Steps } from './steps.ts'

/** How a build has ended. */
export type BuildOutcome =
  | { readonly status: 'success' }
  | { readonly status: 'failed'; readonly error: string }
  /** By its client, or by the stand-in because the client was silent for too long. */
  | { readonly status: 'cancelled'; readonly by: 'client' | 'stand-in' }

/** One build, from CreateBuild on. */
export class Build {
  readonly id: string
  readonly projectId: string
  readonly token: string
  readonly options: readonly BuildOptions[]
  readonly createdAt = new Date()
  readonly steps = new Steps()
  /** Told with every answer to a heartbeat. */
  cancelsAt: Date | undefined
  shared = false
  #outcome: BuildOutcome | undefined
  #finishedAt: Date | undefined
  readonly #ended = deferred<BuildOutcome>()

  constructor(id: string, projectId: string, token: string, options: readonly BuildOptions[]) {
    this.id = id
    this.projectId = projectId
    this.token = token
    this.options = options
  }

  /** Undefined while it runs. */
  get outcome(): BuildOutcome | undefined {
    return this.#outcome
  }

  get finishedAt(): Date | undefined {
    return this.#finishedAt
  }

  /** Settles when the build ends. */
  get ended(): Promise<BuildOutcome> {
    return this.#ended.promise
  }

  /** The first outcome stands. */
  finish(outcome: BuildOutcome): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    this.#finishedAt = new Date()
    this.#ended.resolve(outcome)
  }
}
