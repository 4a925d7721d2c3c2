import { constants, createWriteStream, open, type Stats } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { BuildkitError, systemCode } from '../../base/errors.ts'
import { exportFailed, writing } from './export-failed.ts'

/** What a path that the user names leads to. */
export type Output =
  /** A regular file, or none yet: to be replaced as a whole. */
  | { readonly kind: 'file'; readonly existing: Stats | undefined }
  /** A device, a pipe or an open descriptor: to be written to as it is. */
  | { readonly kind: 'stream'; readonly writable: Writable }

/** Looks at a path, and opens what is no regular file. Throws EXPORT_FAILED, or the signal's reason. */
export async function openOutput(path: string, signal: AbortSignal): Promise<Output> {
  const existing = await find(path)
  const isDescriptor = existing !== undefined && (await leadsToDescriptor(path))
  if (existing === undefined || (existing.isFile() && !isDescriptor)) return { kind: 'file', existing }
  return { kind: 'stream', writable: await openStream(path, existing, signal) }
}

/** What is at the path, or nothing if a file can be made there. */
async function find(path: string): Promise<Stats | undefined> {
  const existing = await statOf(path)
  if (existing?.isDirectory()) throw unusable(path, 'the path of a file', 'a directory')
  if (existing !== undefined || (await statOf(dirname(path)))?.isDirectory()) return existing
  throw unusable(path, 'a path in an existing directory', 'one in no directory')
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw exportFailed(path, error)
  }
}

/** Where systems show the open descriptors of processes. */
const descriptors = /^(?:\/dev\/fd|\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/fd)\/\d+$/

/** As many links as Linux follows. */
const maxLinks = 40

/**
 * True for `/dev/stdout` and its like, by whatever links. Where that is a file, somebody else writes to it as well: a
 * shell with `> file`, say, whose descriptor would be left with a file that has no name any more.
 */
async function leadsToDescriptor(path: string): Promise<boolean> {
  let at = resolve(path)
  for (let links = 0; links < maxLinks; links++) {
    if (descriptors.test(at)) return true
    const isLink = await lstat(at).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    )
    if (!isLink) return false
    at = resolve(dirname(at), await writing(path, readlink(at)))
  }
  return false
}

/** Opened without waiting in the system, which nothing could end: a pipe is tried again until it has a reader. */
async function openStream(path: string, existing: Stats, signal: AbortSignal): Promise<Writable> {
  const flags = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0)
  const opening = existing.isFIFO() ? openWithReader(path, flags, signal) : openDescriptor(path, flags)
  const fd = await writing(path, opening)
  return existing.isFIFO() ? new Socket({ fd, readable: false }) : createWriteStream(path, { fd })
}

const readerPauseMs = 50

async function openWithReader(path: string, flags: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return await openDescriptor(path, flags)
    } catch (error) {
      // A named pipe that no process reads yet; the system has no event for that.
      if (systemCode(error) !== 'ENXIO') throw error
    }
    await sleep(readerPauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

const openDescriptor = promisify(open) as (path: string, flags: number) => Promise<number>

function unusable(path: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('EXPORT_FAILED', `cannot write ${path}`, { subject: path, expected, received })
}
