import { Code, ConnectError } from '@connectrpc/connect'
import { messageOf } from '../../../src/base/errors.ts'
import type { Build } from './build.ts'
import type { Connection } from './connection.ts'
import type { Fault } from './faults.ts'
import type { Architecture, RunningMachine } from './machine.ts'
import type { Plane } from './plane.ts'

/** What a build that asks for its machine hears. */
export type MachineAnswer =
  | { readonly state: 'pending'; readonly waitMs: number }
  /** Only as a fault. */
  | { readonly state: 'empty' }
  | { readonly state: 'active'; readonly connection: Connection }

/** Starts the machine of a build, or looks whether it is there. Asking is a sign of life. */
export async function askForMachine(
  { leases, heartbeats, connections, settings }: Plane,
  build: Build,
  architecture: Architecture,
  fault: Fault | undefined,
): Promise<MachineAnswer> {
  if (build.outcome !== undefined)
    throw new ConnectError(`the build has ended: ${build.outcome.status}`, Code.FailedPrecondition)
  heartbeats.beat(build.id, architecture)
  const machine = poll()
  if (fault?.kind === 'pending') return { state: 'pending', waitMs: fault.waitMs ?? settings.waitMs }
  if (fault?.kind === 'empty') return { state: 'empty' }
  if (machine === undefined) {
    // Made while the client waits: neither this answer nor the next is late for it.
    setTimeout(() => leases.certificate(build, architecture).catch(() => {}), settings.waitMs / 2).unref()
    return { state: 'pending', waitMs: settings.waitMs }
  }
  const lie = fault?.kind === 'machine' ? fault : undefined
  const certificate = () => leases.certificate(build, architecture)
  return { state: 'active', connection: await connections.to(machine, build.id, certificate, lie) }

  function poll(): RunningMachine | undefined {
    try {
      return leases.poll(build, architecture)
    } catch (error) {
      throw new ConnectError(`no machine: ${messageOf(error)}`, Code.Unavailable)
    }
  }
}
