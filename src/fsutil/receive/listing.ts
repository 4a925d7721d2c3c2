import { BuildkitError } from '../../base/errors.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import { isDirectory, isRegular, isSymlink } from '../mode.ts'
import { PathSequence } from '../order.ts'
import type { Stat } from '../stat.ts'
import type { TreeEntry } from './tree-writer.ts'

/** What a listing may come to. */
export interface ListingLimits {
  /** Files, directories and everything else. 1,000,000 by default. */
  readonly entries: number
  /** Bytes of one path or link target. 4,096 by default, as Linux has it. */
  readonly pathBytes: number
  /** Names in one path. 256 by default. */
  readonly depth: number
  /** Bytes of all paths and link targets together, which are held in memory. 256 MiB by default. */
  readonly listingBytes: number
}

/** An entry as it has to be made. `id` is what it is asked for by. */
export type ListedEntry =
  | { readonly kind: 'file'; readonly id: number; readonly entry: TreeEntry }
  | { readonly kind: 'directory' | 'symlink' | 'other'; readonly entry: TreeEntry }
  | { readonly kind: 'hard link'; readonly entry: TreeEntry; readonly targetId: number }

/** The entries that a daemon lists: checked as they come, and kept until they are made. */
export class Listing {
  readonly #limits: ListingLimits
  readonly #paths = new PathSequence()
  /** The ids of the files that a hard link may name. */
  readonly #fileIds = new Map<ByteString, number>()
  #count = 0
  #bytes = 0
  #isOver = false
  #waiting: (ListedEntry | undefined)[] = []
  #next = 0

  constructor(limits: ListingLimits) {
    this.#limits = limits
  }

  /** True when no more entries come. */
  get isOver(): boolean {
    return this.#isOver
  }

  get hasNext(): boolean {
    return this.#next < this.#waiting.length
  }

  /** Takes the next entry out; nothing where none waits. */
  next(): ListedEntry | undefined {
    if (!this.hasNext) return undefined
    const entry = this.#waiting[this.#next]
    this.#waiting[this.#next++] = undefined
    if (this.hasNext) return entry
    this.#waiting = []
    this.#next = 0
    return entry
  }

  /** Takes what one STAT packet says; nothing ends the listing. Throws UNSAFE_PATH, PROTOCOL_ERROR or TOO_LARGE. */
  add(stat: Stat | undefined): void {
    if (this.#isOver) {
      throw new BuildkitError('PROTOCOL_ERROR', 'the daemon has listed an entry after the end of its listing')
    }
    if (stat === undefined) {
      this.#isOver = true
      return
    }
    this.#checkLimits(stat)
    this.#paths.accept(stat.path, isDirectory(stat.mode))
    // Not the stat itself: its attributes would keep whole messages in memory.
    const { path, mode, uid, gid, modTime, linkname } = stat
    this.#waiting.push(this.#listed(this.#count, { path, mode, uid, gid, modTime, linkname }))
    this.#count++
  }

  #listed(id: number, entry: TreeEntry): ListedEntry {
    if (isDirectory(entry.mode)) return { kind: 'directory', entry }
    if (isSymlink(entry.mode)) return this.#symlink(entry)
    if (!isRegular(entry.mode)) return { kind: 'other', entry }
    if (entry.linkname !== '') return this.#hardLink(entry)
    this.#fileIds.set(entry.path, id)
    return { kind: 'file', id, entry }
  }

  /** Its target may be anything that can be one: nothing here ever follows it. */
  #symlink(entry: TreeEntry): ListedEntry {
    if (entry.linkname !== '' && !entry.linkname.includes('\0')) return { kind: 'symlink', entry }
    throw new BuildkitError('PROTOCOL_ERROR', 'the daemon has sent a symlink that cannot be one', {
      subject: textOf(entry.path),
      expected: `a target for ${JSON.stringify(textOf(entry.path))}`,
      received: JSON.stringify(textOf(entry.linkname)),
    })
  }

  #hardLink(entry: TreeEntry): ListedEntry {
    const targetId = this.#fileIds.get(entry.linkname)
    if (targetId !== undefined) return { kind: 'hard link', entry, targetId }
    throw new BuildkitError(
      'UNSAFE_PATH',
      'the daemon has sent a hard link to what it has not sent as a file',
      {
        subject: textOf(entry.path),
        expected: 'the path of a file before it',
        received: JSON.stringify(textOf(entry.linkname)),
      },
    )
  }

  #checkLimits({ path, linkname }: Stat): void {
    const { entries, pathBytes, depth, listingBytes } = this.#limits
    this.#bytes += path.length + linkname.length
    if (this.#count === entries) throw tooLarge('entries', entries)
    if (Math.max(path.length, linkname.length) > pathBytes) throw tooLarge('bytes in one path', pathBytes)
    if (path.split('/').length > depth) throw tooLarge('names in one path', depth)
    if (this.#bytes > listingBytes) throw tooLarge('bytes of paths', listingBytes)
  }
}

/** TOO_LARGE for an export beyond one of its limits. */
export function tooLarge(what: string, limit: number): BuildkitError {
  return new BuildkitError('TOO_LARGE', `an export has too many ${what}`, {
    expected: `at most ${limit}`,
    received: 'more',
  })
}
