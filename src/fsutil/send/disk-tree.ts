import { setImmediate as nextTurn } from 'node:timers/promises'
import { BuildkitError, isBuildkitError } from '../../base/errors.ts'
import type { OnWarning } from '../../base/warning.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import { type Listing, type Root, StatField } from '../disk/disk.ts'
import { onDisk } from '../disk/disk-threads.ts'
import { errorOf, isForbidden, isGone, isNoLink, systemErrorOf } from '../disk/system-error.ts'
import { GoMode, goMode, isDirectory, isRegular } from '../mode.ts'
import { FileBeginnings } from './file-beginnings.ts'
import type { Choose, Entry, FileTree, SendChunk } from './file-tree.ts'

/** After so many entries of one directory other work gets its turn. */
const entriesPerTurn = 512

/** A directory on disk, as it is while it is walked and read. */
export class DiskTree implements FileTree {
  readonly #root: Root
  readonly #onWarning: OnWarning
  readonly #beginnings: FileBeginnings

  private constructor(root: Root, onWarning: OnWarning) {
    this.#root = root
    this.#onWarning = onWarning
    this.#beginnings = new FileBeginnings(root)
  }

  /**
   * Opens the directory at the path, which may be a link to one. `onWarning` gets SKIPPED_ENTRY for files that
   * are sent empty. Throws CONTEXT_FAILED if there is no directory.
   */
  static async open(path: string, onWarning: OnWarning): Promise<DiskTree> {
    try {
      return new DiskTree(await onDisk('openRoot', path), onWarning)
    } catch (error) {
      throw isBuildkitError(error) ? error : unusableRoot(path, error)
    }
  }

  /** Absolute, without links. */
  get path(): ByteString {
    return this.#root.path
  }

  async list(directory: ByteString, choose: Choose): Promise<Entry[]> {
    try {
      return await entriesOf(directory, await onDisk('list', this.#root, directory), choose)
    } catch (error) {
      // A context without its root is no empty context.
      if (directory !== '' && isGone(systemErrorOf(error))) return []
      throw unreadable(directory, error)
    }
  }

  async names(directory: ByteString): Promise<ByteString[]> {
    try {
      return await onDisk('names', this.#root, directory)
    } catch (error) {
      if (isGone(systemErrorOf(error))) return []
      throw unreadable(directory, error)
    }
  }

  async readLink(path: ByteString): Promise<ByteString | undefined> {
    try {
      return await onDisk('readLink', this.#root, path)
    } catch (error) {
      const reason = systemErrorOf(error)
      if (isGone(reason) || isNoLink(reason)) return undefined
      throw unreadable(path, error)
    }
  }

  async read({ stat, inode }: Entry, send: SendChunk): Promise<void> {
    // A socket travels as a file, but has nothing to read.
    if (inode === undefined) return
    const { path, size } = stat
    const file = { path, size, device: inode.device, inode: inode.number }
    const beginning = await orUnreadable(path, this.#beginnings.read(file))
    if ('missing' in beginning) {
      this.#warnOfEmpty(path, beginning.missing)
      return
    }
    const { bytes, fd } = beginning
    try {
      if (bytes.length > 0) await send(bytes)
      if (fd !== undefined) await sendRest(fd, path, send)
    } finally {
      if (fd !== undefined) await onDisk('closeFile', fd)
    }
  }

  #warnOfEmpty(path: ByteString, reason: string): void {
    this.#onWarning({ code: 'SKIPPED_ENTRY', message: `the file ${quoted(path)} is sent empty: ${reason}` })
  }
}

/** Makes entries of those that are wanted of what was found in a directory. */
async function entriesOf(directory: ByteString, listing: Listing, choose: Choose): Promise<Entry[]> {
  const { names, errors } = listing
  const entries: Entry[] = []
  for (const [index, name] of names.entries()) {
    if (index % entriesPerTurn === entriesPerTurn - 1) await nextTurn()
    const path = directory === '' ? name : `${directory}/${name}`
    const choice = choose(path)
    if (choice === 'skip') continue
    const error = errors.get(index)
    if (error === undefined) entries.push(entryOf(path, listing, index, choice === 'send'))
    else if (isGone(error) || isNoLink(error)) continue
    else if (choice === 'send' || !isForbidden(error)) throw unreadable(path, errorOf(error))
  }
  return entries
}

function entryOf(path: ByteString, { stats, targets }: Listing, index: number, isChosen: boolean): Entry {
  const start = index * StatField.count
  const mode = goMode(Number(stats[start + StatField.mode]!))
  const node = (mode & GoMode.device) === 0 ? 0n : stats[start + StatField.deviceNode]!
  const stat = {
    path,
    // A socket travels as an empty file: no layer could hold it.
    mode: (mode & ~GoMode.socket) >>> 0,
    // A context does not depend on who has checked it out.
    uid: 0,
    gid: 0,
    size: isDirectory(mode) ? 0 : Number(stats[start + StatField.size]!),
    modTime: stats[start + StatField.modTime]!,
    linkname: targets.get(index) ?? '',
    devmajor: Number((node >> 8n) & 0xfffn),
    devminor: Number((node & 0xffn) | ((node >> 12n) & 0xfff00n)),
  }
  if (!isRegular(mode)) return { stat, isChosen, inode: undefined }
  const inode = {
    device: stats[start + StatField.device]!,
    number: stats[start + StatField.inode]!,
    isShared: stats[start + StatField.links]! > 1n,
  }
  return { stat, isChosen, inode }
}

async function sendRest(fd: number, path: ByteString, send: SendChunk): Promise<void> {
  for (;;) {
    const chunk = await orUnreadable(path, onDisk('readOn', fd))
    if (chunk === undefined) return
    const busy = send(chunk)
    if (busy !== undefined) await busy
  }
}

async function orUnreadable<T>(path: ByteString, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: ByteString, error: unknown): unknown {
  if (isBuildkitError(error)) return error
  const { message } = systemErrorOf(error)
  const what = path === '' ? 'the root of the context' : quoted(path)
  return new BuildkitError('CONTEXT_FAILED', `cannot read ${what}: ${message}`, {
    subject: textOf(path),
    advice: 'Make it readable, or exclude it in .dockerignore',
    cause: error,
  })
}

function unusableRoot(path: string, error: unknown): BuildkitError {
  const reason = systemErrorOf(error)
  return new BuildkitError('CONTEXT_FAILED', `the directory ${JSON.stringify(path)} cannot be sent`, {
    subject: path,
    expected: 'a directory that can be read',
    received:
      reason.code === 'ENOTDIR' ? 'something else' : isGone(reason) ? 'nothing there' : reason.message,
    cause: error,
  })
}

function quoted(path: ByteString): string {
  return JSON.stringify(textOf(path))
}
