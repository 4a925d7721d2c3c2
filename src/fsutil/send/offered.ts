import { BuildkitError } from '../../base/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { type Listing, noFile } from '../disk/listing.ts'

/** A file that has been asked for, as it was listed. */
export interface OfferedFile {
  readonly id: number
  readonly path: ByteString
  /** {@link noContents} where there is nothing to read. */
  readonly size: number
  readonly device: bigint
  readonly inode: bigint
}

/** Rows of one directory that have been sent one after the other. */
interface Run {
  readonly firstId: number
  readonly listing: Listing
  readonly directory: ByteString
  readonly row: number
}

/** What the daemon has been told of and may ask for, by id. Ids count all entries, not only files. */
export class Offered {
  /** How many entries there are. */
  count = 0
  readonly #runs: Run[] = []

  /** Gives the next ids to rows of a directory. */
  add(listing: Listing, directory: ByteString, row: number, count: number): void {
    const last = this.#runs.at(-1)
    const goesOn =
      last?.listing === listing &&
      last.directory === directory &&
      last.row + this.count - last.firstId === row
    if (!goesOn) this.#runs.push({ firstId: this.count, listing, directory, row })
    this.count += count
  }

  /** The path of the entry that was added last. */
  get lastPath(): ByteString {
    return pathOf(this.#runs.at(-1)!, this.count - 1)
  }

  /** The file with an id, which can be had once. Throws PROTOCOL_ERROR if there is none. */
  take(id: number): OfferedFile {
    const run = id < this.count ? this.#runOf(id) : undefined
    const row = run === undefined ? 0 : run.row + id - run.firstId
    const size = run?.listing.sizes[row] ?? noFile
    if (run === undefined || size === noFile)
      throw new BuildkitError('PROTOCOL_ERROR', `invalid file id ${id}`)
    const { sizes, devices, inodes } = run.listing
    sizes[row] = noFile
    return { id, path: pathOf(run, id), size, device: devices[row]!, inode: inodes[row]! }
  }

  #runOf(id: number): Run {
    let low = 0
    let high = this.#runs.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]!.firstId <= id) low = middle
      else high = middle
    }
    return this.#runs[low]!
  }
}

function pathOf({ listing, directory, row, firstId }: Run, id: number): ByteString {
  const at = row + id - firstId
  const name = listing.names.slice(at === 0 ? 0 : listing.nameEnds[at - 1]!, listing.nameEnds[at]!)
  return directory === '' ? name : `${directory}/${name}`
}
