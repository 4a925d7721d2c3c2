import type { Item } from './graph.ts'

/**
 * How far an item is, as `1.23kB / 4.56MB`, or `1.23kB` where the whole is unknown; empty where nothing is
 * known.
 */
export function amount({ current, total }: Item): string {
  if (total !== 0) return `${bytes(current)} / ${bytes(total)}`
  return current === 0 ? '' : bytes(current)
}

const units = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** Decimal units with two digits; bytes are whole. BuildKit sends mere counts without saying so. */
function bytes(count: number): string {
  if (Math.abs(count) < 1000) return `${count}B`
  const power = units.findLastIndex((_, index) => Math.abs(count) >= 1000 ** (index + 1))
  return `${(count / 1000 ** (power + 1)).toFixed(2)}${units[power]}`
}
