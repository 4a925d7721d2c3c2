import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ByteString } from '../byte-string.ts'
import { isForbidden, systemErrorOf } from '../disk/system-error.ts'
import { isDirectory } from '../mode.ts'
import type { Filter } from '../patterns/filter.ts'
import type { Entry, FileTree } from './file-tree.ts'

/** Takes one entry; may return a promise to be awaited before the next. */
export type Visit = (entry: Entry) => Promise<void> | undefined

/**
 * Walks a tree in the order in which entries travel and visits what the filter lets through, each after the
 * directories it is in. Reads a little ahead, and lets other work have its turn. When the signal aborts, it
 * throws the signal's reason. Returns how many entries it has looked at.
 */
export async function walk(
  tree: FileTree,
  filter: Filter,
  visit: Visit,
  signal: AbortSignal,
): Promise<number> {
  const walker = new Walker(tree, visit, signal)
  await walker.walk(filter)
  return walker.entries
}

/** So many directories are listed ahead of the one being walked, on each level of the tree. */
const directoriesAhead = 4

/** After so many entries other work gets its turn: a health check must not wait for a walk. */
const entriesPerTurn = 128

/** A directory on the way down. One that is not chosen itself is visited when something in it is. */
interface Directory {
  readonly entry: Entry
  readonly parent: Directory | undefined
  isVisited: boolean
}

/** A directory that is being listed ahead of the walk. */
interface Ahead {
  readonly entry: Entry
  readonly filter: Filter
  readonly entries: Promise<readonly Entry[]>
}

class Walker {
  entries = 0
  readonly #tree: FileTree
  readonly #visit: Visit
  readonly #signal: AbortSignal

  constructor(tree: FileTree, visit: Visit, signal: AbortSignal) {
    this.#tree = tree
    this.#visit = visit
    this.#signal = signal
  }

  async walk(filter: Filter): Promise<void> {
    await this.#descend(await this.#list('', filter), filter, undefined)
  }

  async #descend(entries: readonly Entry[], filter: Filter, parent: Directory | undefined): Promise<void> {
    const ahead: Ahead[] = []
    let listed = this.#listAhead(entries, 0, filter, ahead)
    for (const entry of entries) {
      if (++this.entries % entriesPerTurn === 0) await nextTurn()
      this.#signal.throwIfAborted()
      if (entry.isChosen) {
        if (parent?.isVisited === false) await this.#visitDirectories(parent)
        const busy = this.#visit(entry)
        if (busy !== undefined) await busy
      }
      if (ahead[0]?.entry !== entry) continue
      const next = ahead.shift()!
      listed = this.#listAhead(entries, listed, filter, ahead)
      await this.#descend(await next.entries, next.filter, { entry, parent, isVisited: entry.isChosen })
    }
  }

  /** Starts to list directories among the entries from `start` on; returns where to go on. */
  #listAhead(entries: readonly Entry[], start: number, filter: Filter, ahead: Ahead[]): number {
    let index = start
    for (; index < entries.length && ahead.length < directoriesAhead; index++) {
      const entry = entries[index]!
      if (!isDirectory(entry.stat.mode)) continue
      const below = filter.enter(entry.stat.path)
      if (below !== undefined)
        ahead.push({ entry, filter: below, entries: this.#listDirectory(entry, below) })
    }
    return index
  }

  #listDirectory(entry: Entry, filter: Filter): Promise<readonly Entry[]> {
    const entries = this.#list(entry.stat.path, filter).catch((error: Error) => {
      // What is closed to us matters only if it was to be sent.
      if (!entry.isChosen && isForbidden(systemErrorOf(error.cause))) return []
      throw error
    })
    // It may fail while the walk is still elsewhere, or has failed there.
    entries.catch(() => {})
    return entries
  }

  #list(directory: ByteString, filter: Filter): Promise<readonly Entry[]> {
    return this.#tree.list(directory, (path) => {
      if (filter.sends(path)) return 'send'
      return filter.enter(path) === undefined ? 'skip' : 'look'
    })
  }

  async #visitDirectories(directory: Directory): Promise<void> {
    if (directory.parent?.isVisited === false) await this.#visitDirectories(directory.parent)
    directory.isVisited = true
    await this.#visit(directory.entry)
  }
}
