import type { Architecture, MachinePool, RunningMachine } from './machine.ts'

/** A build's hold on a machine. */
interface Lease {
  readonly buildId: string
  readonly projectId: string
  readonly architecture: Architecture
  /** Settles when the machine listens, or cannot be had. */
  readonly machine: Promise<RunningMachine>
  state: { readonly machine: RunningMachine } | { readonly failure: unknown } | undefined
  certificate: Promise<{ cert: string; key: string }> | undefined
}

/** Which builds hold which machines of the pool. */
export class Leases {
  readonly #pool: MachinePool
  readonly #leases = new Map<string, Lease>()

  constructor(pool: MachinePool) {
    this.#pool = pool
  }

  /**
   * The machine of a build if it listens by now, undefined while it does not. The first call asks the pool for it; a
   * failure is thrown once, and the next call asks anew.
   */
  poll(build: BuildRef, architecture: Architecture): RunningMachine | undefined {
    const lease = this.#lease(build, architecture)
    if (lease.state === undefined) return undefined
    if ('machine' in lease.state) return lease.state.machine
    this.#drop(lease)
    throw lease.state.failure
  }

  /** Settles when {@link poll} has something to say. */
  async settled(build: BuildRef, architecture: Architecture): Promise<void> {
    await Promise.allSettled([this.#lease(build, architecture).machine])
  }

  /** The client certificate of a build that holds a machine: the same for each call. */
  certificate(build: BuildRef, architecture: Architecture): Promise<{ cert: string; key: string }> {
    const lease = this.#lease(build, architecture)
    lease.certificate ??= lease.machine.then((machine) => machine.clientCertificate(build.id))
    return lease.certificate
  }

  /** Gives back one machine of a build, or all. */
  async release(buildId: string, architecture?: Architecture): Promise<void> {
    const theirs = [...this.#leases.values()].filter((lease) => lease.buildId === buildId)
    const given = theirs.filter((lease) => architecture === undefined || lease.architecture === architecture)
    await Promise.all(given.map((lease) => this.#giveBack(lease)))
  }

  /** All machines of a project end, and its cache with them. */
  async reset(projectId: string): Promise<void> {
    for (const lease of [...this.#leases.values()]) if (lease.projectId === projectId) this.#drop(lease)
    await this.#pool.reset(projectId)
  }

  #lease(build: BuildRef, architecture: Architecture): Lease {
    const held = this.#leases.get(nameOf(build.id, architecture))
    if (held !== undefined && !hasDied(held)) return held
    const lease: Lease = {
      buildId: build.id,
      projectId: build.projectId,
      architecture,
      machine: this.#pool.acquire(build.projectId, architecture, build.id),
      state: undefined,
      certificate: undefined,
    }
    lease.machine.then(
      (machine) => {
        lease.state = { machine }
      },
      (failure) => {
        lease.state = { failure }
      },
    )
    this.#leases.set(nameOf(build.id, architecture), lease)
    return lease
  }

  async #giveBack(lease: Lease): Promise<void> {
    this.#drop(lease)
    // One that starts is given back when it is there.
    if (lease.state === undefined) await Promise.allSettled([lease.machine])
    await this.#pool.release(lease.projectId, lease.architecture, lease.buildId)
  }

  #drop(lease: Lease): void {
    const name = nameOf(lease.buildId, lease.architecture)
    if (this.#leases.get(name) === lease) this.#leases.delete(name)
  }
}

/** Whoever asks once more then is to get another machine. */
function hasDied({ state }: Lease): boolean {
  return state !== undefined && 'machine' in state && !state.machine.running
}

interface BuildRef {
  readonly id: string
  readonly projectId: string
}

function nameOf(buildId: string, architecture: Architecture): string {
  return `${buildId}/${architecture}`
}
