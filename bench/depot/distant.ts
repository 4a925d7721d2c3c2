import type { Server } from '../../scripts/parts/server.ts'
import type { MachinePool, RunningMachine } from '../../test/depot/stand-in/machine.ts'
import { startDelayProxy } from '../distance.ts'

/** A pool whose machines clients reach over a link with latency, which ends with the pool. */
export function distantPool(pool: MachinePool, roundTripMs: number): MachinePool {
  const links = new Map<string, Promise<Server<string>>>()
  const linkTo = (endpoint: string) => {
    const link = links.get(endpoint) ?? startDelayProxy(endpoint, roundTripMs)
    links.set(endpoint, link)
    return link
  }
  return {
    async acquire(...order) {
      const machine = await pool.acquire(...order)
      return distantMachine(machine, (await linkTo(machine.endpoint)).ready)
    },
    release: (...held) => pool.release(...held),
    reset: (projectId) => pool.reset(projectId),
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]()
      await Promise.all([...links.values()].map(async (link) => (await link).stop()))
    },
  }
}

function distantMachine(machine: RunningMachine, endpoint: string): RunningMachine {
  const { id, serverName, ca } = machine
  return {
    ...{ id, serverName, ca, endpoint },
    get running() {
      return machine.running
    },
    clientCertificate: (...order) => machine.clientCertificate(...order),
  }
}
