import { frameHeadBytes, writeFrameHead } from '../../base/message-frames.ts'
import type { ByteString } from '../byte-string.ts'
import { isRegular } from '../mode.ts'
import { sizeOfStatPacket, writeStatPacket } from '../packet.ts'
import type { Stat } from '../stat.ts'
import type { SystemError } from './system-error.ts'

/**
 * What has been found in some directories, ready to be sent, in columns: a tree has many files, and each may be asked
 * for until the transfer ends. A row is an entry that is sent, or a directory that is sent if something in it is. Can be
 * handed from thread to thread.
 */
export interface Listing {
  readonly directories: readonly ListedDirectory[]
  /** Directories that have been asked for, or found in those, and not listed: in the order in which they are needed. */
  readonly unlisted: readonly ByteString[]
  /** The STAT packets of all rows, in frames. */
  readonly frames: Uint8Array<ArrayBuffer>
  /** The names of all rows, one behind the other. */
  readonly names: ByteString
  /** Of each row, where its name ends. */
  readonly nameEnds: Uint32Array<ArrayBuffer>
  /** Of each row the file's size; {@link noContents} or {@link noFile} for what cannot be read. */
  readonly sizes: Float64Array<ArrayBuffer>
  readonly devices: BigUint64Array<ArrayBuffer>
  readonly inodes: BigUint64Array<ArrayBuffer>
}

/** In `Listing.sizes`: travels as a file, but there is nothing to read. */
export const noContents = -1
/** In `Listing.sizes`: no file, or one that has been asked for. */
export const noFile = -2

/** One directory of a {@link Listing}; its rows and frames begin where those of the one before end. */
export interface ListedDirectory {
  readonly path: ByteString
  readonly rowStart: number
  readonly rowEnd: number
  readonly frameStart: number
  readonly frameEnd: number
  /** The rows at which the sender has more to do than to pass their frames on. */
  readonly stops: readonly Stop[]
  /** How many entries have been looked at. */
  readonly lookedAt: number
  /** Why the directory, or an entry of it that is to be sent, cannot be read. */
  readonly failure: ListFailure | undefined
}

export interface ListFailure {
  readonly path: ByteString
  readonly error: SystemError
}

/** A row where frames cannot just be passed on. */
export interface Stop {
  readonly row: number
  readonly frameStart: number
  readonly frameEnd: number
  /** A directory to be looked into, by its path. */
  readonly directory?: ByteString
  /** True for a directory that is sent only when something in it is. */
  readonly isOnDemand?: boolean
  /** Of a file with more names than one, what tells it from others. */
  readonly sharedFile?: string
}

/** Something found in a directory. */
export interface Found {
  readonly name: ByteString
  readonly stat: Stat
  /** Of a file that can be read. */
  readonly inode?: Inode | undefined
}

/** What tells files apart whatever their names. */
export interface Inode {
  readonly device: bigint
  readonly number: bigint
  /** True when the file has more names than one. */
  readonly isShared: boolean
}

/** Puts a {@link Listing} together. */
export class ListingWriter {
  readonly #directories: ListedDirectory[] = []
  #frames = Buffer.allocUnsafeSlow(16 << 10)
  #used = 0
  #names = ''
  readonly #nameEnds: number[] = []
  readonly #sizes: number[] = []
  readonly #devices: bigint[] = []
  readonly #inodes: bigint[] = []
  #stops: Stop[] = []
  #frameStart = 0
  #rowStart = 0

  get rows(): number {
    return this.#nameEnds.length
  }

  /** Adds an entry that is sent. `directory` is its path if it is to be looked into. */
  add(found: Found, directory?: ByteString): void {
    const { inode } = found
    if (directory !== undefined) this.#addStop(found, { directory })
    else if (inode?.isShared) this.#addStop(found, { sharedFile: `${inode.device}:${inode.number}` })
    else this.#addRow(found)
  }

  /** Adds a directory that is sent only when something in it is. */
  addOnDemand(found: Found, directory: ByteString): void {
    this.#addStop(found, { directory, isOnDemand: true })
  }

  /** Ends the entries of a directory. */
  endDirectory(path: ByteString, lookedAt: number): void {
    const rowEnd = this.rows
    this.#directories.push({
      path,
      rowStart: this.#rowStart,
      rowEnd,
      frameStart: this.#frameStart,
      frameEnd: this.#used,
      stops: this.#stops,
      lookedAt,
      failure: undefined,
    })
    this.#begin()
  }

  /** Drops what has been added of a directory: it cannot be read. */
  failDirectory(path: ByteString, failure: ListFailure): void {
    const start = this.#rowStart
    this.#used = this.#frameStart
    this.#names = this.#names.slice(0, start === 0 ? 0 : this.#nameEnds[start - 1]!)
    for (const column of [this.#nameEnds, this.#sizes, this.#devices, this.#inodes]) column.length = start
    const at = { rowStart: start, rowEnd: start, frameStart: this.#used, frameEnd: this.#used }
    this.#directories.push({ path, ...at, stops: [], lookedAt: 0, failure })
    this.#begin()
  }

  finish(unlisted: readonly ByteString[]): Listing {
    return {
      directories: this.#directories,
      unlisted,
      frames: this.#frames.subarray(0, this.#used),
      names: this.#names,
      nameEnds: new Uint32Array(this.#nameEnds),
      sizes: new Float64Array(this.#sizes),
      devices: new BigUint64Array(this.#devices),
      inodes: new BigUint64Array(this.#inodes),
    }
  }

  #begin(): void {
    this.#stops = []
    this.#frameStart = this.#used
    this.#rowStart = this.rows
  }

  #addStop(found: Found, kind: Pick<Stop, 'directory' | 'isOnDemand' | 'sharedFile'>): void {
    const row = this.rows
    const frameStart = this.#used
    this.#addRow(found)
    this.#stops.push({ row, frameStart, frameEnd: this.#used, ...kind })
  }

  #addRow({ name, stat, inode }: Found): void {
    const length = sizeOfStatPacket(stat)
    this.#reserve(frameHeadBytes + length)
    writeFrameHead(this.#frames, this.#used, length)
    writeStatPacket(this.#frames, this.#used + frameHeadBytes, stat)
    this.#used += frameHeadBytes + length
    this.#names += name
    this.#nameEnds.push(this.#names.length)
    this.#sizes.push(!isRegular(stat.mode) ? noFile : inode === undefined ? noContents : stat.size)
    this.#devices.push(inode?.device ?? 0n)
    this.#inodes.push(inode?.number ?? 0n)
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#frames.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#frames.length, this.#used + length))
    this.#frames.copy(larger, 0, 0, this.#used)
    this.#frames = larger
  }
}
