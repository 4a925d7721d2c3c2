import { BuildkitError } from '../base/errors.ts'
import { type ByteString, textOf } from './byte-string.ts'
import { assertSafePath } from './paths.ts'

/**
 * The order in which entries travel: depth first, the names of one directory by their bytes. On whole paths
 * that is bytewise with `/` below every other byte. Negative, zero or positive, as a sort wants it.
 */
export function comparePaths(a: ByteString, b: ByteString): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/**
 * Checks the paths of a listing from the daemon one by one: each is clean, relative and inside the root, comes
 * after the one before, and its parent has come as a directory.
 */
export class PathSequence {
  #last: ByteString = ''
  /** The directories that may still get entries, outermost first; each is the parent of the next. */
  readonly #open: ByteString[] = ['']

  /** Takes the next path; throws UNSAFE_PATH or, for its place in the listing, PROTOCOL_ERROR. */
  accept(path: ByteString, isDirectory: boolean): void {
    assertSafePath(path)
    if (comparePaths(path, this.#last) <= 0) {
      throw outOfPlace(path, `a path after ${quoted(this.#last)}`)
    }
    const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
    // Once a directory is passed, order alone rules out that anything below it comes again.
    while (this.#open.length > 1 && this.#open.at(-1) !== parent) this.#open.pop()
    if (this.#open.at(-1) !== parent) throw outOfPlace(path, `its directory ${quoted(parent)} before it`)
    if (isDirectory) this.#open.push(path)
    this.#last = path
  }
}

const slash = 0x2f

function rank(byte: number): number {
  return byte === slash ? -1 : byte
}

function quoted(path: ByteString): string {
  return JSON.stringify(textOf(path))
}

function outOfPlace(path: ByteString, expected: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon has sent a file listing out of order', {
    subject: textOf(path),
    expected,
    received: quoted(path),
  })
}
