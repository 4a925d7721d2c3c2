import { randomFillSync } from 'node:crypto'

const idBytes = 17
/** Random bytes for some hundred ids: asking the system for each is the costly part. */
const pool = Buffer.alloc(idBytes * 256)
let used = pool.length

/**
 * A new identifier in BuildKit's form: 25 characters of `[0-9a-z]` from 17 random bytes. Session ids
 * and build refs are made this way (moby/buildkit `identity/randomid.go`).
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + idBytes)
  used += idBytes
  bytes[0] = bytes[0]! | 0x80
  const id = BigInt(`0x${bytes.toString('hex')}`)
    .toString(36)
    .slice(1, 26)
  // An id is a secret of the session that has it: nothing of it stays.
  bytes.fill(0)
  return id
}
