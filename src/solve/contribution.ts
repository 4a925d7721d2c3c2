import { deadline } from '../base/deadline.ts'
import { BuildkitError } from '../base/errors.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { Contribution } from '../session/services.ts'
import type { SolveResult } from './result.ts'
import type { ClientStatus } from './status/client-status.ts'

/** The build that a contribution is made for. */
export interface SolveScope {
  /** By which the build names its session. */
  readonly sessionId: string
  /** The build's id at the daemon. */
  readonly ref: string
  /** Says something in the build's status. */
  readonly report: (status: ClientStatus) => void
}

/** A part of a build: what it serves in the session, adds to the request, and does afterwards. */
export interface SolveContribution {
  readonly attachables?: readonly Contribution[]
  readonly request?: RequestParts
  /** Runs when the daemon has answered with success, before the build's result is there. Its failure is the build's. */
  readonly afterSuccess?: (result: SolveResult, signal: AbortSignal) => Promise<void>
  /** Runs at the end of every build, whatever became of it, for 5 s at most. */
  readonly dispose?: () => Promise<void> | void
}

/** What a contribution adds to the request. */
export interface RequestParts {
  /** Each may be set once. */
  readonly frontendAttrs?: Readonly<Record<string, string>>
  /** The session that answers for the source policy. */
  readonly sourcePolicySession?: string
}

/** Makes a contribution for one build. */
export type Contribute = (scope: SolveScope) => SolveContribution | Promise<SolveContribution>

const disposeMs = 5_000

/** The contributions to one build, through its life. */
export class Contributions {
  readonly #all: SolveContribution[] = []

  /** Makes them, in order. */
  async make(makers: readonly Contribute[], scope: SolveScope, signal: AbortSignal): Promise<void> {
    for (const make of makers) {
      signal.throwIfAborted()
      const made = make(scope)
      if (made instanceof Promise) await this.#addOnce(made, signal)
      else this.#all.push(made)
    }
  }

  async #addOnce(making: Promise<SolveContribution>, signal: AbortSignal): Promise<void> {
    // One that comes too late has its end all the same.
    const added = making.then((contribution) => {
      if (signal.aborted) return void dispose(contribution).catch(() => {})
      this.#all.push(contribution)
    })
    await unlessAborted(added, signal)
  }

  get attachables(): Contribution[] {
    return this.#all.flatMap(({ attachables = [] }) => attachables)
  }

  /** What all add to the request. Throws INVALID_OPTION for what is set twice, or by the options too. */
  requestParts(frontendAttrs: Readonly<Record<string, string>> = {}): RequestParts {
    const attrs: Record<string, string> = {}
    let sourcePolicySession: string | undefined
    for (const { request } of this.#all) {
      for (const [name, value] of Object.entries(request?.frontendAttrs ?? {})) {
        if (Object.hasOwn(attrs, name) || Object.hasOwn(frontendAttrs, name))
          throw setTwice(`frontendAttrs.${name}`)
        attrs[name] = value
      }
      if (request?.sourcePolicySession === undefined) continue
      if (sourcePolicySession !== undefined) throw setTwice('sourcePolicySession')
      sourcePolicySession = request.sourcePolicySession
    }
    return { frontendAttrs: attrs, ...(sourcePolicySession !== undefined && { sourcePolicySession }) }
  }

  /** They may be code that is not ours: a build that is cancelled does not wait for it. */
  async check(signal: AbortSignal): Promise<void> {
    for (const { attachable } of this.attachables)
      if (attachable.check !== undefined) await unlessAborted(attachable.check(signal), signal)
  }

  async succeeded(result: SolveResult, signal: AbortSignal): Promise<void> {
    for (const { afterSuccess } of this.#all) {
      signal.throwIfAborted()
      if (afterSuccess !== undefined) await unlessAborted(afterSuccess(result, signal), signal)
    }
  }

  /** Disposes of all, the last one first. Throws the first failure, after all have ended. */
  async end(): Promise<void> {
    const failures: unknown[] = []
    for (const contribution of this.#all.splice(0).reverse())
      await dispose(contribution).catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
}

async function dispose(contribution: SolveContribution): Promise<void> {
  if (contribution.dispose === undefined) return
  using limit = deadline(disposeMs)
  await unlessAborted(Promise.resolve(contribution.dispose()), limit.signal)
}

function setTwice(option: string): BuildkitError {
  return new BuildkitError('INVALID_OPTION', `${option} is set twice`, {
    subject: option,
    expected: 'one value',
    received: 'another one too',
  })
}
