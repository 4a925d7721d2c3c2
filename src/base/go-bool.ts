/** Reads a boolean as Go's `strconv.ParseBool`, with which BuildKit reads attributes; undefined for anything else. */
export function parseGoBool(text: string): boolean | undefined {
  if (truths.has(text)) return true
  return falsehoods.has(text) ? false : undefined
}

const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const falsehoods = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
