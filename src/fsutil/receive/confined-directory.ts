import * as fs from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { BuildkitError, systemCode } from '../../base/errors.ts'
import { type ByteString, systemPath, textOf, toByteString } from '../byte-string.ts'
import { type Attributes, setAttributes, systemTime } from './attributes.ts'
import { removeAbandoned, stagingName } from './staging-name.ts'

const open = promisify(fs.open)
const close = promisify(fs.close)
const stat = promisify(fs.stat)
const lstat = promisify(fs.lstat)
const fstat = promisify(fs.fstat)
const readdir = promisify(fs.readdir)
const mkdir = promisify(fs.mkdir)
const rmdir = promisify(fs.rmdir)
const unlink = promisify(fs.unlink)
const rename = promisify(fs.rename)
const link = promisify(fs.link)
const symlink = promisify(fs.symlink)
const lutimes = promisify(fs.lutimes)

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants

/** A directory of ours stays to ourselves until it gets its own mode. */
const ownerOnly = 0o700

/** Where Linux shows the open files of a process: a name below a directory's entry is a name in that directory. */
const openFiles = '/proc/self/fd'

/**
 * Opens the directory that nothing may lead out of, and makes it (mode 0700, with its parents) if it is
 * missing. The path itself is the user's and may be a symlink.
 *
 * `descriptors` is where names can be used relative to an open directory, as Node has no `openat`. Where there is
 * no such place, paths are used and every directory is checked when it is opened: a link that is there already
 * is never followed, but somebody who can write to the target and swaps a directory for a link at the right
 * moment leads a write elsewhere.
 */
export async function openRoot(path: string, descriptors = openFiles): Promise<ConfinedDirectory> {
  await mkdir(path, { recursive: true, mode: ownerOnly })
  const descriptor = await open(path, O_RDONLY | O_DIRECTORY)
  const ownPath = `${descriptors}/${descriptor}`
  if (await leadsTo(ownPath, descriptor)) return new ConfinedDirectory(descriptor, ownPath, descriptors)
  return new ConfinedDirectory(descriptor, toByteString(resolve(path)), undefined)
}

async function leadsTo(path: string, descriptor: number): Promise<boolean> {
  try {
    const [there, here] = await Promise.all([stat(path), fstat(descriptor)])
    return there.dev === here.dev && there.ino === here.ino
  } catch {
    return false
  }
}

/**
 * An open directory and the names in it. A name is one component of a path and is never followed where it is
 * a symlink. Has as many users as were given it; the last one to release it closes it.
 */
export class ConfinedDirectory {
  readonly #descriptor: number
  readonly #path: ByteString
  readonly #descriptors: string | undefined
  #users = 1

  constructor(descriptor: number, path: ByteString, descriptors: string | undefined) {
    this.#descriptor = descriptor
    this.#path = path
    this.#descriptors = descriptors
  }

  /** One more user. */
  retain(): this {
    this.#users++
    return this
  }

  /** One user less. */
  async release(): Promise<void> {
    if (--this.#users === 0) await close(this.#descriptor)
  }

  /** A name in this directory as calls of `node:fs` take it. */
  pathOf(name: ByteString): string | Buffer {
    return systemPath(`${this.#path}/${name}`)
  }

  /** Opens a directory in it; throws UNSAFE_PATH where that is no directory (any more). */
  async open(name: ByteString): Promise<ConfinedDirectory> {
    try {
      // Where the flags do not exist, this is what finds a symlink.
      if (this.#descriptors === undefined) await this.#checkDirectory(name)
      const descriptor = await open(this.pathOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      const path =
        this.#descriptors === undefined ? `${this.#path}/${name}` : `${this.#descriptors}/${descriptor}`
      return new ConfinedDirectory(descriptor, path, this.#descriptors)
    } catch (error) {
      throw isNoDirectory(error) ? replaced(name) : error
    }
  }

  /** Opens a directory in it that can be written to. Makes it, in place of anything else of this name. */
  async make(name: ByteString): Promise<ConfinedDirectory> {
    if (!(await this.#makeNew(name))) {
      if ((await lstat(this.pathOf(name))).isDirectory()) {
        const directory = await this.#openWritable(name)
        await removeAbandoned(directory)
        return directory
      }
      await unlink(this.pathOf(name))
      await this.#makeNew(name)
    }
    return await this.open(name)
  }

  /** Makes a symlink with this target, in place of anything else of this name. */
  async symlink(name: ByteString, target: ByteString, modTime: bigint): Promise<void> {
    try {
      await symlink(systemPath(target), this.pathOf(name))
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
      await this.#replace(name, (staging) => symlink(systemPath(target), staging))
    }
    await lutimes(this.pathOf(name), systemTime(modTime), systemTime(modTime))
  }

  /** Makes a further name of a file, in place of anything else of this name. */
  async link(name: ByteString, source: ConfinedDirectory, sourceName: ByteString): Promise<void> {
    await this.#replace(name, async (staging) => {
      await link(source.pathOf(sourceName), staging)
      if (!(await lstat(staging)).isFile()) throw replaced(sourceName)
    })
  }

  /** Gives what is staged in this directory its name, in place of anything else. */
  async rename(staging: string | Buffer, name: ByteString): Promise<void> {
    try {
      await rename(staging, this.pathOf(name))
    } catch (error) {
      if (!isDirectoryInTheWay(error)) throw error
      await this.remove(name)
      await rename(staging, this.pathOf(name))
    }
  }

  /** Removes what has this name, with everything in it. */
  async remove(name: ByteString): Promise<void> {
    if (!(await lstat(this.pathOf(name))).isDirectory()) return await unlink(this.pathOf(name))
    const directory = await this.#openWritable(name)
    try {
      for (const inner of await directory.names()) await directory.remove(inner)
    } finally {
      await directory.release()
    }
    await rmdir(this.pathOf(name))
  }

  /** All names in it, in no order. */
  async names(): Promise<ByteString[]> {
    const names = await readdir(systemPath(this.#path), { encoding: 'buffer' })
    return names.map(toByteString)
  }

  setAttributes(attributes: Attributes): Promise<void> {
    return setAttributes(this.#descriptor, attributes)
  }

  /** Says whether it was new. */
  async #makeNew(name: ByteString): Promise<boolean> {
    try {
      await mkdir(this.pathOf(name), ownerOnly)
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      throw error
    }
  }

  /** A directory of an earlier export may be closed to its owner. */
  async #openWritable(name: ByteString): Promise<ConfinedDirectory> {
    const directory = await this.open(name)
    try {
      const { mode } = await fstat(directory.#descriptor)
      if ((mode & ownerOnly) !== ownerOnly)
        await directory.setAttributes({ mode: (mode & 0o7777) | ownerOnly })
      return directory
    } catch (error) {
      await directory.release()
      throw error
    }
  }

  async #replace(name: ByteString, make: (staging: string | Buffer) => Promise<void>): Promise<void> {
    const staging = this.pathOf(stagingName())
    try {
      await make(staging)
      await this.rename(staging, name)
    } finally {
      // Also after a rename: between two names of one file it does nothing.
      await unlink(staging).catch(() => {})
    }
  }

  async #checkDirectory(name: ByteString): Promise<void> {
    if (!(await lstat(this.pathOf(name))).isDirectory()) throw replaced(name)
  }
}

/** What opening says of a missing name, a file and a symlink. */
function isNoDirectory(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')
}

/** Linux and macOS say EISDIR of a file renamed over a directory, Windows EPERM. */
function isDirectoryInTheWay(error: unknown): boolean {
  return systemCode(error) === 'EISDIR' || (process.platform === 'win32' && systemCode(error) === 'EPERM')
}

function replaced(name: ByteString): BuildkitError {
  return new BuildkitError('UNSAFE_PATH', 'somebody else has changed the target of an export under way', {
    subject: textOf(name),
    expected: `${JSON.stringify(textOf(name))} as the export has made it`,
    received: 'something else under that name',
    advice: 'Export into a directory that nobody else writes to',
  })
}
