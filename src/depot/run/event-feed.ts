import { type Deferred, deferred } from '../../base/deferred.ts'
import type { BuildkitError } from '../../base/errors.ts'
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
 * The events of a build, for whoever reads them, whenever. The states of a machine keep their order, and so does the
 * status of a solve. Status messages stay in the feeds of their solves until somebody reads, which bound themselves; of a
 * machine that waits, only the last unread state is kept. So nothing grows and nothing waits while nobody reads.
 */
export class EventFeed implements AsyncIterable<DepotEvent> {
  #unread: DepotEvent[] = []
  /** Feeds that have more, each asked for one message at a time. */
  readonly #sources = new Set<Source>()
  #ended = false
  #failure: unknown
  #arrival: Deferred | undefined

  push(event: DepotEvent): void {
    this.#unread = this.#unread.filter((earlier) => !outdates(event, earlier))
    this.#unread.push(event)
    this.#wake()
  }

  /** Adds the status of a solve; that it fails is told by {@link end}. */
  follow(platform: MachinePlatform, status: AsyncIterable<SolveStatus>): void {
    this.#sources.add({ platform, messages: status[Symbol.asyncIterator](), asked: false })
    this.#wake()
  }

  /** No more events; readers end once they have read all, or fail with the error given here. */
  end(failure?: unknown): void {
    this.#ended = true
    this.#failure = failure
    this.#wake()
  }

  /** Goes on where the last reader stopped. Leaving the loop changes nothing for the build. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DepotEvent, void> {
    for (;;) {
      const event = this.#unread.shift()
      if (event !== undefined) yield event
      else if (this.#sources.size > 0 || !this.#ended) await this.#next()
      else if (this.#failure !== undefined) throw this.#failure
      else return
    }
  }

  #next(): Promise<void> {
    this.#arrival ??= deferred()
    const { promise } = this.#arrival
    for (const source of this.#sources) void this.#ask(source)
    return promise
  }

  async #ask(source: Source): Promise<void> {
    if (source.asked) return
    source.asked = true
    try {
      const { value, done } = await source.messages.next()
      if (done) this.#sources.delete(source)
      else this.#unread.push({ type: 'status', platform: source.platform, status: value })
    } catch {
      this.#sources.delete(source)
    }
    source.asked = false
    this.#wake()
  }

  #wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }
}

interface Source {
  readonly platform: MachinePlatform
  readonly messages: AsyncIterator<SolveStatus>
  asked: boolean
}

function outdates(event: DepotEvent, earlier: DepotEvent): boolean {
  return isPending(event) && isPending(earlier) && event.platform === earlier.platform
}

function isPending(event: DepotEvent): event is DepotEvent & { type: 'machine' } {
  return event.type === 'machine' && event.state.kind === 'pending'
}
