/** What holds a piece of memory beside its bytes, measured: two objects and an allocation of their own. */
const holderBytes = 300

/** A copy that keeps alive nothing but itself: a small Buffer is a part of a larger one that it would hold. */
export function keptBytes(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** How much memory a copy takes. */
export function keptSize(bytes: Uint8Array): number {
  return bytes.length + holderBytes
}
