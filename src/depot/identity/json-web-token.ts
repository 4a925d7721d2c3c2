/**
 * When a JSON Web Token ends, in milliseconds since 1970 (RFC 7519, `exp`); undefined for any other token. Its
 * signature is not checked: this is for knowing when to ask for another.
 */
export function expiryOf(token: string): number | undefined {
  const [, payload, signature, ...rest] = token.split('.')
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
