import { BuildkitError } from '../base/errors.ts'
import { firstValue, type Metadata } from '../grpc/metadata.ts'
import type { Handler, ServedCall } from '../grpc/server.ts'
import { Code, RpcError } from '../grpc/status.ts'
import type { Attachable } from './attachable.ts'
import { callKeysOf } from './call-keys.ts'
import { withRequest } from './call-request.ts'
import { type HandlerError, HandlerErrors } from './handler-errors.ts'

/** An attachable, and the option it comes from. */
export interface Contribution {
  /** For messages, such as `session[0]` or `localDirs`. */
  readonly source: string
  readonly attachable: Attachable
}

/**
 * The services of a session: one for each gRPC method, assembled from what attachables contribute. Inside a method a call
 * goes to the attachable with its key, else to the one without keys. Two with the same key are refused.
 *
 * What is added for an owner (a trace id, 32 hex digits) serves only the calls of that trace: so several builds can
 * have an exporter 0 on one session. BuildKit passes the trace context of a Solve on to the calls that it makes for it.
 */
export class Services {
  readonly #entries = new Map<string, Entry[]>()
  readonly #errors = new HandlerErrors()

  constructor(contributions: readonly Contribution[] = []) {
    this.add(contributions)
  }

  /** Takes them in until disposed of. Throws INVALID_OPTION for a key that is taken, naming both sources. */
  add(contributions: readonly Contribution[], owner?: string): Disposable {
    const added: Entry[] = []
    const remove = () => {
      for (const [method, entries] of this.#entries)
        this.#entries.set(
          method,
          entries.filter((entry) => !added.includes(entry)),
        )
      if (owner !== undefined) this.#errors.forget(owner)
    }
    try {
      for (const contribution of contributions)
        for (const method of Object.keys(contribution.attachable.methods))
          added.push(this.#enter(method, contribution, owner))
    } catch (error) {
      remove()
      throw error
    }
    return { [Symbol.dispose]: remove }
  }

  get methods(): string[] {
    return [...this.#entries].filter(([, entries]) => entries.length > 0).map(([method]) => method)
  }

  handlerOf(method: string): Handler | undefined {
    return this.#entries.has(method) ? (call) => this.#answer(call) : undefined
  }

  /** What handlers have failed with: those of this owner, and those that serve everyone. */
  errorsOf(owner?: string): readonly HandlerError[] {
    return this.#errors.of(owner)
  }

  #enter(method: string, { source, attachable }: Contribution, owner: string | undefined): Entry {
    const { methods, keys } = attachable
    if (keys !== undefined && callKeysOf(method) === undefined) throw notRouted(source, method)
    const entry: Entry = {
      source,
      owner,
      handler: methods[method]!,
      keys: keys === undefined ? undefined : new Set(keys),
    }
    const entries = this.#entries.get(method) ?? []
    for (const other of entries)
      if (other.owner === owner || other.owner === undefined || owner === undefined)
        refuseSame(method, entry, other)
    this.#entries.set(method, [...entries, entry])
    return entry
  }

  async #answer(given: ServedCall): Promise<void> {
    const { method } = given
    const callKeys = callKeysOf(method)
    const { call, request } = callKeys?.isInRequest
      ? await withRequest(given)
      : { call: given, request: undefined }
    const key = callKeys?.keyOf(call, request)
    const entry = this.#chosen(method, key, traceOf(call.metadata))
    try {
      if (entry === undefined) throw callKeys?.notServed(key ?? '') ?? notServed(method)
      if (entry === 'unknown owner') throw unknownOwner(method)
      await entry.handler(call)
    } catch (error) {
      // A call that is over has failed for reasons of the other side.
      if (!call.signal.aborted) this.#errors.add({ method, key, error }, ownerOf(entry))
      throw error
    }
  }

  /** The owner's before those for everyone, and those with the key before those without keys. */
  #chosen(
    method: string,
    key: string | undefined,
    trace: string | undefined,
  ): Entry | 'unknown owner' | undefined {
    const entries = this.#entries.get(method) ?? []
    const having = entries.filter(({ keys }) => key !== undefined && keys?.has(key))
    const others = entries.filter(({ keys }) => keys === undefined)
    for (const fitting of [having, others]) {
      const own = trace === undefined ? undefined : fitting.find(({ owner }) => owner === trace)
      const found = own ?? fitting.find(({ owner }) => owner === undefined)
      if (found !== undefined) return found
    }
    return trace === undefined && having.length + others.length > 0 ? 'unknown owner' : undefined
  }
}

interface Entry extends Pick<Contribution, 'source'> {
  readonly handler: Handler
  /** Of the calls that it serves; undefined for all that no other serves. */
  readonly keys: ReadonlySet<string> | undefined
  readonly owner: string | undefined
}

function ownerOf(entry: Entry | 'unknown owner' | undefined): string | undefined {
  return typeof entry === 'object' ? entry.owner : undefined
}

/** Of the header `traceparent` (W3C Trace Context). */
function traceOf(metadata: Metadata): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(firstValue(metadata, 'traceparent') ?? '')?.[1]
}

function refuseSame(method: string, entry: Entry, other: Entry): void {
  const noun = callKeysOf(method)?.noun
  const same = [...(entry.keys ?? [])].find((key) => other.keys?.has(key))
  if (same !== undefined) throw taken(entry, other, `the ${noun} ${JSON.stringify(same)}`, method)
  if (entry.keys !== undefined || other.keys !== undefined) return
  const advice =
    noun === undefined ? undefined : `Give one of them keys: the ${noun} that each of its calls is for`
  throw taken(entry, other, method, method, advice)
}

function taken(entry: Entry, other: Entry, what: string, method: string, advice?: string): BuildkitError {
  return new BuildkitError(
    'INVALID_OPTION',
    `option ${entry.source} serves ${what}, and so does ${other.source}`,
    {
      subject: entry.source,
      expected: what === method ? 'one attachable for this method' : `one attachable for it in ${method}`,
      received: 'two',
      ...(advice !== undefined && { advice }),
    },
  )
}

function notRouted(source: string, method: string): BuildkitError {
  return new BuildkitError('INVALID_OPTION', `option ${source}.keys cannot be used for ${method}`, {
    subject: `${source}.keys`,
    expected: 'none: the calls of this method have no keys',
  })
}

function notServed(method: string): RpcError {
  return new RpcError(Code.Unimplemented, `unknown method ${method}`)
}

function unknownOwner(method: string): BuildkitError {
  return new BuildkitError('UNSUPPORTED', `the daemon does not say for which build it calls ${method}`, {
    subject: method,
    expected: 'the trace context of the build, as BuildKit passes on from v0.9',
    received: 'none',
    advice: 'Let the build open a session by itself',
  })
}
