/**
 * Bytes held in a string, one character of U+0000 to U+00FF per byte (what the web's standards call a byte
 * string). Names in a file system are bytes and need not be UTF-8; held this way they survive from the
 * directory to the wire, compare in byte order with `<`, and cost one byte each.
 */
export type ByteString = string

/** The bytes of a text in UTF-8, or of a buffer as they are. */
export function toByteString(source: string | Uint8Array): ByteString {
  if (typeof source !== 'string')
    return Buffer.from(source.buffer, source.byteOffset, source.length).toString('latin1')
  return isAscii(source) ? source : Buffer.from(source, 'utf8').toString('latin1')
}

/** The bytes themselves. */
export function bytesOf(name: ByteString): Buffer {
  return Buffer.from(name, 'latin1')
}

/** For people to read: decoded as UTF-8, with U+FFFD for what is not. */
export function textOf(name: ByteString): string {
  return isAscii(name) ? name : bytesOf(name).toString()
}

/** For calls of `node:fs`, which read a string as UTF-8: the string where that is the same, else the bytes. */
export function systemPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : bytesOf(path)
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text)
}
