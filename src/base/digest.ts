/** Hexadecimal digits by algorithm: those that the Go tools have built in (opencontainers/go-digest). */
const lengths = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/** True for a digest such as `sha256:` and 64 lower-case hexadecimal digits; SHA-384 and SHA-512 too. */
export function isDigest(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const [, algorithm = '', hex = ''] = /^(sha\d+):([0-9a-f]+)$/.exec(value) ?? []
  return hex !== '' && hex.length === lengths.get(algorithm)
}
