import type { Connections } from './connection.ts'
import type { Faults } from './faults.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { Leases } from './leases.ts'
import type { SavedImages } from './saved-images.ts'
import type { State } from './state.ts'

/** What a test may change at any time. */
export interface Settings {
  /** How long a machine that nobody uses waits for the next build; two minutes, as Depot's. */
  lingerMs: number
  /** A build that is not heard of for so long is cancelled; one minute. */
  heartbeatTimeoutMs: number
  /** What a client is told to wait before it asks for its machine again; 100 ms. */
  waitMs: number
  /** What clients are told to compress their calls to the machine with; nothing is said by default. */
  compressor: 'identity' | 'gzip' | undefined
}

/** What the services of the control plane share. */
export interface Plane {
  readonly state: State
  readonly faults: Faults
  readonly settings: Settings
  readonly heartbeats: Heartbeats
  readonly leases: Leases
  readonly connections: Connections
  readonly images: SavedImages | undefined
  readonly apiUrl: string
}
