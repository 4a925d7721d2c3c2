import { randomBytes } from 'node:crypto'

/**
 * A new identifier in BuildKit's form: 25 characters of `[0-9a-z]` from 17 random bytes. Session ids
 * and build refs are made this way (moby/buildkit `identity/randomid.go`).
 */
export function newId(): string {
  const bytes = randomBytes(17)
  bytes[0] = bytes[0]! | 0x80
  return BigInt(`0x${bytes.toString('hex')}`)
    .toString(36)
    .slice(1, 26)
}
