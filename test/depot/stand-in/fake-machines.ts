import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { type FakeBehaviour, fakeBuildkitd } from '../../support/fake-buildkitd.ts'
import { type Listening, listening } from '../../support/listening.ts'
import { type BuildAuthority, createBuildAuthority } from './build-certificates.ts'
import type { Architecture, MachinePool, RunningMachine } from './machine.ts'

/** One of {@link FakeMachines}: a fake daemon behind real mTLS. */
export interface FakeMachine extends RunningMachine {
  readonly projectId: string
  readonly architecture: Architecture
  /** The builds that hold it. */
  readonly builds: Set<string>
  /** It is gone from one moment to the next; the next build gets another. */
  die(): Promise<void>
}

/** A pool whose daemons live in this process and behave as a test wants. They stop with the pool. */
export class FakeMachines implements MachinePool {
  /** All that are running. */
  readonly running: FakeMachine[] = []
  readonly #behaviour: FakeBehaviour
  readonly #authority = createBuildAuthority()
  /** One after the other, so that two builds of a project get one machine. */
  #last: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(behaviour: FakeBehaviour = {}) {
    this.#behaviour = behaviour
  }

  acquire(projectId: string, architecture: Architecture, buildId: string): Promise<FakeMachine> {
    const machine = this.#last.then(async () => {
      const own = this.running.find((it) => it.projectId === projectId && it.architecture === architecture)
      const used = own ?? (await this.#start(projectId, architecture))
      used.builds.add(buildId)
      return used
    })
    this.#last = machine.catch(() => {})
    return machine
  }

  async release(projectId: string, architecture: Architecture, buildId: string): Promise<void> {
    for (const machine of this.running)
      if (machine.projectId === projectId && machine.architecture === architecture)
        machine.builds.delete(buildId)
  }

  async reset(projectId: string): Promise<void> {
    const theirs = this.running.filter((machine) => machine.projectId === projectId)
    await Promise.all(theirs.map((machine) => machine.die()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last
    await Promise.all([...this.running].map((machine) => machine.die()))
  }

  async #start(projectId: string, architecture: Architecture): Promise<FakeMachine> {
    const authority = await this.#authority
    const id = `machine-${++this.#count}`
    const serverName = `${id}.depot.test`
    const server = await this.#listen(authority, serverName)
    const { running } = this
    const machine: FakeMachine = {
      id,
      projectId,
      architecture,
      endpoint: `tcp://127.0.0.1:${server.port}`,
      serverName,
      ca: authority.ca,
      builds: new Set(),
      get running() {
        return running.includes(machine)
      },
      clientCertificate: (buildId, defect) => authority.buildCertificate(buildId, defect),
      die: async () => {
        const index = this.running.indexOf(machine)
        if (index >= 0) this.running.splice(index, 1)
        await server[Symbol.asyncDispose]()
      },
    }
    this.running.push(machine)
    return machine
  }

  async #listen(authority: BuildAuthority, serverName: string): Promise<Listening> {
    const { cert, key } = await authority.machineCertificate(serverName)
    const daemon = fakeBuildkitd(this.#behaviour)
    const options = { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true }
    const server = tls.createServer({ ...options, ALPNProtocols: ['h2'] }, async (socket) => {
      join(socket, await daemon.dial(new AbortController().signal))
    })
    return await listening(server.on('tlsClientError', () => {}))
  }
}

/** Bytes of each to the other; the end of one is the end of both. */
function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy()).once('close', () => to.destroy())
    from.pipe(to)
  }
}
