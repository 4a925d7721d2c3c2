import type { ByteString } from '../byte-string.ts'
import { AsynchronousCalls, tooMuch } from './asynchronous-calls.ts'
import { diskProcess } from './disk-process.ts'
import { diskThreads } from './disk-threads.ts'
import type { Host } from './host.ts'
import { type JobArgs, type JobName, type JobResult, type Patterns, withoutMemory } from './jobs.ts'
import type { Listing } from './listing.ts'
import { mayHang } from './mounts.ts'
import type { Contents, FileList, MoreContents, OpenFile } from './read.ts'
import type { Root } from './root.ts'

/** Where a transfer's jobs may be done. `chosen` decides by the directory and by how much there is to do. */
export type Where = 'chosen' | 'thread' | 'process'

let lastTree = 0

/**
 * The disk as one transfer sees it. Begins with asynchronous calls, which are all that a small tree needs, and goes on in
 * the threads that all share once it has shown to be large, or slow. A directory whose file system can hang gets a
 * process of its own.
 */
export class Disk {
  readonly #tree = ++lastTree
  readonly #signal: AbortSignal
  #small: Host | undefined
  #large: Host
  #patterns: Patterns | undefined
  /** Files that no job is at work on. */
  readonly #open = new Set<number>()

  constructor(directory: string, signal: AbortSignal, where: Where = 'chosen') {
    this.#signal = signal
    const isRemote = where === 'process' || (where === 'chosen' && mayHang(directory))
    if (where === 'chosen' && !isRemote) this.#small = new AsynchronousCalls()
    this.#large = isRemote ? diskProcess() : diskThreads
  }

  get jobsAtOnce(): number {
    return (this.#small ?? this.#large).jobsAtOnce
  }

  /** Decides what `list` finds. To be called once, before it. */
  filter(patterns: Patterns): void {
    this.#patterns = patterns
  }

  find(path: string): Promise<JobResult['find']> {
    return this.#run('find', path)
  }

  /** Finds the directory. */
  openRoot(path: string): Promise<Root> {
    return this.#run('openRoot', path)
  }

  names(root: Root, directory: ByteString): Promise<ByteString[]> {
    return this.#run('names', root, directory)
  }

  readLink(root: Root, path: ByteString): Promise<ByteString> {
    return this.#run('readLink', root, path)
  }

  list(root: Root, directories: readonly ByteString[], rows: number): Promise<Listing> {
    return this.#run('list', root, directories, rows)
  }

  /** Reads how files begin. The others stay open until {@link readOn} comes to their end, or the transfer. */
  async read(root: Root, files: FileList, memory?: ArrayBuffer): Promise<Contents> {
    const contents = await this.#run('read', root, files, memory)
    for (const { fd } of contents.open) this.#open.add(fd)
    return contents
  }

  async readOn(id: number, { fd, position }: OpenFile, memory?: ArrayBuffer): Promise<MoreContents> {
    this.#open.delete(fd)
    try {
      const more = await this.#run('readOn', id, fd, position, memory)
      if (more.isEnd) this.#close([fd])
      else this.#open.add(fd)
      return more
    } catch (error) {
      // When the signal has aborted, it is closed where it was read.
      if (!this.#signal.aborted) this.#open.add(fd)
      throw error
    }
  }

  /** The transfer is over. */
  end(): void {
    this.#close([...this.#open])
    this.#large.end(this.#tree)
  }

  #close(fds: readonly number[]): void {
    const host = this.#small ?? this.#large
    if (fds.length > 0) host.close(this.#tree, fds)
  }

  async #run<Name extends JobName>(name: Name, ...args: JobArgs[Name]): Promise<JobResult[Name]> {
    const patterns = name === 'list' ? this.#patterns : undefined
    const job = { name, args, tree: this.#tree, patterns }
    const small = this.#small
    try {
      if (small !== undefined) return await small.run(job, this.#signal)
    } catch (error) {
      if (error !== tooMuch) throw error
      this.#small = undefined
    }
    // A call that has been given up may still write to the memory it was given.
    return this.#large.run(small === undefined ? job : withoutMemory(job), this.#signal)
  }
}
