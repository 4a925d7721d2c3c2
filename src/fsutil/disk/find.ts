import { textOf } from '../byte-string.ts'
import { Disk } from './disk.ts'

/** What is found at a path. */
export interface Entry {
  /** Absolute, without links. */
  readonly path: string
  readonly isDirectory: boolean
}

/**
 * Finds what is at a path, without a call that could keep the process from ending when the disk hangs. Throws the system's
 * error, or the signal's reason as soon as that aborts.
 */
export async function find(path: string, signal: AbortSignal): Promise<Entry> {
  const disk = new Disk(path, signal)
  try {
    const { path: real, isDirectory } = await disk.find(path)
    return { path: textOf(real), isDirectory }
  } finally {
    disk.end()
  }
}
