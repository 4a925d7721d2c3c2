import type { IncomingHttpHeaders } from 'node:http'

/** Headers as Node's clients take them. */
export function requestFields(header: Headers): Record<string, string> {
  return Object.fromEntries(header)
}

/** The headers of a response of Node's, without the pseudo-headers of HTTP/2. */
export function responseHeader(fields: IncomingHttpHeaders): Headers {
  const header = new Headers()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const one of Array.isArray(value) ? value : [value]) header.append(name, one)
  }
  return header
}
