import type { ByteString } from '../byte-string.ts'
import type { Entry } from './file-tree.ts'
import { readXattrs, type Xattrs } from './getfattr.ts'
import type { Visit } from './walk.ts'

/** So many entries are asked about at first, so that the transfer begins early. */
const entriesAtFirst = 1024

/**
 * Then this many: each time costs a process, and the daemon has nothing to do until it ends. Measured with 50,000
 * files: several times as many took a tenth longer in all.
 */
const entriesAtMost = 4096

/**
 * A stage between a walk and its visitor that adds extended attributes to the entries. It gathers many, and
 * asks about them while the walk goes on.
 */
export class XattrStage {
  readonly #root: ByteString
  readonly #visit: Visit
  readonly #signal: AbortSignal
  #gathered: Entry[] = []
  #room = entriesAtFirst
  #passing: Promise<void> = Promise.resolve()

  /** `root` is the absolute path of what is walked. */
  constructor(root: ByteString, visit: Visit, signal: AbortSignal) {
    this.#root = root
    this.#visit = visit
    this.#signal = signal
  }

  /** Takes an entry, which is visited some time later. Waits when too many are on their way. */
  add(entry: Entry): Promise<void> | undefined {
    this.#gathered.push(entry)
    return this.#gathered.length === this.#room ? this.#passOn() : undefined
  }

  /** Waits until every entry has been visited. */
  async end(): Promise<void> {
    await this.#passOn()
    await this.#passing
  }

  /** Begins with what has been gathered; waits for what was gathered before that. */
  async #passOn(): Promise<void> {
    const previous = this.#passing
    this.#passing = this.#pass(this.#gathered, previous)
    // Whoever waits next is told of a failure.
    this.#passing.catch(() => {})
    this.#gathered = []
    this.#room = Math.min(this.#room * 4, entriesAtMost)
    await previous
  }

  async #pass(entries: readonly Entry[], previous: Promise<void>): Promise<void> {
    const found = await this.#read(entries)
    await previous
    for (const entry of entries) {
      const xattrs = found.get(this.#pathOf(entry))
      if (xattrs !== undefined && xattrs.size > 0) entry.stat.xattrs = xattrs
      const busy = this.#visit(entry)
      if (busy !== undefined) await busy
    }
  }

  async #read(entries: readonly Entry[]): Promise<ReadonlyMap<ByteString, Xattrs>> {
    if (entries.length === 0) return new Map()
    return readXattrs(
      entries.map((entry) => this.#pathOf(entry)),
      this.#signal,
    )
  }

  #pathOf(entry: Entry): ByteString {
    return `${this.#root}/${entry.stat.path}`
  }
}
