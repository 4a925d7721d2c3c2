import { moby } from '../../gen/buildkit.js'

/** What this side has to say in the status of a build. */
export interface ClientStatus {
  /** Steps that this side takes. */
  readonly vertexes?: readonly ClientVertex[]
  /** Amounts; one without a vertex belongs to no step, and shows in no progress view. */
  readonly statuses?: readonly ClientVertexStatus[]
}

export interface ClientVertex {
  readonly digest: string
  readonly name: string
  readonly started?: Date
  readonly completed?: Date
  readonly error?: string
}

export interface ClientVertexStatus {
  readonly id: string
  readonly vertex?: string
  readonly name?: string
  readonly current: number
  readonly total?: number
  readonly started?: Date
  readonly completed?: Date
}

/** Encodes it as a message of the daemon's status stream. */
export function encodeClientStatus({ vertexes = [], statuses = [] }: ClientStatus): Buffer {
  const now = new Date()
  const message = moby.buildkit.v1.StatusResponse.encode({
    vertexes: vertexes.map(({ started, completed, ...vertex }) => ({
      ...vertex,
      ...times({ started, completed }),
    })),
    statuses: statuses.map(({ id, started, completed, ...status }) => ({
      ...status,
      ID: id,
      timestamp: timestampOf(now),
      ...times({ started, completed }),
    })),
  }).finish()
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength)
}

function times(dates: Readonly<Record<'started' | 'completed', Date | undefined>>) {
  const given = Object.entries(dates).filter((entry): entry is [string, Date] => entry[1] !== undefined)
  return Object.fromEntries(given.map(([name, date]) => [name, timestampOf(date)]))
}

function timestampOf(date: Date): { seconds: number; nanos: number } {
  const ms = date.getTime()
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
