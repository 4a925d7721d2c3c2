import type { ByteString } from '../byte-string.ts'
import type { Entry } from './file-tree.ts'

/**
 * Tells further names of a file from its first. Given only what is sent, in order, so that a name that was
 * filtered out never counts as the first.
 */
export class HardLinks {
  readonly #firstNames = new Map<string, ByteString>()

  /** Marks the entry as a link to the first name of its file, if it has come before under another. */
  resolve({ stat, inode }: Entry): void {
    if (!inode?.isShared) return
    const key = `${inode.device}:${inode.number}`
    const first = this.#firstNames.get(key)
    if (first === undefined) this.#firstNames.set(key, stat.path)
    else stat.linkname = first
  }
}
