import net, { type AddressInfo } from 'node:net'
import { createAuthority } from '../../support/certificates.ts'
import { type Listening, listening } from '../../support/listening.ts'
import type { MachineDefect } from './faults.ts'
import type { CertificateDefect, RunningMachine } from './machine.ts'

/** What a client is told to reach a machine. */
export interface Connection {
  readonly endpoint: string
  readonly serverName: string
  /** Undefined where they are missing on purpose. */
  readonly client: { readonly cert: string; readonly key: string } | undefined
  readonly ca: string | undefined
}

/** Tells clients how to reach a machine, and lies to them on request. */
export class Connections implements AsyncDisposable {
  #wrongCa: Promise<string> | undefined
  #silent: Promise<Listening> | undefined

  /** `certificate` is the one without a defect. */
  async to(
    machine: RunningMachine,
    buildId: string,
    certificate: () => Promise<{ cert: string; key: string }>,
    defect: MachineDefect | undefined,
  ): Promise<Connection> {
    const { endpoint, serverName, ca } = machine
    const bad = certificateDefects.find((known) => known === defect)
    const client = await (bad === undefined ? certificate() : machine.clientCertificate(buildId, bad))
    const right: Connection = { endpoint, serverName, ca, client }
    switch (defect) {
      case 'wrong-ca':
        return { ...right, ca: await this.#otherCa() }
      case 'wrong-server-name':
        return { ...right, serverName: 'another.machine.test' }
      case 'missing-certificates':
        return { ...right, ca: undefined, client: undefined }
      case 'dead-port':
        return { ...right, endpoint: `tcp://127.0.0.1:${await deadPort()}` }
      case 'silent-port':
        return { ...right, endpoint: `tcp://127.0.0.1:${await this.#silentPort()}` }
      default:
        return right
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const silent = await this.#silent
    await silent?.[Symbol.asyncDispose]()
  }

  #otherCa(): Promise<string> {
    this.#wrongCa ??= createAuthority('Another authority').then(({ ca }) => ca)
    return this.#wrongCa
  }

  async #silentPort(): Promise<number> {
    this.#silent ??= listening(net.createServer())
    return (await this.#silent).port
  }
}

const certificateDefects: readonly CertificateDefect[] = [
  'expired',
  'wrong-usage',
  'wrong-key',
  'wrong-authority',
]

/** One that was free a moment ago. */
async function deadPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
