import type { ByteString } from '../byte-string.ts'
import type { Stat } from '../stat.ts'

/** A tree of files that can be listed and read, wherever it is kept. The root's own path is ''. */
export interface FileTree {
  /**
   * The entries of a directory in the order of their names, without those that `choose` does not want; without
   * anything when the directory is gone. Throws CONTEXT_FAILED for what cannot be read and is to be sent.
   */
  list(directory: ByteString, choose: Choose): Promise<Entry[]>
  /** The names in a directory, in order; none when it is not there. */
  names(directory: ByteString): Promise<ByteString[]>
  /** The target of a symlink; nothing for anything else, or when it is not there. */
  readLink(path: ByteString): Promise<ByteString | undefined>
  /**
   * Hands the contents of a file piece by piece to `send` and waits for what that returns. A file that is not
   * there any more, cannot be opened, or has been replaced by something else has no contents. Throws
   * CONTEXT_FAILED when reading breaks off.
   */
  read(file: Entry, send: SendChunk): Promise<void>
}

/** Takes a piece of a file; may return a promise to be awaited before the next. */
export type SendChunk = (chunk: Uint8Array) => Promise<void> | undefined

/**
 * Says of a path whether its entry is to be sent, or only looked at because it may be a directory with something
 * to send below, or neither.
 */
export type Choose = (path: ByteString) => Choice
export type Choice = 'send' | 'look' | 'skip'

/** One entry that has been found. */
export interface Entry {
  readonly stat: Stat
  /** False for what was only looked at. */
  readonly isChosen: boolean
  /** Of a regular file on disk. */
  readonly inode: Inode | undefined
}

/** What tells files apart whatever their names. */
export interface Inode {
  readonly device: bigint
  readonly number: bigint
  /** True when the file has more names than one. */
  readonly isShared: boolean
}
