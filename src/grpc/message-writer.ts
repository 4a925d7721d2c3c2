import type { Writable } from 'node:stream'
import { type Deferred, deferred } from '../base/deferred.ts'
import { frameHeadBytes, writeFrameHead } from '../base/message-frames.ts'
import { Code, RpcError } from './status.ts'

/** Small messages are gathered into writes of about this size: fifty thousand STATs are not as many writes. */
const slabBytes = 64 << 10
/** A message up to this size is copied into the slab; the copy is cheaper than a write of its own. */
const smallBytes = 8 << 10
/** More than this on its way asks the sender to wait until half of it has gone. */
const highWaterBytes = 1 << 20

/** Frames the messages of one direction of a call and writes them, many small ones at a time. */
export class MessageWriter {
  readonly #target: Writable
  #slab = Buffer.allocUnsafe(0)
  #used = 0
  #scheduled = false
  #underway = 0
  #closed = false
  #room: Deferred | undefined

  constructor(target: Writable) {
    this.#target = target
    target.once('close', () => this.#close())
  }

  /** See {@link MessageStream.send}. */
  send(...parts: Uint8Array[]): Promise<void> | undefined {
    if (this.#closed) return Promise.reject(closedError())
    let length = 0
    for (const part of parts) length += part.length
    if (length <= smallBytes) this.#gather(length, parts)
    else this.#writeLarge(length, parts)
    return this.#underway + this.#used > highWaterBytes ? this.#waitForRoom() : undefined
  }

  /** See {@link MessageStream.sendFrames}. */
  sendFrames(frames: Uint8Array, onSent?: () => void): Promise<void> | undefined {
    if (this.#closed) return Promise.reject(closedError())
    if (frames.length <= smallBytes) {
      const start = this.#reserve(frames.length)
      this.#slab.set(frames, start)
      onSent?.()
    } else {
      this.flush()
      this.#write(frames, onSent)
    }
    return this.#underway + this.#used > highWaterBytes ? this.#waitForRoom() : undefined
  }

  /** Hands everything gathered to the stream. */
  flush(): void {
    if (this.#used === 0 || this.#closed) return
    const filled = this.#slab.subarray(0, this.#used)
    this.#slab = this.#slab.subarray(this.#used)
    this.#used = 0
    this.#write(filled)
  }

  #gather(length: number, parts: readonly Uint8Array[]): void {
    let at = this.#reserve(frameHeadBytes + length)
    writeFrameHead(this.#slab, at, length)
    at += frameHeadBytes
    for (const part of parts) {
      this.#slab.set(part, at)
      at += part.length
    }
  }

  /** Where in the slab there is room for so many bytes, which are written in the next turn. */
  #reserve(length: number): number {
    if (this.#used + length > this.#slab.length) {
      this.flush()
      if (this.#slab.length < length) this.#slab = Buffer.allocUnsafe(slabBytes)
    }
    const start = this.#used
    this.#used += length
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(() => {
        this.#scheduled = false
        this.flush()
      })
    }
    return start
  }

  #writeLarge(length: number, parts: readonly Uint8Array[]): void {
    this.flush()
    const header = Buffer.allocUnsafe(frameHeadBytes)
    writeFrameHead(header, 0, length)
    this.#target.cork()
    this.#write(header)
    for (const part of parts) if (part.length > 0) this.#write(part)
    this.#target.uncork()
  }

  #write(bytes: Uint8Array, onSent?: () => void): void {
    this.#underway += bytes.length
    this.#target.write(bytes, (error) => {
      this.#underway -= bytes.length
      if (this.#room !== undefined && this.#underway <= highWaterBytes / 2) {
        this.#room.resolve()
        this.#room = undefined
      }
      if (error == null) onSent?.()
    })
  }

  #waitForRoom(): Promise<void> {
    this.flush()
    // A sender that does not wait for room is told of a broken call by its next send.
    this.#room ??= deferred()
    return this.#room.promise
  }

  #close(): void {
    this.#closed = true
    this.#room?.reject(closedError())
    this.#room = undefined
  }
}

function closedError(): RpcError {
  return new RpcError(Code.Canceled, 'the call is over')
}
