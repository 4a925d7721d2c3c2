/**
 * The fields of one line of RFC 4180: separated by commas; one in double quotes may hold commas and line
 * ends, and quotes when doubled. Undefined where a quote stands in the wrong place.
 */
export function csvFields(line: string): string[] | undefined {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy
  for (;;) {
    const match = field.exec(line)
    if (match === null) return undefined
    const [, quoted, plain = '', separator] = match
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (separator === '') return fields
  }
}
