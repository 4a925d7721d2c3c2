import { frameHeadBytes, writeFrameHead } from '../../base/message-frames.ts'
import { sizeOfDataHeader, writeDataHeader } from '../packet.ts'

/** A DATA packet holds no more of a file than this. */
export const chunkBytes = 256 << 10

/** Frames of DATA packets, whose contents may be read right into their places. */
export class Slab {
  readonly bytes: Buffer<ArrayBuffer>
  /** How many bytes of files are in it. */
  contents = 0
  #used = 0
  #room = 0

  /** Has room for files of these sizes: in the given memory, if that is enough. */
  constructor(sizes: readonly number[], memory?: ArrayBuffer) {
    let size = 0
    for (const each of sizes) size += each + (Math.ceil(each / chunkBytes) + 1) * mostPerFrame
    const isEnough = memory !== undefined && memory.byteLength >= size
    if (isEnough) this.bytes = Buffer.from(memory)
    // The memory of most is used again by others.
    else this.bytes = Buffer.allocUnsafeSlow(size > fewBytes ? Math.max(size, slabBytes) : size)
  }

  get filled(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.#used)
  }

  /** Where the next piece is to be read to, if it becomes `expected` bytes. */
  room(id: number, expected: number): number {
    this.#room = this.#used + frameHeadBytes + sizeOfDataHeader(id, expected)
    return this.#room
  }

  /** Makes a packet of what has been read. */
  take(id: number, length: number): void {
    if (length === 0) return
    const start = this.#used + frameHeadBytes + sizeOfDataHeader(id, length)
    if (start !== this.#room) this.bytes.copyWithin(start, this.#room, this.#room + length)
    this.#head(id, length)
    this.#used += length
    this.contents += length
  }

  /** Adds the packet that ends a file. */
  end(id: number): void {
    this.#head(id, 0)
  }

  /** Adds a whole file. */
  add(id: number, file: Uint8Array): void {
    for (let start = 0; start < file.length; start += chunkBytes) {
      const chunk = file.subarray(start, start + chunkBytes)
      this.bytes.set(chunk, this.room(id, chunk.length))
      this.take(id, chunk.length)
    }
    this.end(id)
  }

  #head(id: number, length: number): void {
    const header = sizeOfDataHeader(id, length)
    writeFrameHead(this.bytes, this.#used, header + length)
    writeDataHeader(this.bytes, this.#used + frameHeadBytes, id, length)
    this.#used += frameHeadBytes + header
  }
}

/** As much as two pieces of a large file need, or many small files. */
export const slabBytes = 2 * chunkBytes + (16 << 10)

const fewBytes = 64 << 10

/** The most that the head of a frame takes with a DATA header. */
const mostPerFrame = frameHeadBytes + sizeOfDataHeader(0xffffffff, 0xffffffff)
