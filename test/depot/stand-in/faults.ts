import type { Architecture, CertificateDefect } from './machine.ts'

/** Which calls a fault strikes. */
export interface Aim {
  /** `Method`, or `package.Service/Method` where two services have one of that name. */
  readonly method: string
  readonly buildId?: string
  readonly platform?: Architecture
  /** So many calls pass before it; none by default. */
  readonly skip?: number
  /** It strikes so many calls; one by default, `Infinity` for all. */
  readonly times?: number
  /** The call waits first; 0 by default. */
  readonly delayMs?: number
}

/** What is wrong with the machine that a build is given. */
export type MachineDefect =
  | CertificateDefect
  /** Another authority's certificate for the machine's own. */
  | 'wrong-ca'
  | 'wrong-server-name'
  | 'missing-certificates'
  /** Nobody listens there. */
  | 'dead-port'
  /** Takes connections, and never says a word. */
  | 'silent-port'
  /** Nobody listens there until some time has passed; then it is the machine's. */
  | 'late-port'

export type Fault = Aim &
  (
    | {
        readonly kind: 'error'
        readonly code: CodeName
        readonly message?: string
        readonly headers?: Readonly<Record<string, string>>
      }
    /** Late, and then as ever. */
    | { readonly kind: 'delay'; readonly delayMs: number }
    /** Never answered. */
    | { readonly kind: 'silence' }
    /** The connection is reset. */
    | { readonly kind: 'reset' }
    /** HTTP/2 says that the call was not processed. */
    | { readonly kind: 'refuse-stream' }
    /** HTTP/2 says that the connection takes no more calls: this one is the last, or was not processed. */
    | { readonly kind: 'goaway'; readonly taken: boolean }
    /** A proxy's answer: status 502, HTML. */
    | { readonly kind: 'bad-gateway' }
    /** For the calls that ask for a machine: not yet. */
    | { readonly kind: 'pending'; readonly waitMs?: number }
    /** For the calls that ask for a machine: neither pending nor active. */
    | { readonly kind: 'empty' }
    /** For the calls that ask for a machine; `opensInMs` is for the late port, a second by default. */
    | { readonly kind: 'machine'; readonly defect: MachineDefect; readonly opensInMs?: number }
    /** For ReportBuildHealth: from now, negative for the past. */
    | { readonly kind: 'cancels-at'; readonly inMs: number }
  )

/** Connect's error codes, as they travel. */
export type CodeName =
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated'

/** A call as far as faults aim at it. */
export interface Target {
  readonly service: string
  readonly method: string
  readonly buildId: string | undefined
  readonly platform: Architecture | undefined
}

interface Armed {
  readonly fault: Fault
  skip: number
  times: number
}

/**
 * What goes wrong on purpose. Each call is struck by one fault at most: the first in order of addition that aims at
 * it and has some strikes left, so that faults added one after the other come one after the other.
 */
export class Faults {
  #armed: Armed[] = []

  /** Returns a function that takes it back. */
  add(fault: Fault): () => void {
    const armed = { fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }
    this.#armed.push(armed)
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed)
    }
  }

  clear(): void {
    this.#armed = []
  }

  /** For the stand-in: what is to strike this call. */
  take(target: Target): Fault | undefined {
    for (const armed of this.#armed) {
      if (armed.times <= 0 || !aimsAt(armed.fault, target)) continue
      if (armed.skip-- > 0) continue
      armed.times--
      return armed.fault
    }
    return undefined
  }
}

function aimsAt(aim: Aim, { service, method, buildId, platform }: Target): boolean {
  if (aim.method !== method && aim.method !== `${service}/${method}`) return false
  if (aim.buildId !== undefined && aim.buildId !== buildId) return false
  return aim.platform === undefined || aim.platform === platform
}
