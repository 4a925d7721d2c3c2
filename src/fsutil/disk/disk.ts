import * as fs from 'node:fs'
import { type ByteString, systemPath, toByteString } from '../byte-string.ts'
import { isForbidden, isGone, type SystemError, systemErrorOf } from './system-error.ts'

/*
 * What is done with the disk while a tree is sent. Everything here blocks, and runs in threads of its own: there
 * one call costs a fraction of an asynchronous one, which has to wake another thread and to be woken by it, and
 * a transfer makes hundreds of thousands.
 *
 * Nothing outside the root is listed or read, whatever somebody puts into the place of directories and files
 * meanwhile. On Linux a directory is held open while it is listed, and checked to be where it should be; a file
 * is read only if it is the one that was listed, or lies where that one was.
 *
 * All results can be handed from thread to thread. Failures are those of the system, thrown.
 */

/** The directory that is sent. */
export interface Root {
  /** Absolute, without links. */
  readonly path: ByteString
  /** Where the system says the root is; nothing where it cannot say. */
  readonly place: ByteString | undefined
}

/** What has been found in a directory; nothing of those names that were gone before they were looked at. */
export interface Listing {
  /** In order. */
  readonly names: readonly ByteString[]
  /** For each name as many numbers as there are in {@link StatField}. */
  readonly stats: BigInt64Array<ArrayBuffer>
  /** Of names that are links, by their place in `names`, the targets. */
  readonly targets: ReadonlyMap<number, ByteString>
  /** Of names that could not be looked at, why. */
  readonly errors: ReadonlyMap<number, SystemError>
}

/** Where the numbers are in `Listing.stats`, of which `count` belong to each name. */
export const StatField = {
  mode: 0,
  size: 1,
  modTime: 2,
  device: 3,
  inode: 4,
  links: 5,
  deviceNode: 6,
  count: 7,
} as const

/** Finds the directory at a path, which may be a link to one. */
export function openRoot(path: string): Root {
  const root = toByteString(fs.realpathSync.native(path, 'buffer'))
  if (!fs.statSync(systemPath(root)).isDirectory()) throw new DiskError('ENOTDIR', 'not a directory')
  return { path: root, place: placeOfRoot(root) }
}

/** Looks at everything in a directory. Throws EXDEV when the directory has been moved away. */
export function list(root: Root, directory: ByteString): Listing {
  if (root.place === undefined) return listAt(pathOf(root, directory))
  const fd = fs.openSync(systemPath(pathOf(root, directory)), directoryFlags)
  try {
    checkPlace(fd, placeFor(root, directory))
    return listAt(`/proc/self/fd/${fd}`)
  } finally {
    fs.closeSync(fd)
  }
}

/** The names in a directory, in order. */
export function names(root: Root, directory: ByteString): ByteString[] {
  return fs.readdirSync(systemPath(pathOf(root, directory)), 'latin1').sort()
}

/** The target of a link. Throws EINVAL for what is none. */
export function readLink(root: Root, path: ByteString): ByteString {
  return fs.readlinkSync(systemPath(pathOf(root, path)), 'latin1')
}

/** A file as it was listed. */
export interface ListedFile {
  readonly path: ByteString
  readonly size: number
  readonly device: bigint
  readonly inode: bigint
}

/** The beginnings of some files, one after the other; up to {@link chunkBytes} of each. */
export interface Beginnings {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where in `bytes` each file ends, and the next begins. */
  readonly ends: readonly number[]
  /** Of files that go on, by their place in the list, descriptors for {@link readOn}. */
  readonly open: ReadonlyMap<number, number>
  /** Of files that have no contents to be had, why: gone, closed to us, or replaced by something else. */
  readonly missing: ReadonlyMap<number, string>
  /** Of files that could not be read for another reason, what it was. */
  readonly errors: ReadonlyMap<number, SystemError>
}

/** Files are read in pieces of this size. */
const chunkBytes = 256 << 10

/** Opens files and reads how they begin, which is all of most. */
export function readBeginnings(root: Root, files: readonly ListedFile[]): Beginnings {
  const rooms = files.map(({ size }) => Math.min(size, chunkBytes) + oneMore)
  const bytes = Buffer.allocUnsafeSlow(rooms.reduce((sum, room) => sum + room, 0))
  const ends: number[] = []
  const open = new Map<number, number>()
  const missing = new Map<number, string>()
  const errors = new Map<number, SystemError>()
  let end = 0
  for (const [index, file] of files.entries()) {
    try {
      const opened = openListed(root, file)
      if (typeof opened === 'string') missing.set(index, opened)
      else {
        const { length, goesOn } = readBeginning(opened, bytes.subarray(end, end + rooms[index]!))
        if (goesOn) open.set(index, opened.fd)
        end += length
      }
    } catch (error) {
      errors.set(index, systemErrorOf(error))
    }
    ends.push(end)
  }
  return { bytes, ends, open, missing, errors }
}

/** One byte more than a file should have tells its end without another call. */
const oneMore = 1

/** The next piece of an open file; nothing at its end. */
export function readOn(fd: number): Uint8Array<ArrayBuffer> | undefined {
  const chunk = Buffer.allocUnsafeSlow(chunkBytes)
  const length = fs.readSync(fd, chunk, 0, chunkBytes, null)
  return length === 0 ? undefined : chunk.subarray(0, length)
}

/** Closes a file that was left open by {@link readBeginnings}. */
export function closeFile(fd: number): void {
  fs.closeSync(fd)
}

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

/** Inode numbers and nanoseconds do not fit a number. */
const exact = { bigint: true } as const

function pathOf(root: Root, path: ByteString): ByteString {
  return path === '' ? root.path : `${root.path}/${path}`
}

function placeFor(root: Root, path: ByteString): ByteString {
  return path === '' ? root.place! : `${root.place}/${path}`
}

/** The path by which the system knows an open file. */
function placeOf(fd: number): ByteString {
  return fs.readlinkSync(`/proc/self/fd/${fd}`, 'latin1')
}

function placeOfRoot(path: ByteString): ByteString | undefined {
  if (process.platform !== 'linux') return undefined
  const fd = fs.openSync(systemPath(path), directoryFlags)
  try {
    return placeOf(fd)
  } catch {
    // A container without /proc.
    return undefined
  } finally {
    fs.closeSync(fd)
  }
}

function checkPlace(fd: number, expected: ByteString): void {
  const place = placeOf(fd)
  if (place === expected) return
  if (place === `${expected} (deleted)`) throw new DiskError('ENOENT', 'the directory is gone')
  throw new DiskError('EXDEV', 'the directory has been moved while it was read')
}

function listAt(path: ByteString): Listing {
  const names = fs.readdirSync(systemPath(path), 'latin1').sort()
  const stats = new BigInt64Array(names.length * StatField.count)
  const targets = new Map<number, ByteString>()
  const errors = new Map<number, SystemError>()
  for (const [index, name] of names.entries()) {
    try {
      const entryPath = systemPath(`${path}/${name}`)
      const found = fs.lstatSync(entryPath, exact)
      if (found.isSymbolicLink()) targets.set(index, fs.readlinkSync(entryPath, 'latin1'))
      setStats(stats, index * StatField.count, found)
    } catch (error) {
      errors.set(index, systemErrorOf(error))
    }
  }
  return { names, stats, targets, errors }
}

function setStats(stats: BigInt64Array, start: number, found: fs.BigIntStats): void {
  stats[start + StatField.mode] = found.mode
  stats[start + StatField.size] = found.size
  stats[start + StatField.modTime] = found.mtimeNs
  stats[start + StatField.device] = found.dev
  stats[start + StatField.inode] = found.ino
  stats[start + StatField.links] = found.nlink
  stats[start + StatField.deviceNode] = found.rdev
}

interface OpenFile {
  readonly fd: number
  readonly size: number
}

/** The file, or why its contents are not to be had. */
function openListed(root: Root, file: ListedFile): OpenFile | string {
  let fd: number
  try {
    fd = fs.openSync(systemPath(pathOf(root, file.path)), fileFlags)
  } catch (error) {
    const reason = systemErrorOf(error)
    // A lack of memory or descriptors, say, is no fault of the file.
    if (isGone(reason) || isForbidden(reason) || isNoFile(reason)) return reason.message
    throw error
  }
  try {
    const stats = fs.fstatSync(fd, exact)
    const isListed = stats.dev === file.device && stats.ino === file.inode
    if (stats.isFile() && (isListed || liesAt(root, file.path, fd, stats)))
      return { fd, size: Number(stats.size) }
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
  fs.closeSync(fd)
  return 'something else is in its place now'
}

/** A socket or a device that cannot be opened is in its place. */
function isNoFile({ code }: SystemError): boolean {
  return code === 'ENXIO' || code === 'ENODEV'
}

/** True when no part of the path is a link that has led the open file elsewhere. */
function liesAt(root: Root, path: ByteString, fd: number, stats: fs.BigIntStats): boolean {
  if (root.place !== undefined) return placeOf(fd) === placeFor(root, path)
  try {
    const expected = pathOf(root, path)
    const actual = toByteString(fs.realpathSync.native(systemPath(expected), 'buffer'))
    const there = fs.lstatSync(systemPath(actual), exact)
    return actual === expected && there.dev === stats.dev && there.ino === stats.ino
  } catch {
    return false
  }
}

/** Reads once, and closes the file unless it goes on. */
function readBeginning({ fd, size }: OpenFile, room: Uint8Array): { length: number; goesOn: boolean } {
  let goesOn = false
  try {
    const length = fs.readSync(fd, room, 0, room.length, null)
    // As long as it should be and with room to spare: that is the end.
    goesOn = length !== size || length === room.length
    return { length, goesOn }
  } finally {
    if (!goesOn) fs.closeSync(fd)
  }
}
