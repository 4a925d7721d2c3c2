import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Buildkitd, type BuildkitdOptions, startBuildkitd } from '../../../scripts/parts/buildkitd.ts'
import { type BuildAuthority, createBuildAuthority } from './build-certificates.ts'
import type {
  Architecture,
  CertificateDefect,
  MachinePool,
  RunningMachine,
  StartMachinePool,
} from './machine.ts'
import { mountSmallDisk } from './small-disk.ts'

export interface MachinePoolOptions {
  /** The program. */
  readonly buildkitd: string
  /**
   * One machine serves all projects and architectures, for tests with more of them than a computer has room
   * for. Its cache is everybody's, and a reset leaves it alone.
   */
  readonly shared?: boolean
  /** Asked when a machine starts: the `HOST:PORT` that it finds behind the name `registry.depot.dev`. */
  readonly depotRegistry?: () => string
}

/** A pool of real daemons, which a test can harm. */
export interface RealMachinePool extends MachinePool {
  /** The machine that a project and architecture have now. */
  machine(projectId: string, architecture: Architecture): RealMachine
  /** Gives a project and architecture, which must not have a machine yet, a disk of so many bytes until a reset. */
  limitDisk(projectId: string, architecture: Architecture, bytes: number): Promise<void>
}

/** A machine, and what can befall it. */
export interface RealMachine extends RunningMachine {
  /** It dies at once. Who acquires it afterwards gets another one. */
  kill(): Promise<void>
  /** It falls silent with its connections open, until {@link resume}. */
  pause(): void
  resume(): void
  /** It dies, and comes back at the same endpoint with the same certificate. */
  restart(): Promise<void>
}

/** Starts a pool without any machine in it. */
export async function startMachinePool(
  settings: Parameters<StartMachinePool>[0],
  options: MachinePoolOptions,
): Promise<RealMachinePool> {
  const authority = await createBuildAuthority()
  const folder = await mkdtemp(join(tmpdir(), 'machine-pool-'))
  const places = new Map<string, Place>()
  let machines = 0
  let disposed = false

  const key = (projectId: string, architecture: Architecture) =>
    options.shared ? 'shared' : `${projectId} ${architecture}`

  const placeOf = (projectId: string, architecture: Architecture) => {
    if (disposed) throw new Error('the pool has been disposed of')
    const name = key(projectId, architecture)
    const found = places.get(name) ?? new Place(settings, join(folder, `${places.size}`), start)
    places.set(name, found)
    return found
  }

  const start = (cache: string) => {
    const id = `machine-${++machines}`
    return Daemon.start(id, cache, authority, options)
  }

  return {
    acquire: async (projectId, architecture, buildId) =>
      placeOf(projectId, architecture).acquire(`${buildId} ${architecture}`),
    async release(projectId, architecture, buildId) {
      places.get(key(projectId, architecture))?.release(`${buildId} ${architecture}`)
    },
    async reset(projectId) {
      if (options.shared) return
      for (const architecture of ['amd64', 'arm64'] as const)
        await places.get(key(projectId, architecture))?.reset()
    },
    machine(projectId, architecture) {
      const machine = places.get(key(projectId, architecture))?.machine
      if (machine === undefined) throw new Error(`${projectId} has no ${architecture} machine`)
      return machine
    },
    limitDisk: async (projectId, architecture, bytes) => placeOf(projectId, architecture).limitDisk(bytes),
    async [Symbol.asyncDispose]() {
      disposed = true
      await Promise.all([...places.values()].map((place) => place.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Where the machines of one project and architecture run, one after the other over the same cache. */
class Place {
  readonly #settings: { readonly lingerMs: number }
  readonly #folder: string
  readonly #start: (folder: string) => Promise<Daemon>
  readonly #builds = new Set<string>()
  #machine: Daemon | undefined
  #disk: AsyncDisposable | undefined
  #linger: NodeJS.Timeout | undefined
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(
    settings: { readonly lingerMs: number },
    folder: string,
    start: (folder: string) => Promise<Daemon>,
  ) {
    this.#settings = settings
    this.#folder = folder
    this.#start = start
  }

  get machine(): RealMachine | undefined {
    return this.#machine
  }

  acquire(build: string): Promise<RealMachine> {
    this.#builds.add(build)
    clearTimeout(this.#linger)
    return this.#inTurn(async () => {
      if (this.#machine?.running) return this.#machine
      await this.#machine?.stop()
      await mkdir(this.#folder, { recursive: true })
      this.#machine = await this.#start(this.#folder)
      return this.#machine
    })
  }

  release(build: string): void {
    if (!this.#builds.delete(build) || this.#builds.size > 0) return
    const stop = () => this.#inTurn(() => (this.#builds.size > 0 ? undefined : this.#stopMachine()))
    this.#linger = setTimeout(stop, this.#settings.lingerMs)
  }

  limitDisk(bytes: number): Promise<void> {
    return this.#inTurn(async () => {
      await mkdir(this.#folder, { recursive: true })
      this.#disk = await mountSmallDisk(this.#folder, bytes)
    })
  }

  async reset(): Promise<void> {
    await this.stop()
    await this.#inTurn(() => rm(this.#folder, { recursive: true, force: true }))
  }

  async stop(): Promise<void> {
    clearTimeout(this.#linger)
    this.#builds.clear()
    await this.#inTurn(() => this.#stopMachine()).finally(() => this.#inTurn(() => this.#removeDisk()))
  }

  async #stopMachine(): Promise<void> {
    await this.#machine?.stop()
    this.#machine = undefined
  }

  async #removeDisk(): Promise<void> {
    await this.#disk?.[Symbol.asyncDispose]()
    this.#disk = undefined
  }

  /** A new machine must not start before the last one has let go of the cache. */
  #inTurn<T>(work: () => Promise<T> | T): Promise<T> {
    const done = this.#lastTurn.then(work)
    this.#lastTurn = done.catch(() => {})
    return done
  }
}

/** A running buildkitd under the certificate of one machine. */
class Daemon implements RealMachine {
  readonly id: string
  readonly serverName: string
  readonly endpoint: string
  readonly #authority: BuildAuthority
  readonly #options: Omit<BuildkitdOptions, 'port'>
  #buildkitd: Buildkitd
  #restarting = false

  static async start(
    id: string,
    folder: string,
    authority: BuildAuthority,
    { buildkitd, depotRegistry }: MachinePoolOptions,
  ): Promise<Daemon> {
    const serverName = `${id}.depot.test`
    const options: BuildkitdOptions = {
      command: buildkitd,
      folder,
      tcp: { ca: authority.ca, ...(await authority.machineCertificate(serverName)) },
      ...(depotRegistry === undefined ? {} : behindDepotsName(depotRegistry())),
    }
    return new Daemon({ id, serverName }, authority, options, await startBuildkitd(options))
  }

  private constructor(
    { id, serverName }: { id: string; serverName: string },
    authority: BuildAuthority,
    options: BuildkitdOptions,
    buildkitd: Buildkitd,
  ) {
    this.id = id
    this.serverName = serverName
    this.endpoint = buildkitd.ready.tcp!
    this.#authority = authority
    this.#options = options
    this.#buildkitd = buildkitd
  }

  get ca(): string {
    return this.#authority.ca
  }

  get running(): boolean {
    return this.#restarting || this.#buildkitd.running
  }

  clientCertificate(buildId: string, defect?: CertificateDefect): Promise<{ cert: string; key: string }> {
    return this.#authority.buildCertificate(buildId, defect)
  }

  kill(): Promise<void> {
    return this.#buildkitd.kill()
  }

  pause(): void {
    process.kill(this.#buildkitd.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.#buildkitd.pid, 'SIGCONT')
  }

  async restart(): Promise<void> {
    this.#restarting = true
    try {
      await this.#buildkitd.kill()
      await this.#buildkitd.stop()
      this.#buildkitd = await startBuildkitd({ ...this.#options, port: Number(new URL(this.endpoint).port) })
    } finally {
      this.#restarting = false
    }
  }

  stop(): Promise<void> {
    return this.#buildkitd.stop()
  }
}

/**
 * With an adopted build, Depot's own CLI has the machine push to the real name of Depot's registry. Here the
 * machine speaks HTTP to it, by way of a proxy that is the stand-in's registry.
 */
function behindDepotsName(registry: string): Pick<BuildkitdOptions, 'config' | 'env'> {
  return {
    config: '[registry."registry.depot.dev"]\nhttp = true\n',
    env: { HTTP_PROXY: `http://${registry}`, http_proxy: `http://${registry}` },
  }
}
