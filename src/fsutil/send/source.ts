import type { ByteString } from '../byte-string.ts'
import type { Patterns } from '../disk/jobs.ts'
import type { Listing } from '../disk/listing.ts'
import type { Contents, FileList, MoreContents, OpenFile } from '../disk/read.ts'

/** A tree of files that can be listed and read, wherever it is kept. The root's own path is ''. */
export interface Source {
  /** How many reads are worth having underway at a time. */
  readonly readsAtOnce: number
  /** The names in a directory, in order; none when it is not there. */
  names(directory: ByteString): Promise<ByteString[]>
  /** The target of a symlink; nothing for anything else, or when it is not there. */
  readLink(path: ByteString): Promise<ByteString | undefined>
  /** Decides what is listed. Throws CONTEXT_FAILED for a pattern that cannot be read. */
  filter(patterns: Patterns): void
  /** Lists directories and those found in them, depth first, until there are about so many rows. */
  list(directories: readonly ByteString[], rows: number): Promise<Listing>
  /** Reads how files begin, which is all of most. Uses the given memory for what it returns, if it can. */
  read(files: FileList, memory?: ArrayBuffer): Promise<Contents>
  /** Reads on in a file that {@link read} has left open. */
  readOn(id: number, file: OpenFile, memory?: ArrayBuffer): Promise<MoreContents>
  /** The transfer is over. */
  end(): void
}
