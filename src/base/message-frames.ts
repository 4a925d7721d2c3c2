/**
 * How a message of a call stands on the wire: a byte that is 0 for "not compressed", its length in four bytes, most
 * significant first, then the message (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "Length-Prefixed-Message").
 */
export const frameHeadBytes = 5

/** Writes the head of a message of this length. */
export function writeFrameHead(target: Uint8Array, offset: number, length: number): void {
  target[offset] = 0
  target[offset + 1] = length >>> 24
  target[offset + 2] = length >>> 16
  target[offset + 3] = length >>> 8
  target[offset + 4] = length
}

/** The messages of whole frames that stand one behind the other; views, not copies. */
export function* messagesOf(frames: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.length)
  for (let start = frameHeadBytes; start <= frames.length; ) {
    const end = start + view.getUint32(start - 4)
    yield frames.subarray(start, end)
    start = end + frameHeadBytes
  }
}
