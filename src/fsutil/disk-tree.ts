import * as fs from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { BuildkitError, isBuildkitError, systemCode } from '../base/errors.ts'
import type { OnWarning } from '../base/warning.ts'
import { type ByteString, systemPath, textOf, toByteString } from './byte-string.ts'
import type { Choose, Entry, FileTree, Inode } from './file-tree.ts'
import { GoMode, goMode, isDirectory, isRegular, isSymlink } from './mode.ts'
import type { Stat } from './stat.ts'
import { isForbidden, isGone, reasonOf } from './system-error.ts'

// The callback calls: those of `node:fs/promises` cost several times as much per file.
const open = promisify(fs.open)
const close = promisify(fs.close)
const stat = promisify(fs.stat)
const lstat = promisify(fs.lstat)
const fstat = promisify(fs.fstat)
const read = promisify(fs.read)
const readdir = promisify(fs.readdir)
const readlink = promisify(fs.readlink)
const realpath = promisify(fs.realpath.native)

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants
/** A link put in the place of a file is not followed, and a pipe there is not waited for. */
const fileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
const directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

/** Inode numbers and nanoseconds do not fit a number. */
const exact = { bigint: true } as const

/** So many entries of a directory are asked for at a time: with few, Node's threads sleep in between. */
const entriesAtOnce = 128

/** Files are read in pieces of this size. */
const chunkBytes = 256 << 10

/**
 * A directory on disk, as it is while it is walked and read. Nothing outside it is listed or read, whatever
 * somebody puts into the place of its directories and files meanwhile: on Linux every directory is held open
 * while it is listed, and checked to be where it should be; and a file is read only if it is the one that was
 * listed, or lies where that one was.
 */
export class DiskTree implements FileTree {
  /** Absolute, without links. */
  readonly root: ByteString
  /** Where the system says the root is; nothing where it cannot say. */
  readonly #place: ByteString | undefined
  readonly #onWarning: OnWarning

  private constructor(root: ByteString, place: ByteString | undefined, onWarning: OnWarning) {
    this.root = root
    this.#place = place
    this.#onWarning = onWarning
  }

  /** Opens the directory at the path, which may be a link to one. Throws CONTEXT_FAILED if there is none. */
  static async open(path: string, onWarning: OnWarning): Promise<DiskTree> {
    try {
      const root = toByteString(await realpath(path, 'buffer'))
      const stats = await stat(systemPath(root))
      if (!stats.isDirectory()) throw unusableRoot(path, 'something else')
      return new DiskTree(root, await rootPlace(root), onWarning)
    } catch (error) {
      if (isBuildkitError(error)) throw error
      throw unusableRoot(path, isGone(error) ? 'nothing at that path' : reasonOf(error), error)
    }
  }

  async list(directory: ByteString, choose: Choose): Promise<Entry[]> {
    try {
      return await this.#whileOpen(directory, async (path) => {
        const names = await readdir(systemPath(path), 'latin1')
        return lookUp(path, directory, names.sort(), choose)
      })
    } catch (error) {
      if (isGone(error)) return []
      throw isBuildkitError(error) ? error : unreadable(directory, error)
    }
  }

  async names(directory: ByteString): Promise<ByteString[]> {
    try {
      return (await readdir(systemPath(this.#pathOf(directory)), 'latin1')).sort()
    } catch (error) {
      if (isGone(error)) return []
      throw unreadable(directory, error)
    }
  }

  async readLink(path: ByteString): Promise<ByteString | undefined> {
    try {
      return await readlink(systemPath(this.#pathOf(path)), 'latin1')
    } catch (error) {
      if (isGone(error) || isNoLink(error)) return undefined
      throw unreadable(path, error)
    }
  }

  async read(file: Entry, send: (chunk: Uint8Array) => Promise<void> | undefined): Promise<void> {
    // A socket travels as a file, but has nothing to read.
    if (file.inode === undefined) return
    const { path } = file.stat
    const opened = await this.#openFile(path, file.inode)
    if (opened === undefined) return
    try {
      await readAll(opened, path, send)
    } finally {
      await close(opened.fd)
    }
  }

  #pathOf(path: ByteString): ByteString {
    return path === '' ? this.root : `${this.root}/${path}`
  }

  /** Gives `use` a path that leads to this directory even when its own path no longer does. */
  async #whileOpen<T>(directory: ByteString, use: (path: ByteString) => Promise<T>): Promise<T> {
    const path = this.#pathOf(directory)
    if (this.#place === undefined) return use(path)
    const fd = await open(systemPath(path), directoryFlags)
    try {
      const place = await placeOf(fd)
      if (place !== this.#placeFor(directory)) throw misplaced(directory, place)
      return await use(`/proc/self/fd/${fd}`)
    } finally {
      await close(fd)
    }
  }

  /** The file, if it is the one that was listed or lies where that one was; else nothing. */
  async #openFile(path: ByteString, inode: Inode): Promise<OpenFile | undefined> {
    let fd: number
    try {
      fd = await open(systemPath(this.#pathOf(path)), fileFlags)
    } catch (error) {
      if (!isOfTheFile(error)) throw unreadable(path, error)
      this.#warnOfEmpty(path, reasonOf(error))
      return undefined
    }
    const stats = await fstat(fd, exact)
    const isListed = stats.dev === inode.device && stats.ino === inode.number
    if (stats.isFile() && (isListed || (await this.#liesAt(path, fd, stats))))
      return { fd, size: Number(stats.size) }
    await close(fd)
    this.#warnOfEmpty(path, 'something else is in its place now')
    return undefined
  }

  /** True when no part of the path is a link that has led the open file elsewhere. */
  async #liesAt(path: ByteString, fd: number, stats: fs.BigIntStats): Promise<boolean> {
    try {
      if (this.#place !== undefined) return (await placeOf(fd)) === this.#placeFor(path)
      const expected = this.#pathOf(path)
      const actual = toByteString(await realpath(systemPath(expected), 'buffer'))
      const there = await lstat(systemPath(actual), exact)
      return actual === expected && there.dev === stats.dev && there.ino === stats.ino
    } catch {
      return false
    }
  }

  #placeFor(path: ByteString): ByteString {
    return path === '' ? this.#place! : `${this.#place}/${path}`
  }

  #warnOfEmpty(path: ByteString, reason: string): void {
    this.#onWarning({ code: 'SKIPPED_ENTRY', message: `the file ${quoted(path)} is sent empty: ${reason}` })
  }
}

interface OpenFile {
  readonly fd: number
  readonly size: number
}

/** The path by which the system knows an open file. */
function placeOf(fd: number): Promise<ByteString> {
  return readlink(`/proc/self/fd/${fd}`, 'latin1')
}

async function rootPlace(root: ByteString): Promise<ByteString | undefined> {
  if (process.platform !== 'linux') return undefined
  const fd = await open(systemPath(root), directoryFlags)
  try {
    return await placeOf(fd)
  } catch {
    // A container without /proc.
    return undefined
  } finally {
    await close(fd)
  }
}

/** Finds out about the named entries of a directory: `path` leads to it, `directory` is its place in the tree. */
async function lookUp(
  path: ByteString,
  directory: ByteString,
  names: readonly ByteString[],
  choose: Choose,
): Promise<Entry[]> {
  const found: Entry[] = []
  for (let start = 0; start < names.length; start += entriesAtOnce) {
    if (start > 0) await nextTurn()
    const some = await lookUpSome(path, directory, names.slice(start, start + entriesAtOnce), choose)
    for (const entry of some) if (entry !== undefined) found.push(entry)
  }
  return found
}

/** Written with callbacks and a counter: it runs for every entry of a context. */
function lookUpSome(
  path: ByteString,
  directory: ByteString,
  names: readonly ByteString[],
  choose: Choose,
): Promise<(Entry | undefined)[]> {
  return new Promise((resolve, reject) => {
    const entries: (Entry | undefined)[] = new Array(names.length)
    let unsettled = 1
    const settle = () => {
      if (--unsettled === 0) resolve(entries)
    }
    for (const [index, name] of names.entries()) {
      const entryPath = directory === '' ? name : `${directory}/${name}`
      const choice = choose(entryPath)
      if (choice === 'skip') continue
      const isChosen = choice === 'send'
      const fail = (error: Error) => {
        if (isGone(error) || (!isChosen && isForbidden(error))) settle()
        else reject(unreadable(entryPath, error))
      }
      unsettled++
      const realPath = systemPath(`${path}/${name}`)
      fs.lstat(realPath, exact, (error, stats) => {
        if (error !== null) return fail(error)
        const entry = entryOf(entryPath, stats, isChosen)
        if (!isSymlink(entry.stat.mode)) {
          entries[index] = entry
          return settle()
        }
        fs.readlink(realPath, 'latin1', (linkError, target) => {
          if (isNoLink(linkError)) return settle()
          if (linkError !== null) return fail(linkError)
          entry.stat.linkname = target
          entries[index] = entry
          settle()
        })
      })
    }
    settle()
  })
}

function entryOf(path: ByteString, stats: fs.BigIntStats, isChosen: boolean): Entry {
  const mode = goMode(Number(stats.mode))
  const isDevice = (mode & GoMode.device) !== 0
  const stat: Stat = {
    path,
    // Sockets travel as files: no layer could hold them.
    mode: (mode & ~GoMode.socket) >>> 0,
    // A context does not depend on who has checked it out.
    uid: 0,
    gid: 0,
    size: isDirectory(mode) ? 0 : Number(stats.size),
    modTime: BigInt.asIntN(64, stats.mtimeNs),
    linkname: '',
    devmajor: isDevice ? Number((stats.rdev >> 8n) & 0xfffn) : 0,
    devminor: isDevice ? Number((stats.rdev & 0xffn) | ((stats.rdev >> 12n) & 0xfff00n)) : 0,
  }
  const inode = { device: stats.dev, number: stats.ino, isShared: stats.nlink > 1n }
  return { stat, isChosen, inode: isRegular(mode) ? inode : undefined }
}

/** Up to the end of the file, which may have moved since it was opened. */
async function readAll(
  { fd, size }: OpenFile,
  path: ByteString,
  send: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  for (let total = 0; ; ) {
    // One byte more than there should be tells the end of the file without another call.
    const room = total <= size ? Math.min(size - total + 1, chunkBytes) : chunkBytes
    const chunk = Buffer.allocUnsafe(room)
    const length = await readInto(chunk, fd, path)
    if (length === 0) return
    total += length
    const busy = send(chunk.subarray(0, length))
    if (busy !== undefined) await busy
    if (total === size && length < room) return
  }
}

async function readInto(chunk: Buffer, fd: number, path: ByteString): Promise<number> {
  try {
    return (await read(fd, chunk, 0, chunk.length, null)).bytesRead
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** It is there, and something else than a link. */
function isNoLink(error: unknown): boolean {
  return systemCode(error) === 'EINVAL'
}

/** The file itself is the reason; a lack of memory or descriptors is not. */
function isOfTheFile(error: unknown): boolean {
  return isGone(error) || isForbidden(error) || ['ENXIO', 'ENODEV'].includes(systemCode(error) ?? '')
}

function unusableRoot(path: string, received: string, cause?: unknown): BuildkitError {
  return new BuildkitError('CONTEXT_FAILED', `the directory ${JSON.stringify(path)} cannot be sent`, {
    subject: path,
    expected: 'a directory that can be read',
    received,
    cause,
  })
}

function unreadable(path: ByteString, cause: unknown): BuildkitError {
  return new BuildkitError('CONTEXT_FAILED', `cannot read ${quoted(path)}: ${reasonOf(cause)}`, {
    subject: textOf(path),
    advice: 'Make it readable, or exclude it with .dockerignore',
    cause,
  })
}

function misplaced(directory: ByteString, place: ByteString): Error {
  if (place.endsWith(' (deleted)'))
    return Object.assign(new Error('the directory is gone'), { code: 'ENOENT' })
  return new BuildkitError(
    'CONTEXT_FAILED',
    `the directory ${quoted(directory)} has been moved while it was read`,
    {
      subject: textOf(directory),
      advice: 'Let nothing rearrange the context while it is sent',
    },
  )
}

function quoted(path: ByteString): string {
  return JSON.stringify(textOf(path))
}
