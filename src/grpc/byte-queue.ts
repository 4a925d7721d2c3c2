/** So many small buffers in a row are put together: each costs more memory than it holds. */
const mostSmall = 1024
const smallBytes = 1024

/** Bytes in the order of their arrival, in the buffers that they came in, unless these are many and small. */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** Chunks in front of this one have been taken. */
  #first = 0
  #length = 0
  /** How many small ones came last. */
  #small = 0

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  /** How many buffers hold them. */
  get chunks(): number {
    return this.#chunks.length - this.#first
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#small = chunk.length < smallBytes ? this.#small + 1 : 0
    if (this.#small === mostSmall) this.#joinSmall()
  }

  /** Takes that many bytes as one buffer, copied only if they came in several. As many must be there. */
  take(bytes: number): Buffer {
    const first = this.takeSome(bytes)
    if (first.length === bytes) return first
    const parts = [first]
    for (let rest = bytes - first.length; rest > 0; ) {
      const part = this.takeSome(rest)
      parts.push(part)
      rest -= part.length
    }
    return Buffer.concat(parts, bytes)
  }

  /** Takes what one buffer holds of them, without a copy: at least one byte, if there are any. */
  takeSome(atMost: number): Buffer {
    const chunk = this.#chunks[this.#first]
    if (chunk === undefined || atMost === 0) return empty
    const taken = chunk.length <= atMost ? chunk : chunk.subarray(0, atMost)
    this.#length -= taken.length
    if (taken === chunk) this.#forgetFirst()
    else this.#chunks[this.#first] = chunk.subarray(atMost)
    return taken
  }

  clear(): void {
    this.#chunks = []
    this.#first = 0
    this.#length = 0
  }

  #joinSmall(): void {
    const small = this.#chunks.splice(Math.max(this.#first, this.#chunks.length - mostSmall))
    this.#chunks.push(Buffer.concat(small))
    this.#small = 0
  }

  #forgetFirst(): void {
    this.#chunks[this.#first++] = empty
    if (this.#first < this.#chunks.length / 2) return
    this.#chunks = this.#chunks.slice(this.#first)
    this.#first = 0
  }
}

const empty = Buffer.alloc(0)
