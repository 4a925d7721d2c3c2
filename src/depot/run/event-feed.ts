import type { BuildkitError } from '../../base/errors.ts'
import { Feed } from '../../base/feed.ts'
import type { SolveStatus } from '../../solve/status/status.ts'
import type { MachinePlatform } from '../machine/machine-platform.ts'
import type { MachineState } from '../machine/machine-state.ts'

/** What happens in a build on Depot. */
export type DepotEvent =
  /** Depot has registered it. */
  | { readonly type: 'build'; readonly buildId: string; readonly projectId: string; readonly url: string }
  /** One of its machines has entered a state. */
  | { readonly type: 'machine'; readonly platform: MachinePlatform; readonly state: MachineState }
  /** BuildKit has met a fault of its own, and the machine builds once more. */
  | { readonly type: 'retry'; readonly platform: MachinePlatform; readonly error: BuildkitError }
  /** What BuildKit reports; every step in it ran on the machine for that platform. */
  | { readonly type: 'status'; readonly platform: MachinePlatform; readonly status: SolveStatus }

/**
 * The events of a build. The states of a machine keep their order, and so does the status of a solve. Status messages stay in
 * the feeds of their solves, which bound themselves, until a reader gets to them. Of a machine that waits, only the last
 * state is kept.
 */
export class EventFeed extends Feed<DepotEvent, Reader> {
  readonly #events: DepotEvent[] = []
  readonly #solves: Solve[] = []

  push(event: DepotEvent): void {
    const outdated = this.#events.findIndex((earlier) => outdates(event, earlier))
    if (outdated >= 0) this.#forget(outdated)
    this.#events.push(event)
    this.wake()
  }

  /** Adds the status of a solve. That it fails is left to {@link end}. */
  follow(platform: MachinePlatform, status: AsyncIterable<SolveStatus>): void {
    this.#solves.push({ platform, status })
    this.wake()
  }

  protected enter(): Reader {
    return { position: 0, solves: 0, unread: [], sources: new Set() }
  }

  protected take(reader: Reader): DepotEvent | undefined {
    if (reader.position < this.#events.length) return this.#events[reader.position++]
    while (reader.solves < this.#solves.length) {
      const { platform, status } = this.#solves[reader.solves++]!
      reader.sources.add({ platform, messages: status[Symbol.asyncIterator](), isAsked: false })
    }
    const next = reader.unread.shift()
    if (next === undefined) for (const source of reader.sources) void this.#ask(reader, source)
    return next
  }

  protected override hasMore({ sources }: Reader): boolean {
    return sources.size > 0
  }

  protected override leave({ sources }: Reader): void {
    for (const { messages } of sources) messages.return?.().catch(() => {})
  }

  #forget(index: number): void {
    this.#events.splice(index, 1)
    for (const reader of this.readers) if (reader.position > index) reader.position--
  }

  /** For one message at a time. */
  async #ask({ unread, sources }: Reader, source: Source): Promise<void> {
    if (source.isAsked) return
    source.isAsked = true
    try {
      const { value, done } = await source.messages.next()
      if (done) sources.delete(source)
      else unread.push({ type: 'status', platform: source.platform, status: value })
    } catch {
      sources.delete(source)
    }
    source.isAsked = false
    this.wake()
  }
}

interface Solve {
  readonly platform: MachinePlatform
  readonly status: AsyncIterable<SolveStatus>
}

interface Reader {
  /** The number of the event it gets next, and of the solve it follows next. */
  position: number
  solves: number
  readonly unread: DepotEvent[]
  /** The solves that it follows. */
  readonly sources: Set<Source>
}

interface Source {
  readonly platform: MachinePlatform
  readonly messages: AsyncIterator<SolveStatus>
  isAsked: boolean
}

function outdates(event: DepotEvent, earlier: DepotEvent): boolean {
  return isPending(event) && isPending(earlier) && event.platform === earlier.platform
}

function isPending(event: DepotEvent): event is DepotEvent & { type: 'machine' } {
  return event.type === 'machine' && event.state.kind === 'pending'
}
