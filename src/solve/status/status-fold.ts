import { setBounded } from '../../base/bounded-map.ts'
import { moby } from '../../gen/buildkit.js'
import { keptBytes, keptSize } from './kept-bytes.ts'

const { StatusResponse } = moby.buildkit.v1
type WireStatus = Parameters<typeof StatusResponse.encode>[0]
type WireLog = NonNullable<WireStatus['logs']>[number]

/** Steps, items and warnings that a fold keeps. Beyond it the oldest items go first, then warnings, then steps. */
const maxFoldBytes = 4 << 20
/** Streams of steps whose left-out output is counted. */
const maxStreams = 10_000

/**
 * Many status messages as one: the last state of every step and item, every warning, and for output the number of bytes
 * left out. Bounded.
 */
export class StatusFold {
  /** Each an encoded StatusResponse with one entry, by what the entry is about. */
  readonly #vertexes = new Map<string, Buffer>()
  readonly #items = new Map<string, Buffer>()
  readonly #warnings = new Map<string, Buffer>()
  readonly #leftOut = new Map<string, LeftOut>()
  #bytes = 0

  /** Takes an encoded StatusResponse. */
  add(message: Uint8Array): void {
    const { vertexes, statuses, logs, warnings } = StatusResponse.decode(message)
    for (const vertex of vertexes) this.#keep(this.#vertexes, vertex.digest ?? '', { vertexes: [vertex] })
    for (const item of statuses) this.#keep(this.#items, `${item.vertex} ${item.ID}`, { statuses: [item] })
    for (const warning of warnings) this.#keep(this.#warnings, warningKey(warning), { warnings: [warning] })
    for (const log of logs) this.#leaveOut(log)
    while (this.#bytes > maxFoldBytes) this.#dropOldest()
  }

  /** An encoded StatusResponse: messages of protobuf that follow each other are one. */
  message(): Buffer {
    const logs = [...this.#leftOut.values()].map(leftOutLog)
    return Buffer.concat([
      ...this.#vertexes.values(),
      ...this.#items.values(),
      StatusResponse.encode({ logs }).finish(),
      ...this.#warnings.values(),
    ])
  }

  #keep(map: Map<string, Buffer>, key: string, entry: WireStatus): void {
    const bytes = keptBytes(StatusResponse.encode(entry).finish())
    this.#forget(map, key)
    this.#bytes += keptSize(bytes) + key.length
    map.set(key, bytes)
  }

  #forget(map: Map<string, Buffer>, key: string): void {
    const before = map.get(key)
    if (before !== undefined) this.#bytes -= keptSize(before) + key.length
  }

  #leaveOut(log: WireLog): void {
    const key = `${log.vertex} ${log.stream}`
    const { msg, ...entry } = log
    const bytes = (this.#leftOut.get(key)?.bytes ?? 0) + (msg?.length ?? 0)
    setBounded(this.#leftOut, key, { entry, bytes }, maxStreams)
  }

  #dropOldest(): void {
    for (const map of [this.#items, this.#warnings, this.#vertexes]) {
      const [key] = map.keys()
      if (key === undefined) continue
      this.#forget(map, key)
      map.delete(key)
      return
    }
  }
}

/** Output of a step, by stream; the entry is the last one without its bytes. */
interface LeftOut {
  readonly entry: WireLog
  readonly bytes: number
}

/** A message that the daemon had to split repeats its warnings. */
function warningKey({ vertex, short, url, ranges }: NonNullable<WireStatus['warnings']>[number]): string {
  return JSON.stringify([vertex, Buffer.from(short ?? []).toString('latin1'), url, ranges])
}

function leftOutLog({ entry, bytes }: LeftOut): WireLog {
  return { ...entry, msg: Buffer.from(`[${bytes} bytes of output left out]\n`) }
}
