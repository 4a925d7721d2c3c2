import { deferred } from '../../base/deferred.ts'
import { isBuildkitError } from '../../base/errors.ts'
import type { OnWarning } from '../../base/warning.ts'
import { noContents } from '../disk/listing.ts'
import type { Contents, FileList, OpenFile } from '../disk/read.ts'
import { slabBytes } from '../disk/slab.ts'
import { systemErrorOf } from '../disk/system-error.ts'
import { dataHeader } from '../packet.ts'
import { frameOf, type SendFrames } from './frames.ts'
import type { OfferedFile } from './offered.ts'
import type { Source } from './source.ts'
import { quoted, unreadable } from './unreadable.ts'

/** So many files are read at a time, as long as they are small. */
const filesAtOnce = 128

/** So many pieces of memory are kept to be used again. */
const mostMemory = 4

/** No further file is added to a read of so many bytes. */
const bytesAtOnce = 256 << 10

/**
 * Sends the contents of files that have been asked for, several at a time. It takes any number of requests:
 * the daemon asks without waiting, and if it had to wait for us while we wait for it, nothing would move.
 */
export class FileSender {
  /** Files asked for so far. */
  requested = 0
  /** Bytes of contents sent so far. */
  bytes = 0
  readonly #source: Source
  readonly #send: SendFrames
  readonly #onWarning: OnWarning
  readonly #failure = deferred<never>()
  /** Of what has been sent, for what is read next. */
  readonly #memory: ArrayBuffer[] = []
  #waiting: OfferedFile[] = []
  #begun = 0
  #reads = 0
  #isScheduled = false
  #onIdle: (() => void) | undefined
  #isStopped = false

  constructor(source: Source, send: SendFrames, onWarning: OnWarning) {
    this.#source = source
    this.#send = send
    this.#onWarning = onWarning
  }

  /** Rejects when a file cannot be sent; never resolves. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  /** Sends the file when its turn comes. */
  request(file: OfferedFile): void {
    if (this.#isStopped) return
    this.requested++
    this.#waiting.push(file)
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Requests come many at a time.
    setImmediate(() => {
      this.#isScheduled = false
      this.#begin()
    })
  }

  /** Waits until everything that has been asked for is sent. */
  idle(): Promise<void> {
    if (this.#reads === 0 && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Drops what has not been begun, and whatever else is asked for. */
  stop(): void {
    this.#isStopped = true
    this.#forget()
  }

  #begin(): void {
    while (this.#reads < this.#source.readsAtOnce && this.#begun < this.#waiting.length) {
      // What comes while others are read is gathered, until it is enough for a read of its own.
      if (this.#reads > 0 && this.#waiting.length - this.#begun < filesAtOnce / 2 && !this.#isNextLarge) break
      this.#reads++
      this.#read(this.#take())
        .catch(this.#failure.reject)
        .finally(() => this.#end())
    }
    if (this.#begun === this.#waiting.length) this.#forget()
  }

  get #isNextLarge(): boolean {
    return this.#waiting[this.#begun]!.size >= bytesAtOnce
  }

  #take(): OfferedFile[] {
    const start = this.#begun
    let bytes = 0
    while (this.#begun < this.#waiting.length && this.#begun - start < filesAtOnce && bytes < bytesAtOnce)
      bytes += Math.max(this.#waiting[this.#begun++]!.size, 0)
    return this.#waiting.slice(start, this.#begun)
  }

  #forget(): void {
    this.#waiting = []
    this.#begun = 0
  }

  #end(): void {
    this.#reads--
    this.#begin()
    if (this.#reads === 0 && this.#waiting.length === 0) this.#onIdle?.()
  }

  async #read(requested: readonly OfferedFile[]): Promise<void> {
    const files = requested.filter(({ size }) => size !== noContents)
    for (const { id, size } of requested)
      if (size === noContents) await this.#send(frameOf(dataHeader(id, 0)))
    if (files.length === 0) return
    const { frames, bytes, open, missing, failure } = await this.#source.read(
      columnsOf(files),
      this.#memory.pop(),
    )
    for (const [index, reason] of missing) this.#warnOfEmpty(files[index]!, reason)
    await this.#pass(frames, bytes)
    if (failure !== undefined) throw unreadable(files[failure.index]!.path, failure.error)
    for (const file of open) await this.#readOn(files[file.index]!, file)
  }

  async #readOn({ id, path }: OfferedFile, { fd, index, position: start }: OpenFile): Promise<void> {
    for (let position = start, isEnd = false; !isEnd; ) {
      const more = await this.#source
        .readOn(id, { fd, index, position }, this.#memory.pop())
        .catch((error: unknown) => {
          const reason = isBuildkitError(error) ? undefined : systemErrorOf(error)
          throw reason?.code === undefined ? error : unreadable(path, reason)
        })
      isEnd = more.isEnd
      position += more.bytes
      await this.#pass(more.frames, more.bytes)
    }
  }

  async #pass(frames: Contents['frames'], bytes: number): Promise<void> {
    this.bytes += bytes
    const { buffer } = frames
    const busy = frames.length === 0 ? undefined : this.#send(frames, () => this.#recycle(buffer))
    if (busy !== undefined) await busy
  }

  #recycle(memory: ArrayBuffer): void {
    if (memory.byteLength === slabBytes && this.#memory.length < mostMemory) this.#memory.push(memory)
  }

  #warnOfEmpty({ path }: OfferedFile, reason: string): void {
    this.#onWarning({ code: 'SKIPPED_ENTRY', message: `the file ${quoted(path)} is sent empty: ${reason}` })
  }
}

function columnsOf(files: readonly OfferedFile[]): FileList {
  return {
    ids: Uint32Array.from(files, ({ id }) => id),
    paths: files.map(({ path }) => path).join('\0'),
    sizes: Float64Array.from(files, ({ size }) => size),
    devices: BigUint64Array.from(files, ({ device }) => device),
    inodes: BigUint64Array.from(files, ({ inode }) => inode),
  }
}
