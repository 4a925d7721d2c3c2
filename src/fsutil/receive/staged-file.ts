import * as fs from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Attributes, setAttributes } from './attributes.ts'
import type { Backlog } from './backlog.ts'

// The callback calls: those of `node:fs/promises` cost twice as much per file.
const open = promisify(fs.open)
const close = promisify(fs.close)
const writev = promisify(fs.writev)
const unlink = promisify(fs.unlink)

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = fs.constants

/** One write takes up to this much; what arrives while it is under way is gathered for the next. */
const batchBytes = 1 << 20
/** The number of buffers that Linux takes in one write (`IOV_MAX`). */
const batchChunks = 1024
/** What a chunk costs in memory beside its bytes. */
const chunkOverhead = 256
/** A chunk keeps alive the whole buffer that it is cut from; if it is less than this part of it, it is copied. */
const leastShare = 1 / 8

/** Created, never opened: whatever lies in wait under this name is not written to. */
const newFile = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW

export interface StagedFileOptions {
  /** Permissions while it is written, of which the umask takes its part. */
  readonly mode: number
  /** Told what waits here to be written: it says when to wait before more is appended. */
  readonly backlog: Backlog
  /**
   * Bytes to gather before they are written, for fewer and larger writes; only the first are written at once, so
   * that a place that cannot be written to is known early. All files of a transfer together must gather less than
   * the backlog takes. By default all are written soon.
   */
  readonly gatherBytes?: number
  /** Told at once of a write that has failed. */
  readonly onFailure: (error: unknown) => void
}

/**
 * A file that is written under a staging name, to be renamed when it is complete. It is created with its first
 * bytes: one that is only announced costs nothing.
 */
export class StagedFile {
  readonly #path: string | Buffer
  readonly #options: StagedFileOptions
  #descriptor: number | undefined
  #isCreated = false
  #isBegun = false
  #isComplete = false
  #chunks: Buffer[] = []
  #gathered = 0
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #discarded = false

  constructor(path: string | Buffer, options: StagedFileOptions) {
    this.#path = path
    this.#options = options
  }

  /** Takes the next bytes, which are written soon. They must not be changed afterwards. */
  append(chunk: Buffer): void {
    if (chunk.length === 0) return
    const isLargeShare = chunk.length >= chunk.buffer.byteLength * leastShare
    this.#chunks.push(isLargeShare ? chunk : Buffer.from(chunk))
    this.#gathered += chunk.length
    this.#options.backlog.add(chunk.length + chunkOverhead)
    if (this.#hasEnough()) this.#writing ??= this.#write()
  }

  /** Writes what is left, sets the attributes and closes the file. Throws what a write has failed of. */
  async complete(attributes: Attributes): Promise<void> {
    this.#isComplete = true
    if (this.#hasEnough()) this.#writing ??= this.#write()
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    const descriptor = await this.#open()
    await setAttributes(descriptor, attributes)
    await this.#close()
  }

  /** Removes what has been written, if it still has its staging name. Never throws. */
  async discard(): Promise<void> {
    this.#discarded = true
    await this.#writing
    await this.#close().catch(() => {})
    if (this.#isCreated) await unlink(this.#path).catch(() => {})
  }

  async #write(): Promise<void> {
    try {
      const descriptor = await this.#open()
      while (this.#hasEnough() && !this.#discarded) {
        // What else this turn brings goes into the same write.
        await nextTurn()
        const batch = nextBatch(this.#chunks)
        const bytes = sizeOf(batch)
        this.#gathered -= bytes
        await writeAll(descriptor, batch)
        this.#isBegun = true
        this.#options.backlog.remove(bytes + batch.length * chunkOverhead)
      }
    } catch (error) {
      this.#failure ??= { error }
      this.#options.onFailure(error)
    } finally {
      // In the same turn as the last look at the chunks: the next one begins a new write.
      this.#writing = undefined
    }
  }

  #hasEnough(): boolean {
    const { gatherBytes = 1 } = this.#options
    return this.#gathered >= (this.#isBegun && !this.#isComplete ? gatherBytes : 1)
  }

  async #open(): Promise<number> {
    this.#descriptor ??= await open(this.#path, newFile, this.#options.mode)
    this.#isCreated = true
    return this.#descriptor
  }

  /** Whether or not closing fails, the descriptor is the system's again. */
  async #close(): Promise<void> {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) await close(descriptor)
  }
}

/** Takes from the front what makes one write. */
function nextBatch(chunks: Buffer[]): Buffer[] {
  let bytes = 0
  let count = 0
  while (count < Math.min(chunks.length, batchChunks) && bytes < batchBytes) bytes += chunks[count++]!.length
  return chunks.splice(0, count)
}

/** A write may take less than it is given. */
async function writeAll(descriptor: number, chunks: readonly Buffer[]): Promise<void> {
  for (let rest = chunks; rest.length > 0; ) {
    const { bytesWritten } = await writev(descriptor, rest)
    rest = without(rest, bytesWritten)
  }
}

function without(chunks: readonly Buffer[], bytes: number): readonly Buffer[] {
  let rest = bytes
  const index = chunks.findIndex((chunk) => {
    if (chunk.length > rest) return true
    rest -= chunk.length
    return false
  })
  return index < 0 ? [] : [chunks[index]!.subarray(rest), ...chunks.slice(index + 1)]
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((size, chunk) => size + chunk.length, 0)
}
