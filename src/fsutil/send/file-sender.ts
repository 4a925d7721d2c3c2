import { deferred } from '../../base/deferred.ts'
import type { MessageStream } from '../../base/message-stream.ts'
import { dataHeader } from '../packet.ts'
import type { Entry, FileTree } from './file-tree.ts'

/** So many files are read at a time: small ones are read together. */
const filesAtOnce = 128

/** Large files go fewer at a time: no further one is begun while this many bytes are underway. */
const bytesAtOnce = 2 << 20

/** A file has no more than this underway, however large it is. */
const bytesPerFile = 256 << 10

/**
 * Sends the contents of files that have been asked for, several at a time. It takes any number of requests:
 * the daemon asks without waiting, and if it had to wait for us while we wait for it, nothing would move.
 */
export class FileSender {
  /** Files asked for so far. */
  requested = 0
  /** Bytes of contents sent so far. */
  bytes = 0
  readonly #tree: FileTree
  readonly #stream: MessageStream
  readonly #failure = deferred<never>()
  #requests: Request[] = []
  #begun = 0
  #filesUnderway = 0
  #bytesUnderway = 0
  #onIdle: (() => void) | undefined
  #isStopped = false

  constructor(tree: FileTree, stream: MessageStream) {
    this.#tree = tree
    this.#stream = stream
  }

  /** Rejects when a file cannot be sent; never resolves. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  /** Sends the file under this id when its turn comes. */
  request(id: number, file: Entry): void {
    if (this.#isStopped) return
    this.requested++
    this.#requests.push({ id, file })
    this.#begin()
  }

  /** Waits until everything that has been asked for is sent. */
  idle(): Promise<void> {
    if (this.#filesUnderway === 0) return Promise.resolve()
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
    while (this.#filesUnderway < filesAtOnce && this.#bytesUnderway < bytesAtOnce) {
      const request = this.#requests[this.#begun]
      if (request === undefined) break
      this.#begun++
      const bytes = Math.min(request.file.stat.size, bytesPerFile)
      this.#filesUnderway++
      this.#bytesUnderway += bytes
      this.#send(request)
        .catch(this.#failure.reject)
        .finally(() => this.#end(bytes))
    }
    if (this.#begun === this.#requests.length) this.#forget()
  }

  #forget(): void {
    this.#requests = []
    this.#begun = 0
  }

  #end(bytes: number): void {
    this.#filesUnderway--
    this.#bytesUnderway -= bytes
    this.#begin()
    if (this.#filesUnderway === 0) this.#onIdle?.()
  }

  async #send({ id, file }: Request): Promise<void> {
    await this.#tree.read(file, (chunk) => {
      this.bytes += chunk.length
      return this.#stream.send(dataHeader(id, chunk.length), chunk)
    })
    const busy = this.#stream.send(dataHeader(id, 0))
    if (busy !== undefined) await busy
  }
}

interface Request {
  readonly id: number
  readonly file: Entry
}
