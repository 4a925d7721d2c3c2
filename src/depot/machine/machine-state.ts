import type { BuildkitError } from '../../base/errors.ts'

/**
 * Where a machine is in its life. It goes through these in order and skips what does not happen: from any of
 * the first three it can be released or lost, from those two it does not come back.
 */
export type MachineState =
  /** Asked for, no answer yet. */
  | { readonly kind: 'requested' }
  /** Depot is starting it. */
  | {
      readonly kind: 'pending'
      /** Milliseconds until Depot is asked again; undefined where it tells by itself. */
      readonly waitMs: number | undefined
    }
  /** It can be connected to. */
  | {
      readonly kind: 'active'
      /** `tcp://host:port` */
      readonly endpoint: string
      /** The name in its certificate. */
      readonly serverName: string
    }
  /** Given back by us, or never had. */
  | { readonly kind: 'released' }
  /** It has died, or was taken away. */
  | {
      readonly kind: 'lost'
      /** MACHINE_LOST, with what happened as its cause. */
      readonly error: BuildkitError
    }
