import { BuildkitError } from '../base/errors.ts'
import type { MessagePiece } from '../grpc/message-reader.ts'

/** Field 1 of `BytesMessage`, length-delimited: its only one, in `Control.Session` and in `FileSend` alike. */
const dataTag = 0x0a

/** What stands in front of `length` bytes to make a `BytesMessage` of them. */
export function bytesMessageHeader(length: number): Buffer {
  const bytes = [dataTag]
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

/**
 * The bytes that a stream of `BytesMessage`s carries, as they arrive: no message, and no piece of one, is copied.
 * No batch and no buffer is empty. Fields that are newer than this client are skipped. Throws PROTOCOL_ERROR for
 * anything else.
 */
export async function* payloads(
  batches: AsyncIterable<readonly MessagePiece[]>,
): AsyncGenerator<readonly Buffer[], void> {
  const reader = new FieldReader()
  for await (const pieces of batches) {
    const payload: Buffer[] = []
    for (const { bytes, begins } of pieces) {
      if (begins !== undefined) reader.begin(begins)
      for (let position = 0; position < bytes.length; ) {
        const { isData, end } = reader.read(bytes, position)
        if (isData) payload.push(bytes.subarray(position, end))
        position = end
      }
    }
    if (payload.length > 0) yield payload
  }
}

/** Reads one message after another, field by field, however they are cut. */
class FieldReader {
  /** Bytes of the message that have not been read. */
  #rest = 0
  #state: 'tag' | 'length' | 'number' | 'bytes' = 'tag'
  #isData = false
  /** Bytes of the field that have not been read, in the state `bytes`. */
  #fieldRest = 0
  #number = 0
  /** What the next seven bits of a number count. */
  #scale = 1

  /** A message of that many bytes begins. */
  begin(bytes: number): void {
    this.#rest = bytes
  }

  /** Reads on at a position: one byte, or what is there of a field's bytes. */
  read(piece: Buffer, position: number): { readonly isData: boolean; readonly end: number } {
    const isBytes = this.#state === 'bytes'
    const isData = isBytes && this.#isData
    const length = isBytes ? Math.min(this.#fieldRest, piece.length - position) : 1
    this.#rest -= length
    if (!isBytes) this.#readByte(piece[position]!)
    else this.#expectBytes(this.#fieldRest - length)
    if (this.#rest === 0 && (this.#state !== 'tag' || this.#scale > 1)) throw malformed()
    return { isData, end: position + length }
  }

  /** A byte of a tag, of a length or of a number, which are all written in sevens, the lowest first. */
  #readByte(byte: number): void {
    this.#number += (byte & 0x7f) * this.#scale
    this.#scale *= 0x80
    if (byte < 0x80) this.#numberRead(this.#number)
    else if (this.#scale > 2 ** 63) throw malformed()
  }

  #numberRead(number: number): void {
    const state = this.#state
    this.#number = 0
    this.#scale = 1
    if (state === 'length') this.#expectBytes(number)
    else if (state === 'number') this.#state = 'tag'
    else this.#beginField(number)
  }

  #beginField(tag: number): void {
    this.#isData = tag === dataTag
    const wireType = tag & 7
    // A data field of another type would be something else, and so would a field 0.
    if (tag < 8 || (tag >> 3 === dataTag >> 3 && !this.#isData)) throw malformed()
    if (wireType === 0) this.#state = 'number'
    else if (wireType === 2) this.#state = 'length'
    else if (wireType === 1) this.#expectBytes(8)
    else if (wireType === 5) this.#expectBytes(4)
    else throw malformed()
  }

  #expectBytes(length: number): void {
    if (length > this.#rest) throw malformed()
    this.#fieldRest = length
    this.#state = length === 0 ? 'tag' : 'bytes'
  }
}

function malformed(): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'a stream of bytes holds a malformed message', {
    expected: 'messages with one field of bytes',
  })
}
