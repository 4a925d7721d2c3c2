/**
 * The machine half of Depot's API, for one machine of one build. There are two of these on the wire, see
 * {@link cliMachineApi} and {@link publicMachineApi}. Calls throw what those of {@link DepotApi} do.
 */
export interface MachineApi {
  /** Asks for the machine: any number of replies that it is pending, then its access, which is the last. */
  acquire(signal: AbortSignal): AsyncIterable<MachineReply>
  /** Says that the build is alive. Returns when Depot will cancel it, if it will. */
  heartbeat(signal: AbortSignal): Promise<Date | undefined>
  /** Says that the machine is no longer needed, where the API has a call for it. */
  release(signal: AbortSignal): Promise<void>
}

export type MachineReply =
  | {
      readonly kind: 'pending'
      /** Milliseconds until the next question, for an API that is polled. */
      readonly waitMs?: number
    }
  | ({ readonly kind: 'active' } & MachineAccess)

/** How to reach a machine. Holds a private key: it stays in memory and out of everything that is shown. */
export interface MachineAccess {
  /** `tcp://host:port` */
  readonly endpoint: string
  /** The name in the machine's certificate, which is not the host. */
  readonly serverName: string
  /** Our certificate for this build, and its key; PEM. */
  readonly cert: string
  readonly key: string
  /** The only authority to trust for this machine; PEM. */
  readonly ca: string
}

/** A heartbeat, or a poll, that takes longer has failed; 30 s as in Depot's own clients. */
export const machineCallTimeoutMs = 30_000
