import { join } from 'node:path'
import { emitWarning, type OnWarning } from '../../base/warning.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import { isDirectory, posixMode } from '../mode.ts'
import type { Stat } from '../stat.ts'
import type { Attributes } from './attributes.ts'
import type { Backlog } from './backlog.ts'
import type { ConfinedDirectory } from './confined-directory.ts'
import { exportFailed, writing } from './export-failed.ts'
import { StagedFile } from './staged-file.ts'
import { stagingName } from './staging-name.ts'

/** What of an entry is used here. Extended attributes are not: Node has no call to set them. */
export type TreeEntry = Pick<Stat, 'path' | 'mode' | 'uid' | 'gid' | 'modTime' | 'linkname'>

export interface TreeWriterOptions {
  /** The root's path, for people to read. */
  readonly outputDir: string
  /** What is below the root and not among the entries is removed in the end. */
  readonly removesOthers: boolean
  readonly onWarning: OnWarning | undefined
}

/**
 * Makes entries below a root, in the order of their listing; `PathSequence` must have let their paths pass. All of
 * them belong to this process. Directories are the owner's alone until {@link settle}.
 */
export class TreeWriter {
  readonly #options: TreeWriterOptions
  /** The directories that are open: the root, one in it, one in that, to the place that the listing is at. */
  readonly #levels: Level[] = []
  /** All directories of the listing, the root first. */
  readonly #listed: ListedDirectory[] = []
  readonly #skipped: TreeEntry[] = []

  constructor(root: ConfinedDirectory, options: TreeWriterOptions) {
    this.#options = options
    this.#listed.push({ path: '', attributes: {}, names: new Set() })
    this.#levels.push({ listed: this.#listed[0]!, directory: root })
  }

  /** Makes a directory, or takes the one that is there. */
  async directory(entry: TreeEntry): Promise<void> {
    const parent = await this.#parentOf(entry)
    const listed = { path: entry.path, attributes: attributesOf(entry), names: new Set<ByteString>() }
    const directory = await this.#about(entry.path, parent.make(nameOf(entry.path)))
    this.#listed.push(listed)
    this.#levels.push({ listed, directory })
  }

  async symlink(entry: TreeEntry): Promise<void> {
    const parent = await this.#parentOf(entry)
    await this.#about(entry.path, parent.symlink(nameOf(entry.path), entry.linkname, entry.modTime))
  }

  /** Makes a further name of a file that is complete. */
  async hardLink(entry: TreeEntry): Promise<void> {
    const parent = await this.#parentOf(entry)
    const source = await this.#about(entry.linkname, this.#open(parentPath(entry.linkname)))
    try {
      await this.#about(entry.path, parent.link(nameOf(entry.path), source, nameOf(entry.linkname)))
    } finally {
      await source.release()
    }
  }

  /** Begins a file, whose contents come later. `onFailure` is told at once when they cannot be written. */
  async file(entry: TreeEntry, backlog: Backlog, onFailure: (error: unknown) => void): Promise<TreeFile> {
    const parent = await this.#parentOf(entry)
    return new TreeFile(entry, parent.retain(), {
      backlog,
      onFailure: (error) => onFailure(exportFailed(this.#readable(entry.path), error)),
    })
  }

  /** Leaves out what Node has no call to make. What is there under its name stays. */
  async skip(entry: TreeEntry): Promise<void> {
    await this.#parentOf(entry)
    this.#skipped.push(entry)
  }

  /**
   * When all files are complete: removes what is to be removed, then gives the directories their modes and times,
   * each after what is in it. Afterwards the writer is closed.
   */
  async settle(): Promise<void> {
    this.#warnOfSkipped()
    const [, ...directories] = this.#listed
    await this.#leaveUntil('', ({ directory }) => directory.release())
    for (const listed of directories) {
      await this.#leaveUntil(parentPath(listed.path), (level) => this.#finish(level))
      const parent = this.#levels.at(-1)!.directory
      const directory = await this.#about(listed.path, parent.open(nameOf(listed.path)))
      this.#levels.push({ listed, directory })
    }
    await this.#leaveUntil(undefined, (level) => this.#finish(level))
  }

  /** Closes what is open. What has been made stays. */
  async close(): Promise<void> {
    await this.#leaveUntil(undefined, ({ directory }) => directory.release())
  }

  async #parentOf({ path }: TreeEntry): Promise<ConfinedDirectory> {
    await this.#leaveUntil(parentPath(path), ({ directory }) => directory.release())
    const { listed, directory } = this.#levels.at(-1)!
    if (this.#options.removesOthers) listed.names.add(nameOf(path))
    return directory
  }

  /** Leaves the innermost directories one by one until this is the innermost; without a path all of them. */
  async #leaveUntil(path: ByteString | undefined, leave: (level: Level) => Promise<void>): Promise<void> {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.listed.path === path) return
      this.#levels.pop()
      await leave(level)
    }
  }

  async #finish({ listed, directory }: Level): Promise<void> {
    try {
      if (this.#options.removesOthers) await this.#about(listed.path, removeOthers(directory, listed.names))
      await this.#about(listed.path, directory.setAttributes(listed.attributes))
    } finally {
      await directory.release()
    }
  }

  /** Opens a directory that has been left, from the root on, one name after the other. */
  async #open(path: ByteString): Promise<ConfinedDirectory> {
    let directory = this.#levels[0]!.directory.retain()
    for (const name of path === '' ? [] : path.split('/')) {
      const parent = directory
      try {
        directory = await parent.open(name)
      } finally {
        await parent.release()
      }
    }
    return directory
  }

  #about<T>(path: ByteString, action: Promise<T>): Promise<T> {
    return writing(this.#readable(path), action)
  }

  #readable(path: ByteString): string {
    return join(this.#options.outputDir, textOf(path))
  }

  #warnOfSkipped(): void {
    const [first, ...others] = this.#skipped
    if (first === undefined) return
    const more = others.length === 0 ? 'is' : `and ${others.length} more are`
    const { onWarning = emitWarning } = this.#options
    onWarning({
      code: 'SKIPPED_ENTRY',
      message: `${textOf(first.path)} ${more} left out of the export: Node cannot make devices and pipes`,
    })
  }
}

/** A file on its way: under a staging name in its directory, until it is complete. */
export class TreeFile {
  readonly #entry: TreeEntry
  readonly #directory: ConfinedDirectory
  readonly #staging: string | Buffer
  readonly #staged: StagedFile
  readonly #onFailure: (error: unknown) => void
  #completing: Promise<void> | undefined

  constructor(
    entry: TreeEntry,
    directory: ConfinedDirectory,
    options: { backlog: Backlog; onFailure: (error: unknown) => void },
  ) {
    this.#entry = entry
    this.#directory = directory
    this.#staging = directory.pathOf(stagingName())
    this.#staged = new StagedFile(this.#staging, { mode: 0o600, ...options })
    this.#onFailure = options.onFailure
  }

  /** True once {@link complete} has been called. */
  get isWhole(): boolean {
    return this.#completing !== undefined
  }

  append(data: Buffer): void {
    this.#staged.append(data)
  }

  /** All of it has been appended: writes the rest and gives the file its name. Never throws. */
  complete(): Promise<void> {
    this.#completing ??= this.#complete()
    return this.#completing
  }

  /** Leaves nothing of a file that does not become whole. Never throws. */
  async discard(): Promise<void> {
    if (this.#completing !== undefined) return await this.#completing
    await this.#staged.discard()
    await this.#directory.release()
  }

  async #complete(): Promise<void> {
    try {
      await this.#staged.complete(attributesOf(this.#entry))
      await this.#directory.rename(this.#staging, nameOf(this.#entry.path))
    } catch (error) {
      await this.#staged.discard()
      this.#onFailure(error)
    } finally {
      await this.#directory.release()
    }
  }
}

interface ListedDirectory {
  readonly path: ByteString
  readonly attributes: Attributes
  /** The names of its entries, where others are to be removed. */
  readonly names: Set<ByteString>
}

interface Level {
  readonly listed: ListedDirectory
  readonly directory: ConfinedDirectory
}

/**
 * Setuid and setgid stay only where the file still belongs to whom the export says: a program that was to run
 * as somebody else must not run as whoever has exported it.
 */
function attributesOf({ mode, uid, gid, modTime }: TreeEntry): Attributes {
  let bits = posixMode(mode) & 0o7777
  if ((bits & (setuid | setgid)) !== 0 && !isDirectory(mode)) {
    if (uid !== process.geteuid?.()) bits &= ~setuid
    if (gid !== process.getegid?.()) bits &= ~setgid
  }
  return { mode: bits, modTime }
}

const setuid = 0o4000
const setgid = 0o2000

async function removeOthers(directory: ConfinedDirectory, keep: ReadonlySet<ByteString>): Promise<void> {
  const kept = new Set(Array.from(keep, sameNames))
  for (const name of await directory.names()) if (!kept.has(sameNames(name))) await directory.remove(name)
}

/** Equal for names that may be one and the same: other systems than Linux do not tell `README` from `readme`. */
function sameNames(name: ByteString): string {
  return process.platform === 'linux' ? name : textOf(name).normalize('NFC').toLowerCase()
}

function parentPath(path: ByteString): ByteString {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1)
}
