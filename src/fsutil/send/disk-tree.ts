import { BuildkitError, isBuildkitError } from '../../base/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { Disk, type Where } from '../disk/disk.ts'
import type { Patterns } from '../disk/jobs.ts'
import type { Listing } from '../disk/listing.ts'
import type { Contents, FileList, MoreContents, OpenFile } from '../disk/read.ts'
import type { Root } from '../disk/root.ts'
import { isGone, isMoved, isNoLink, systemErrorOf } from '../disk/system-error.ts'
import type { Source } from './source.ts'
import { unreadable } from './unreadable.ts'

/** A directory on disk, as it is while it is listed and read. */
export class DiskTree implements Source {
  readonly #disk: Disk
  readonly #root: Root

  private constructor(disk: Disk, root: Root) {
    this.#disk = disk
    this.#root = root
  }

  /**
   * Opens the directory at the path, which may be a link to one. Throws CONTEXT_FAILED if there is none, and the
   * signal's reason from then on when that aborts.
   */
  static async open(path: string, signal: AbortSignal, where?: Where): Promise<DiskTree> {
    const disk = new Disk(path, signal, where)
    try {
      return new DiskTree(disk, await disk.openRoot(path))
    } catch (error) {
      disk.end()
      throw isBuildkitError(error) || signal.aborted ? error : unusableRoot(path, error)
    }
  }

  get readsAtOnce(): number {
    return this.#disk.jobsAtOnce
  }

  async names(directory: ByteString): Promise<ByteString[]> {
    return (await this.#unlessGone(directory, this.#disk.names(this.#root, directory))) ?? []
  }

  readLink(path: ByteString): Promise<ByteString | undefined> {
    return this.#unlessGone(path, this.#disk.readLink(this.#root, path))
  }

  filter(patterns: Patterns): void {
    this.#disk.filter(patterns)
  }

  list(directories: readonly ByteString[], rows: number): Promise<Listing> {
    return this.#disk.list(this.#root, directories, rows)
  }

  read(files: FileList, memory?: ArrayBuffer): Promise<Contents> {
    return this.#disk.read(this.#root, files, memory)
  }

  readOn(id: number, file: OpenFile, memory?: ArrayBuffer): Promise<MoreContents> {
    return this.#disk.readOn(id, file, memory)
  }

  end(): void {
    this.#disk.end()
  }

  async #unlessGone<T>(path: ByteString, looking: Promise<T>): Promise<T | undefined> {
    try {
      return await looking
    } catch (error) {
      if (isBuildkitError(error)) throw error
      const reason = systemErrorOf(error)
      if (isGone(reason) || isMoved(reason) || isNoLink(reason)) return undefined
      throw reason.code === undefined ? error : unreadable(path, reason)
    }
  }
}

function unusableRoot(path: string, error: unknown): BuildkitError {
  const reason = systemErrorOf(error)
  return new BuildkitError('CONTEXT_FAILED', `the directory ${JSON.stringify(path)} cannot be sent`, {
    subject: path,
    expected: 'a directory that can be read',
    received:
      reason.code === 'ENOTDIR' ? 'something else' : isGone(reason) ? 'nothing there' : reason.message,
    cause: error,
  })
}
