/** Hides the user info of every URL in a text: `https://me:token@host/` becomes `https://***@host/`. */
export function redactUrls(text: string): string {
  // Without the scheme in front of it, which would be looked for anew from every place where one could begin.
  return text.replace(/:\/\/[^\s/@'"]+@/g, '://***@')
}

export interface SanitizeOptions {
  /** Texts that must not be shown; those shorter than 8 characters may be part of any word and are left. */
  readonly secrets?: readonly (string | undefined)[]
  /** Characters kept. 500 by default. */
  readonly maxLength?: number
}

/**
 * Text of another program (a reply, a helper's output, a name) made safe for a message: on one line, of bounded
 * length, without control characters, secrets and the user info of URLs.
 */
export function sanitize(text: string, { secrets = [], maxLength = 500 }: SanitizeOptions = {}): string {
  // Cut first, so that a reply of megabytes costs nothing.
  let safe = text.slice(0, maxScanned)
  for (const secret of secrets)
    if (secret !== undefined && secret.length >= minSecretLength) safe = safe.replaceAll(secret, '***')
  // A secret may have been cut in two, and what is left of it has moved to the front.
  if (text.length > maxScanned) safe = safe.slice(0, -longestOf(secrets) || undefined)
  return redactUrls(safe)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, maxLength)
}

/** Text of another program without what could drive a terminal; tabs and line ends stay. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[^\n\t\P{Cc}]/gu, '\uFFFD')
}

const minSecretLength = 8
const maxScanned = 1 << 16

function longestOf(secrets: readonly (string | undefined)[]): number {
  return Math.max(0, ...secrets.map((secret) => secret?.length ?? 0))
}
