import * as fs from 'node:fs'
import { promisify } from 'node:util'

const fchmod = promisify(fs.fchmod)
const futimes = promisify(fs.futimes)

/** What an export says of a file beside its contents. */
export interface Attributes {
  /** POSIX permission bits with setuid, setgid and sticky. */
  readonly mode?: number
  /** Nanoseconds since 1970. */
  readonly modTime?: bigint
}

/** Sets them on an open file or directory. Windows has no such modes: there only the time is set. */
export async function setAttributes(descriptor: number, { mode, modTime }: Attributes): Promise<void> {
  if (mode !== undefined && process.platform !== 'win32') await fchmod(descriptor, mode)
  if (modTime !== undefined) await futimes(descriptor, systemTime(modTime), systemTime(modTime))
}

/**
 * A time as calls of `node:fs` take it, never later than it is: whole microseconds, before 1970 whole
 * milliseconds. Node reads a negative number as "now", but not a negative `Date`.
 */
export function systemTime(nanoseconds: bigint): number | Date {
  if (nanoseconds < 0n) return new Date(Number((nanoseconds - 999_999n) / 1_000_000n))
  return Number(nanoseconds / 1_000n) / 1e6
}
