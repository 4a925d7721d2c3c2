/**
 * Milliseconds until a server wants to be asked again: `Retry-After` as seconds or as a point in time, which is compared
 * with the server's own clock, its `Date` (RFC 9110, 10.2.3). Undefined where it says nothing of use.
 */
export function retryAfterMs(
  value: string | undefined | null,
  date?: string | undefined | null,
): number | undefined {
  const text = value?.trim() ?? ''
  const now = Date.parse(date ?? '') || Date.now()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return ms > 0 && Number.isFinite(ms) ? ms : undefined
}
