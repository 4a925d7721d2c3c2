import type { Beginnings, ListedFile, Root } from '../disk/disk.ts'
import { onDisk } from '../disk/disk-threads.ts'
import { errorOf } from '../disk/system-error.ts'

/** So many files are opened and read in one call. */
const filesPerCall = 64

/** So long is waited for a call to fill: the daemon asks for a few files at a time, many times. */
const gatherMilliseconds = 2

/**
 * What has come of opening a file: its first bytes, with a descriptor if there are more; or, for a file whose
 * contents are not to be had, why.
 */
export type Beginning =
  | { readonly bytes: Uint8Array; readonly fd: number | undefined }
  | { readonly missing: string }

/**
 * Opens files, many in one call to another thread: most are so small that the call is the larger part. What is
 * asked for during a call is gathered for the next one, until it is enough for a call of its own.
 */
export class FileBeginnings {
  readonly #root: Root
  #gathered: Wanted[] = []
  #calls = 0
  #timer: NodeJS.Timeout | undefined

  constructor(root: Root) {
    this.#root = root
  }

  /** Opens a file and reads how it begins. Throws the system's error. */
  read(file: ListedFile): Promise<Beginning> {
    return new Promise((resolve, reject) => {
      this.#gathered.push({ file, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#gathered.length >= filesPerCall) void this.#call()
    else if (this.#calls === 0 && this.#gathered.length > 0)
      this.#timer ??= setTimeout(() => void this.#call(), gatherMilliseconds)
  }

  async #call(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const wanted = this.#gathered
    this.#gathered = []
    this.#calls++
    try {
      const files = wanted.map(({ file }) => file)
      settle(wanted, await onDisk('readBeginnings', this.#root, files))
    } catch (error) {
      for (const { reject } of wanted) reject(error)
    }
    this.#calls--
    this.#schedule()
  }
}

interface Wanted {
  readonly file: ListedFile
  readonly resolve: (beginning: Beginning) => void
  readonly reject: (error: unknown) => void
}

function settle(wanted: readonly Wanted[], { bytes, ends, open, missing, errors }: Beginnings): void {
  let start = 0
  for (const [index, { resolve, reject }] of wanted.entries()) {
    const end = ends[index]!
    const error = errors.get(index)
    const reason = missing.get(index)
    if (error !== undefined) reject(errorOf(error))
    else if (reason !== undefined) resolve({ missing: reason })
    else resolve({ bytes: bytes.subarray(start, end), fd: open.get(index) })
    start = end
  }
}
