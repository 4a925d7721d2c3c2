/**
 * The headers of one call: lower-case names, and for each name its values in the order they came, never
 * joined. BuildKit sends one header line per pattern, and a pattern may hold a comma.
 */
export type Metadata = ReadonlyMap<string, readonly string[]>

/** The first value of a header, if it was sent at all. */
export function firstValue(metadata: Metadata, name: string): string | undefined {
  return metadata.get(name)?.[0]
}
