import type { Metadata } from './metadata.ts'

/** What may stand in front of a percent sign or not at all in `grpc-message`. */
const printable = /[^\x20-\x24\x26-\x7e]/g

/** Encodes `grpc-message`: UTF-8 bytes outside printable ASCII, and `%`, become `%XX`. */
export function encodeMessage(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(printable, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** Decodes `grpc-message`; what is no valid escape stays as it is. */
export function decodeMessage(text: string): string {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Encodes `grpc-timeout`: at most eight digits and a unit (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "Requests"). */
export function encodeTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms))
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`
}

/**
 * The values of a `-bin` header: base64, with or without padding, several of them joined by commas or in lines of their
 * own.
 */
export function binaryValues(metadata: Metadata, name: `${string}-bin`): Buffer[] {
  const lines = metadata.get(name) ?? []
  return lines.flatMap((line) => line.split(',')).map((value) => Buffer.from(value, 'base64'))
}

/**
 * The metadata of a raw header list (name, value, name, value). Node's parsed headers join repeated values
 * with a comma, which cannot be undone: a pattern may hold one.
 */
export function metadataOf(rawHeaders: readonly string[]): Metadata {
  const metadata = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.startsWith(':')) continue
    const values = metadata.get(name)
    if (values === undefined) metadata.set(name, [rawHeaders[i + 1]!])
    else values.push(rawHeaders[i + 1]!)
  }
  return metadata
}
