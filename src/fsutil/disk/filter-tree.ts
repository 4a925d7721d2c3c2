import type { ByteString } from '../byte-string.ts'
import { createFilter, type Filter } from '../patterns/filter.ts'

/** The filters of directories that are about to be listed. */
export class FilterTree {
  readonly #root: Filter
  readonly #kept = new Map<ByteString, Filter>()

  /** Throws CONTEXT_FAILED for a pattern that cannot be read. */
  constructor(includes: readonly ByteString[], excludes: readonly ByteString[]) {
    this.#root = createFilter(includes, excludes)
  }

  /** The filter of a directory, which is listed once. */
  take(directory: ByteString): Filter {
    const kept = this.#kept.get(directory)
    this.#kept.delete(directory)
    return kept ?? this.#make(directory)
  }

  /** Keeps a filter for its directory's turn. */
  put(directory: ByteString, filter: Filter): void {
    // Those that another thread has listed would stay.
    if (this.#kept.size >= mostKept) this.#kept.clear()
    this.#kept.set(directory, filter)
  }

  #make(directory: ByteString): Filter {
    let filter = this.#root
    for (let end = directory.indexOf('/'); directory !== ''; end = directory.indexOf('/', end + 1)) {
      const inside = filter.enter(end < 0 ? directory : directory.slice(0, end))
      if (inside === undefined) throw new Error(`nothing in ${JSON.stringify(directory)} is sent`)
      filter = inside
      if (end < 0) break
    }
    return filter
  }
}

const mostKept = 4096
