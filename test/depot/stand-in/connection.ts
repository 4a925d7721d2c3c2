import net from 'node:net'
import { createAuthority } from '../../support/certificates.ts'
import type { MachineDefect } from './faults.ts'
import { type Listener, listenOn } from './listener.ts'
import type { CertificateDefect, RunningMachine } from './machine.ts'

/** What a client is told to reach a machine. */
export interface Connection {
  readonly endpoint: string
  readonly serverName: string
  /** Undefined where they are missing on purpose. */
  readonly client: { readonly cert: string; readonly key: string } | undefined
  readonly ca: string | undefined
}

/** What is wrong with what a client is told. */
export interface Lie {
  readonly defect: MachineDefect
  readonly opensInMs?: number
}

/** Tells clients how to reach a machine, and lies to them on request. */
export class Connections implements AsyncDisposable {
  readonly #servers: Promise<Listener>[] = []
  readonly #timers: NodeJS.Timeout[] = []

  /** `certificate` is the one without a defect. */
  async to(
    machine: RunningMachine,
    buildId: string,
    certificate: () => Promise<{ cert: string; key: string }>,
    lie?: Lie,
  ): Promise<Connection> {
    const { endpoint, serverName, ca } = machine
    const bad = certificateDefects.find((known) => known === lie?.defect)
    const client = await (bad === undefined ? certificate() : machine.clientCertificate(buildId, bad))
    const right: Connection = { endpoint, serverName, ca, client }
    switch (lie?.defect) {
      case 'wrong-ca':
        return { ...right, ca: (await createAuthority('Another authority')).ca }
      case 'wrong-server-name':
        return { ...right, serverName: 'another.machine.test' }
      case 'missing-certificates':
        return { ...right, ca: undefined, client: undefined }
      case 'dead-port':
        return { ...right, endpoint: localEndpoint(await deadPort()) }
      case 'silent-port':
        return { ...right, endpoint: localEndpoint(await this.#listen(net.createServer())) }
      case 'late-port':
        return { ...right, endpoint: await this.#latePort(endpoint, lie.opensInMs ?? 1000) }
      default:
        return right
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(this.#servers.map(async (server) => (await server)[Symbol.asyncDispose]()))
  }

  async #listen(server: net.Server, port = 0): Promise<number> {
    const started = listenOn(server, port)
    this.#servers.push(started)
    return (await started).port
  }

  async #latePort(endpoint: string, opensInMs: number): Promise<string> {
    const port = await deadPort()
    const { hostname, port: target } = new URL(endpoint)
    const server = net.createServer((socket) => {
      const onwards = net.connect(Number(target), hostname)
      socket.pipe(onwards).pipe(socket)
      onwards.on('error', () => socket.destroy())
      socket.once('close', () => onwards.destroy())
    })
    // Where it fails, disposal says so.
    const open = () => void this.#listen(server, port).catch(() => {})
    this.#timers.push(setTimeout(open, opensInMs).unref())
    return localEndpoint(port)
  }
}

const certificateDefects: readonly CertificateDefect[] = [
  'expired',
  'wrong-usage',
  'wrong-key',
  'wrong-authority',
]

function localEndpoint(port: number): string {
  return `tcp://127.0.0.1:${port}`
}

/** One that was free a moment ago. */
async function deadPort(): Promise<number> {
  await using server = await listenOn(net.createServer(), 0)
  return server.port
}
