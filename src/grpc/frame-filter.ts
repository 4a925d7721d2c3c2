import { BuildkitError } from '../base/errors.ts'
import { ByteQueue } from './byte-queue.ts'

/** Length (3), type (1), flags (1), stream id (4) (RFC 9113, 4.1). */
const frameHeaderLength = 9
const prefaceLength = 24

const types = { headers: 0x1, rstStream: 0x3, continuation: 0x9 }
const flags = { endHeaders: 0x4, padded: 0x8 }

/** The largest frame that HTTP/2 knows (RFC 9113, 4.2). */
export const maxFrameBytes = 2 ** 24 - 1

/** Told of each RST_STREAM: the stream, and the error code. */
export type OnReset = (stream: number, code: number) => void

/**
 * Keeps two things that the daemon does by right from the HTTP/2 of Node, which ends the connection for them, in the
 * bytes that it sends to a session:
 *
 * - A header list in many frames (HEADERS, then CONTINUATION) becomes one HEADERS frame. Node takes eight of them; a
 *   daemon that asks for a directory with 10,000 ignore patterns sends a dozen and more.
 * - RST_STREAM is told, in place of being passed. Node takes a thousand, and 33 more each second (Node 20 knows no
 *   option for it); the daemon resets every transfer of a directory at its end.
 *
 * Everything else passes untouched and uncopied. Throws PROTOCOL_ERROR for a header list of more than 16 MiB, or one
 * with another frame inside.
 */
export class FrameFilter {
  readonly #onReset: OnReset
  /** Bytes of the preface or of a frame that pass as they are. */
  #passing = prefaceLength
  /** The end of a chunk that is no whole frame, to be seen with the next one. */
  readonly #rest = new ByteQueue()
  /** So many bytes are needed before anything of the rest can be read. */
  #needed = 0
  #list: HeaderList | undefined

  constructor(onReset: OnReset) {
    this.#onReset = onReset
  }

  /** Takes the next bytes and gives what they come to: nothing while a header list is not whole. */
  push(chunk: Buffer): Buffer[] {
    if (this.#rest.length === 0) return this.#read(chunk)
    this.#rest.push(chunk)
    return this.#rest.length < this.#needed ? [] : this.#read(this.#rest.take(this.#rest.length))
  }

  #read(bytes: Buffer): Buffer[] {
    const output: Buffer[] = []
    let begin = 0
    let at = 0
    const passUntil = (end: number) => {
      if (end > begin) output.push(bytes.subarray(begin, end))
    }
    while (at < bytes.length) {
      if (this.#passing > 0) {
        const passed = Math.min(this.#passing, bytes.length - at)
        this.#passing -= passed
        at += passed
        continue
      }
      const left = bytes.length - at
      const frame = left < frameHeaderLength ? undefined : frameAt(bytes, at)
      if (frame !== undefined && !this.#isOurs(frame)) {
        this.#passing = frameHeaderLength + frame.length
        continue
      }
      passUntil(at)
      begin = at
      const needed = frameHeaderLength + (frame?.length ?? 0)
      if (frame === undefined || left < needed) {
        this.#rest.push(bytes.subarray(at))
        this.#needed = needed
        return output
      }
      at += needed
      begin = at
      output.push(...this.#take(frame, bytes.subarray(at - frame.length, at)))
    }
    passUntil(at)
    return output
  }

  /** True for a frame that does not pass. */
  #isOurs({ type, flags: set, stream, length }: Frame): boolean {
    if (this.#list === undefined)
      return (
        (type === types.headers && (set & flags.endHeaders) === 0) ||
        (type === types.rstStream && length === 4)
      )
    if (type === types.continuation && stream === this.#list.stream) return true
    throw violation(`a frame of type ${type} inside a header list`)
  }

  #take(frame: Frame, payload: Buffer): readonly Buffer[] {
    if (frame.type !== types.rstStream) return this.#join(frame, payload)
    this.#onReset(frame.stream, payload.readUInt32BE())
    return []
  }

  #join(frame: Frame, payload: Buffer): readonly Buffer[] {
    const list = this.#list ?? {
      flags: frame.flags & ~flags.padded,
      stream: frame.stream,
      parts: [],
      bytes: 0,
    }
    const part = this.#list === undefined ? withoutPadding(frame, payload) : payload
    list.parts.push(part)
    list.bytes += part.length
    if (list.bytes > maxFrameBytes || list.parts.length > maxParts)
      throw violation('a header list of more than 16 MiB')
    this.#list = list
    if ((frame.flags & flags.endHeaders) === 0) return []
    this.#list = undefined
    return [headersFrame(list), ...list.parts]
  }
}

/** A list of empty CONTINUATION frames has no end and no bytes: 16 MiB in frames of the usual size, twice over. */
const maxParts = 2048

interface Frame {
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly stream: number
}

interface HeaderList {
  /** Of its HEADERS frame. */
  readonly flags: number
  readonly stream: number
  readonly parts: Buffer[]
  bytes: number
}

function frameAt(bytes: Buffer, at: number): Frame {
  return {
    length: bytes.readUIntBE(at, 3),
    type: bytes[at + 3]!,
    flags: bytes[at + 4]!,
    stream: bytes.readUInt32BE(at + 5),
  }
}

/** Padding stands at the end of its frame, which is now the middle of another. */
function withoutPadding(frame: Frame, payload: Buffer): Buffer {
  if ((frame.flags & flags.padded) === 0) return payload
  const padding = payload[0] ?? 0
  if (padding >= payload.length) throw violation('more padding than there is frame')
  return payload.subarray(1, payload.length - padding)
}

function headersFrame(list: HeaderList): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderLength)
  header.writeUIntBE(list.bytes, 0, 3)
  header[3] = types.headers
  header[4] = list.flags | flags.endHeaders
  header.writeUInt32BE(list.stream, 5)
  return header
}

function violation(received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon broke HTTP/2 in its session', { received })
}
