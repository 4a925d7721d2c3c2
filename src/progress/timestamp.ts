/**
 * Milliseconds since 1970, with the nanoseconds of a status message's RFC 3339 time as a fraction; undefined
 * for what is absent or no time. A double holds today's dates to about a quarter of a microsecond.
 */
export function milliseconds(timestamp: string | undefined): number | undefined {
  const whole = Date.parse(timestamp ?? '')
  if (Number.isNaN(whole)) return undefined
  const beyond = /\.\d{3}(\d+)/.exec(timestamp!)?.[1] ?? ''
  return whole + Number(`0.${beyond || 0}`)
}
