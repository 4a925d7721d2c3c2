import { BuildkitError } from '../base/errors.ts'
import type { ByteString } from './byte-string.ts'

/** Protobuf's wire types, as far as proto3 uses them (protobuf.dev, "Encoding"). */
const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const maxVarintBytes = 10

/** Reads one protobuf message. Whatever the bytes are, it stays inside them and ends, or throws PROTOCOL_ERROR. */
export class WireReader {
  readonly #bytes: Buffer
  #position: number
  readonly #end: number

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  /** The next field's tag (number << 3 | wire type), or 0 at the end of the message. */
  tag(): number {
    if (this.#position === this.#end) return 0
    const tag = this.uint32()
    if (tag >>> 3 === 0) throw malformed('a field number above 0', '0')
    return tag
  }

  uint32(): number {
    const value = this.uint()
    if (value > 0xffffffff) throw malformed('a 32-bit number', String(value))
    return value
  }

  /** A number from 0 to 2^53 - 1: what is 64 bits wide on the wire and never that large in earnest. */
  uint(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < maxVarintBytes; index++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed('a number below 2^53', 'a larger one')
        return value
      }
      scale *= 0x80
    }
    throw malformed(`a varint of at most ${maxVarintBytes} bytes`, 'a longer one')
  }

  int64(): bigint {
    // Three parts of 28, 28 and 14 bits stay exact as numbers; only their sum needs a bigint.
    let low = 0
    let middle = 0
    let high = 0
    for (let index = 0; index < maxVarintBytes; index++) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index < 8) middle |= bits << (7 * (index - 4))
      else high |= bits << (7 * (index - 8))
      if (byte >= 0x80) continue
      const value = (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low)
      if (value >> 64n !== 0n) throw malformed('a 64-bit number', 'a larger one')
      return BigInt.asIntN(64, value)
    }
    throw malformed(`a varint of at most ${maxVarintBytes} bytes`, 'a longer one')
  }

  /** A view into the message, not a copy. */
  bytes(): Buffer {
    const end = this.#lengthPrefix()
    const bytes = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return bytes
  }

  byteString(): ByteString {
    const end = this.#lengthPrefix()
    const text = this.#bytes.toString('latin1', this.#position, end)
    this.#position = end
    return text
  }

  /** A reader of the nested message that comes next. */
  message(): WireReader {
    const end = this.#lengthPrefix()
    const nested = new WireReader(this.#bytes, this.#position, end)
    this.#position = end
    return nested
  }

  /** Steps over the value of a field that is newer than we are; `lastKnown` is the last number that is not. */
  skip(tag: number, lastKnown: number): void {
    const wireType = tag & 7
    if (tag >>> 3 <= lastKnown)
      throw malformed(`the known type of field ${tag >>> 3}`, `wire type ${wireType}`)
    if (wireType === WireType.varint) this.#skipVarint()
    else if (wireType === WireType.fixed64) this.#position = this.#boundary(8)
    else if (wireType === WireType.bytes) this.#position = this.#lengthPrefix()
    else if (wireType === WireType.fixed32) this.#position = this.#boundary(4)
    else throw malformed('a wire type of 0, 1, 2 or 5', String(wireType))
  }

  #skipVarint(): void {
    for (let index = 0; index < maxVarintBytes; index++) if (this.#byte() < 0x80) return
    throw malformed(`a varint of at most ${maxVarintBytes} bytes`, 'a longer one')
  }

  #lengthPrefix(): number {
    return this.#boundary(this.uint32())
  }

  #boundary(length: number): number {
    if (length > this.#end - this.#position) {
      throw malformed(`at most ${this.#end - this.#position} more bytes`, `a length of ${length}`)
    }
    return this.#position + length
  }

  #byte(): number {
    if (this.#position >= this.#end) throw malformed('more bytes', 'the end of the message')
    return this.#bytes[this.#position++]!
  }
}

/** Writes protobuf fields into a buffer, which has the room: the `sizeOf...` functions tell it beforehand. */
export class WireWriter {
  readonly buffer: Buffer
  #position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.#position = position
  }

  /** 0 to 2^53 - 1. */
  uint(value: number): void {
    const { buffer } = this
    let rest = value
    while (rest >= 0x80) {
      // `%` and not `&`, which would cut the number to 32 bits.
      buffer[this.#position++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    buffer[this.#position++] = rest
  }

  int64(value: bigint): void {
    const { buffer } = this
    let low = Number(BigInt.asUintN(32, value))
    let high = Number(BigInt.asUintN(32, value >> 32n))
    while (high !== 0 || low >= 0x80) {
      buffer[this.#position++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    buffer[this.#position++] = low
  }

  bytes(value: Uint8Array): void {
    this.uint(value.length)
    this.buffer.set(value, this.#position)
    this.#position += value.length
  }

  byteString(value: ByteString): void {
    this.uint(value.length)
    this.#position += this.buffer.write(value, this.#position, 'latin1')
  }
}

export function sizeOfUint(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

export function sizeOfInt64(value: bigint): number {
  const bits = BigInt.asUintN(64, value)
  let high = Number(bits >> 28n)
  if (high === 0) return sizeOfUint(Number(bits))
  // 28 bits are exactly four bytes; what is above them fits a number exactly.
  let size = 4
  for (; high > 0; high = Math.floor(high / 0x80)) size++
  return size
}

/** Of a length prefix together with what it announces. */
export function sizeOfLengthPrefixed(length: number): number {
  return sizeOfUint(length) + length
}

function malformed(expected: string, received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon has sent a malformed file transfer packet', {
    expected,
    received,
  })
}
