import { BuildkitError, messageOf } from '../../base/errors.ts'
import type { MessageStream } from '../../base/message-stream.ts'
import { emitWarning, type OnWarning } from '../../base/warning.ts'
import { type ByteString, toByteString } from '../byte-string.ts'
import { isRegular } from '../mode.ts'
import { decodePacket, encodeError, encodeStat, endOfListing, fin, PacketType } from '../packet.ts'
import { createFilter, type Filter } from '../patterns/filter.ts'
import { DiskTree } from './disk-tree.ts'
import { FileSender } from './file-sender.ts'
import type { Entry, FileTree } from './file-tree.ts'
import { followPaths } from './follow-paths.ts'
import { hasXattrTool } from './getfattr.ts'
import { HardLinks } from './hard-links.ts'
import { type Files, MemoryTree } from './memory-tree.ts'
import { type Visit, walk } from './walk.ts'
import { XattrStage } from './xattrs.ts'

/** What is sent. */
export interface Tree {
  /** A directory's path, which may be a link to it, or files by their paths with their contents. */
  readonly root: string | Files
  /** Patterns of what is sent, in the syntax of ignore files. None: everything. */
  readonly includePatterns?: readonly string[]
  /** Patterns of what is not sent. */
  readonly excludePatterns?: readonly string[]
  /** Paths that are added to the includes together with what symlinks in them lead to. */
  readonly followPaths?: readonly string[]
  /**
   * `auto`, the default, sends extended attributes if the system's tool to read them is installed, and warns
   * once if it is not; `off` sends none.
   */
  readonly xattrs?: 'auto' | 'off'
  /** Gets NO_XATTRS and SKIPPED_ENTRY. Without it they become warnings of the process. */
  readonly onWarning?: OnWarning | undefined
}

/** What has been sent. */
export interface SentTree {
  /** Entries that have been looked at. */
  readonly walked: number
  /** Entries that the daemon has been told of. */
  readonly listed: number
  /** Files whose contents it has asked for. */
  readonly requested: number
  /** Bytes of contents sent. */
  readonly bytes: number
}

/**
 * Sends a tree to the daemon, which says what it needs of it, until both agree that the transfer is complete
 * (tonistiigi/fsutil `send.go`). Throws CONTEXT_FAILED for what cannot be read, PROTOCOL_ERROR for a daemon that
 * misbehaves, and what the stream throws.
 */
export async function sendTree(stream: MessageStream, tree: Tree): Promise<SentTree> {
  const onWarning = tree.onWarning ?? emitWarning
  if (typeof tree.root !== 'string') {
    const files = new MemoryTree(tree.root)
    return new Sender(stream, files, undefined).send(await filterFor(files, tree))
  }
  const files = await DiskTree.open(tree.root, onWarning)
  const sendsXattrs = tree.xattrs !== 'off' && (await canReadXattrs(onWarning))
  return new Sender(stream, files, sendsXattrs ? files.path : undefined).send(await filterFor(files, tree))
}

async function filterFor(files: FileTree, tree: Tree): Promise<Filter> {
  const includes = (tree.includePatterns ?? []).map(toByteString)
  const excludes = (tree.excludePatterns ?? []).map(toByteString)
  const follow = (tree.followPaths ?? []).map(toByteString)
  return createFilter(follow.length === 0 ? includes : await followPaths(files, includes, follow), excludes)
}

async function canReadXattrs(onWarning: OnWarning): Promise<boolean> {
  if (await hasXattrTool()) return true
  if (!warnedOfXattrs.has(onWarning)) {
    warnedOfXattrs.add(onWarning)
    onWarning({
      code: 'NO_XATTRS',
      message: 'extended attributes are not sent: getfattr, of the package attr, is not installed',
    })
  }
  return false
}

/** A build has several transfers; it is enough to say it once. */
const warnedOfXattrs = new WeakSet<OnWarning>()

/** One transfer: the listing goes out while what the daemon asks for is answered. */
class Sender {
  readonly #stream: MessageStream
  readonly #tree: FileTree
  readonly #xattrRoot: ByteString | undefined
  readonly #files: FileSender
  readonly #hardLinks = new HardLinks()
  /** What the daemon may still ask for, by id. */
  readonly #offered = new Map<number, Entry>()
  #walked = 0
  #listed = 0

  /** `xattrRoot` is the path below which extended attributes are read, if they are. */
  constructor(stream: MessageStream, tree: FileTree, xattrRoot: ByteString | undefined) {
    this.#stream = stream
    this.#tree = tree
    this.#xattrRoot = xattrRoot
    this.#files = new FileSender(tree, stream)
  }

  async send(filter: Filter): Promise<SentTree> {
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#stream.signal, ended.signal])
    const { failure } = this.#files
    try {
      await Promise.race([Promise.all([this.#list(filter, signal), this.#answer()]), failure])
      await Promise.race([this.#files.idle(), failure])
    } finally {
      // Whatever has failed, the others go no further.
      ended.abort()
      this.#files.stop()
    }
    return {
      walked: this.#walked,
      listed: this.#listed,
      requested: this.#files.requested,
      bytes: this.#files.bytes,
    }
  }

  async #list(filter: Filter, signal: AbortSignal): Promise<void> {
    try {
      await this.#walk(filter, signal)
    } catch (error) {
      // A call that is over has nobody to tell it to.
      if (!signal.aborted) await this.#tell(error)
      throw error
    }
    await this.#stream.send(endOfListing)
  }

  /** The error itself matters more than whether the daemon can still be told of it. */
  async #tell(error: unknown): Promise<void> {
    try {
      await this.#stream.send(encodeError(messageOf(error)))
    } catch {}
  }

  async #walk(filter: Filter, signal: AbortSignal): Promise<void> {
    const visit: Visit = (entry) => this.#offer(entry)
    if (this.#xattrRoot === undefined) {
      this.#walked = await walk(this.#tree, filter, visit, signal)
      return
    }
    const stage = new XattrStage(this.#xattrRoot, visit, signal)
    this.#walked = await walk(this.#tree, filter, (entry) => stage.add(entry), signal)
    await stage.end()
  }

  /** Tells the daemon of an entry. Ids count all of them, not only files. */
  #offer(entry: Entry): Promise<void> | undefined {
    this.#hardLinks.resolve(entry)
    if (isRegular(entry.stat.mode)) this.#offered.set(this.#listed, entry)
    this.#listed++
    return this.#stream.send(encodeStat(entry.stat))
  }

  /** Takes what the daemon sends, until it has all it wants. */
  async #answer(): Promise<void> {
    for await (const message of this.#stream.messages) {
      const packet = decodePacket(message)
      if (packet.type === PacketType.request) {
        this.#request(packet.id)
      } else if (packet.type === PacketType.fin) {
        await this.#stream.send(fin)
        return
      } else if (packet.type === PacketType.error) {
        throw new BuildkitError('CONTEXT_FAILED', `error from receiver: ${packet.message}`)
      } else {
        throw broken('a request, an error or the end of the transfer', `packet type ${packet.type}`)
      }
    }
    throw broken('the end of the transfer before that of the call', 'none')
  }

  #request(id: number): void {
    const file = this.#offered.get(id)
    if (file === undefined) throw new BuildkitError('PROTOCOL_ERROR', `invalid file id ${id}`)
    this.#offered.delete(id)
    this.#files.request(id, file)
  }
}

function broken(expected: string, received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon has broken off a file transfer', {
    expected,
    received,
  })
}
