import type { JsonValue } from '@bufbuild/protobuf'
import { deferred } from '../../../src/base/deferred.ts'
import type { Architecture } from './machine.ts'
import type { TokenKind } from './tokens.ts'

/** One call to the control plane. What is not known of it, or not yet, is undefined. */
export interface JournalEvent {
  readonly at: Date
  /** Such as `depot.cli.v1.BuildService`. */
  readonly service: string
  /** Such as `FinishBuild`. */
  readonly method: string
  /** What the caller has shown for a token; the token itself stays out of here. */
  readonly token: TokenKind | 'none' | 'unknown'
  /** The id of the build, project or organization that the token belongs to. */
  readonly tokenOf: string | undefined
  /** The build that the call is about; for CreateBuild the one that it has created. */
  readonly buildId: string | undefined
  /** As the request names it. */
  readonly projectId: string | undefined
  /** As the header `x-depot-org` names it. */
  readonly organizationId: string | undefined
  readonly platform: Architecture | undefined
  /** `1.1` or `2.0` */
  readonly httpVersion: string
  readonly userAgent: string
  /** The request in proto3's JSON; of a stream its first message. */
  readonly request: JsonValue | undefined
  /** How many messages have come: one, but for a stream of them. */
  readonly messages: number
  /**
   * `ok`, the name of a Connect code such as `not_found`, or what else was done to the call: `silence`, `reset`,
   * `bad-gateway`; `left` where the caller went away first.
   */
  readonly outcome: string | undefined
  readonly endedAt: Date | undefined
}

/** What is known of a call when it arrives. */
export type Arrival = Omit<JournalEvent, 'at' | 'messages' | 'outcome' | 'endedAt'>

type Entry = { -readonly [K in keyof JournalEvent]: JournalEvent[K] }

export interface UntilOptions {
  /** So many events must satisfy it; one by default. */
  readonly count?: number
  /** 10 s by default. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Everything that was asked of a stand-in, in order of arrival. */
export class Journal {
  readonly #events: Entry[] = []
  readonly #watchers = new Set<(changed?: JournalEvent) => void>()

  get events(): readonly JournalEvent[] {
    return this.#events
  }

  /** The calls about one build, also those that only have its token. */
  of(buildId: string): JournalEvent[] {
    return this.#events.filter((event) => event.buildId === buildId || event.tokenOf === buildId)
  }

  /** The calls of one method, such as `ReportBuildHealth`. */
  named(method: string): JournalEvent[] {
    return this.#events.filter((event) => event.method === method)
  }

  /**
   * The first event that satisfies the predicate, past or to come; with `count` the last of the first so many. The
   * predicate is asked again whenever an event comes, gets a message, or ends.
   */
  async until(
    predicate: (event: JournalEvent) => boolean,
    { count = 1, timeoutMs = 10_000, signal }: UntilOptions = {},
  ): Promise<JournalEvent> {
    const { promise, resolve, reject } = deferred<JournalEvent>()
    const look = () => {
      const event = this.#events.filter(predicate)[count - 1]
      if (event !== undefined) resolve(event)
    }
    const abort = () => reject(signal?.reason)
    const timer = setTimeout(
      () => reject(new Error(`not in the journal after ${timeoutMs} ms:\n${this}`)),
      timeoutMs,
    )
    signal?.addEventListener('abort', abort, { once: true })
    this.#watchers.add(look)
    try {
      look()
      if (signal?.aborted) abort()
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      this.#watchers.delete(look)
    }
  }

  /** Calls back with every event that ends, until the returned function is called. */
  onEnd(listener: (event: JournalEvent) => void): () => void {
    const watch = (changed?: JournalEvent) => {
      if (changed?.outcome !== undefined) listener(changed)
    }
    this.#watchers.add(watch)
    return () => this.#watchers.delete(watch)
  }

  /** For the stand-in: a call has come. */
  begin(arrival: Arrival): OpenEvent {
    const entry: Entry = { ...arrival, at: new Date(), messages: 1, outcome: undefined, endedAt: undefined }
    this.#events.push(entry)
    const changed = () => {
      for (const watch of this.#watchers) watch(entry)
    }
    changed()
    return {
      message() {
        entry.messages++
        changed()
      },
      created(buildId) {
        entry.buildId = buildId
      },
      end(outcome) {
        if (entry.outcome !== undefined) return
        Object.assign(entry, { outcome, endedAt: new Date() })
        changed()
      },
    }
  }

  /** A line for each event. */
  toString(): string {
    return this.#events.map(journalLine).join('\n')
  }
}

/** A call that is going on. */
export interface OpenEvent {
  /** Another message of it has come. */
  message(): void
  /** It has created this build. */
  created(buildId: string): void
  /** The first outcome counts. */
  end(outcome: string): void
}

/** An event as one line for a person. */
export function journalLine(event: JournalEvent): string {
  const { at, service, method, buildId, projectId, platform, token, outcome, httpVersion, userAgent } = event
  const about = [buildId, projectId, platform].filter((part) => part !== undefined && part !== '')
  return [
    at.toISOString(),
    `${service}/${method}`,
    ...about,
    `${token} token`,
    outcome ?? '...',
    `HTTP/${httpVersion}`,
    userAgent,
  ].join(' ')
}
