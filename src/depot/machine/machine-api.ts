/**
 * The machine half of Depot's API, for one machine of one build. There are two of these on the wire, see
 * {@link cliMachineApi} and {@link publicMachineApi}. Calls throw what those of {@link DepotApi} do.
 */
export interface MachineApi {
  /** Asks for the machine: any number of replies that it is pending, then its access, which is the last. */
  acquire(signal: AbortSignal): AsyncIterable<MachineReply>
  /** Says that the build is alive. Returns when Depot cancels it, where it does. */
  heartbeat(signal: AbortSignal): Promise<BuildCancellation | undefined>
  /** Says that the machine is no longer needed, where the API has a call for it. */
  release(signal: AbortSignal): Promise<void>
}

/** Depot's order to stop. */
export interface BuildCancellation {
  /** By Depot's clock. */
  readonly at: Date
  /** Milliseconds until then; below 0 for the past. The clock of this machine may be wrong. */
  readonly inMs: number
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

/** A poll that takes longer has failed; 30 s as in Depot's own clients. */
export const pollTimeoutMs = 30_000

/**
 * A heartbeat that takes longer has failed. With it a build is never silent for 15 s while there is a way to Depot: Depot's
 * own clients wait 30 s.
 */
export const heartbeatTimeoutMs = 6_000
