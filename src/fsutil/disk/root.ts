import * as fs from 'node:fs'
import { type ByteString, systemPath, toByteString } from '../byte-string.ts'
import type { Procedure } from './system-calls.ts'
import { isGone, type SystemError, systemErrorOf } from './system-error.ts'

/*
 * The one way to what is in a directory that is sent: nothing outside of it is listed or read, whatever takes the place
 * of directories and files meanwhile. On Linux a directory is held open while it is listed, and checked to be where it
 * should be; a file is read only if it is the one that was listed, or lies where that one was.
 *
 * Failures are those of the system, thrown.
 */

/** The directory that is sent. */
export interface Root {
  /** Absolute, without links. */
  readonly path: ByteString
  /** Whether the system can say where an open file is. */
  readonly hasPlaces: boolean
}

/** Finds the directory at a path, which may be a link to one. */
export function* openRoot(path: string): Procedure<Root> {
  if (process.platform === 'linux') {
    const fd: number = yield ['open', path, O_RDONLY | O_DIRECTORY]
    try {
      return { path: yield* placeOf(fd), hasPlaces: true }
    } catch {
      // A container without /proc.
    } finally {
      yield ['close', fd]
    }
  }
  const { path: real, isDirectory } = yield* find(path)
  if (!isDirectory) throw new DiskError('ENOTDIR', 'not a directory')
  return { path: real, hasPlaces: false }
}

/** Finds what is at a path: where it is without links, and whether it is a directory. */
export function* find(path: string): Procedure<{ path: ByteString; isDirectory: boolean }> {
  const real: Buffer = yield ['realpath', path, 'buffer']
  const stats: fs.Stats = yield ['stat', real]
  return { path: toByteString(real), isDirectory: stats.isDirectory() }
}

/** Hands the path by which a directory's entries are reached to `use`. Throws EXDEV when it has been moved away. */
export function* inDirectory<T>(
  root: Root,
  directory: ByteString,
  use: (path: ByteString) => Procedure<T>,
): Procedure<T> {
  if (!root.hasPlaces) return yield* use(pathOf(root, directory))
  const fd: number = yield ['open', systemPath(pathOf(root, directory)), directoryFlags]
  try {
    const place = yield* placeOf(fd)
    const expected = pathOf(root, directory)
    if (place === `${expected} (deleted)`) throw new DiskError('ENOENT', 'the directory is gone')
    if (place !== expected) throw new DiskError('EXDEV', 'the directory has been moved while it was read')
    return yield* use(`/proc/self/fd/${fd}`)
  } finally {
    yield ['close', fd]
  }
}

/** A file as it was listed. */
export interface ListedFile {
  readonly path: ByteString
  readonly device: bigint
  readonly inode: bigint
}

export interface OpenFile {
  readonly fd: number
  readonly size: number
}

/** Opens a file that was listed. Says why there is none any more where that is so: gone, or replaced. */
export function* openListed(root: Root, file: ListedFile): Procedure<OpenFile | string> {
  let fd: number
  try {
    fd = yield ['open', systemPath(pathOf(root, file.path)), fileFlags]
  } catch (error) {
    const reason = systemErrorOf(error)
    if (isGone(reason) || isNoFile(reason)) return reason.message
    throw error
  }
  let isOurs = false
  try {
    const stats: fs.BigIntStats = yield ['fstat', fd, exact]
    const isListed = stats.dev === file.device && stats.ino === file.inode
    isOurs = stats.isFile() && (isListed || (yield* liesAt(root, file.path, fd, stats)))
    if (isOurs) return { fd, size: Number(stats.size) }
  } finally {
    if (!isOurs) yield ['close', fd]
  }
  return 'something else is in its place now'
}

/** The names in a directory, in order. */
export function* names(root: Root, directory: ByteString): Procedure<ByteString[]> {
  return yield* inDirectory(root, directory, namesAt)
}

export function* namesAt(path: ByteString): Procedure<ByteString[]> {
  const found: ByteString[] = yield ['readdir', systemPath(path), 'latin1']
  return found.sort()
}

/** The target of a link. Throws EINVAL for what is none. */
export function* readLink(root: Root, path: ByteString): Procedure<ByteString> {
  const slash = path.lastIndexOf('/')
  return yield* inDirectory(root, path.slice(0, Math.max(slash, 0)), (directory) =>
    readLinkAt(`${directory}/${path.slice(slash + 1)}`),
  )
}

export function* readLinkAt(path: ByteString): Procedure<ByteString> {
  return yield ['readlink', systemPath(path), 'latin1']
}

/** Inode numbers and nanoseconds do not fit a number. */
export const exact = { bigint: true } as const

class DiskError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants
/** A link put in the place of a file is not followed, and a pipe there is not waited for. */
const fileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
const directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

function pathOf(root: Root, path: ByteString): ByteString {
  if (path === '') return root.path
  return root.path === '/' ? `/${path}` : `${root.path}/${path}`
}

/** The path by which the system knows an open file. */
function* placeOf(fd: number): Procedure<ByteString> {
  return yield ['readlink', `/proc/self/fd/${fd}`, 'latin1']
}

/** A socket or a device that cannot be opened is in its place. */
function isNoFile({ code }: SystemError): boolean {
  return code === 'ENXIO' || code === 'ENODEV'
}

/** True when no part of the path is a link that has led the open file elsewhere. */
function* liesAt(root: Root, path: ByteString, fd: number, stats: fs.BigIntStats): Procedure<boolean> {
  const expected = pathOf(root, path)
  if (root.hasPlaces) return (yield* placeOf(fd)) === expected
  try {
    const actual = toByteString(yield ['realpath', systemPath(expected), 'buffer'])
    const there: fs.BigIntStats = yield ['lstat', systemPath(actual), exact]
    return actual === expected && there.dev === stats.dev && there.ino === stats.ino
  } catch {
    return false
  }
}
