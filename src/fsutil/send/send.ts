import { BuildkitError, messageOf } from '../../base/errors.ts'
import type { MessageStream } from '../../base/message-stream.ts'
import { sanitize } from '../../base/redact.ts'
import { emitWarning, type OnWarning } from '../../base/warning.ts'
import { toByteString } from '../byte-string.ts'
import type { Where } from '../disk/disk.ts'
import { decodePacket, encodeError, endOfListing, fin, PacketType } from '../packet.ts'
import { DiskTree } from './disk-tree.ts'
import { FileSender } from './file-sender.ts'
import { followPaths } from './follow-paths.ts'
import { framesTo } from './frames.ts'
import { Lister } from './lister.ts'
import { type Files, MemoryTree } from './memory-tree.ts'
import { Offered } from './offered.ts'
import type { Source } from './source.ts'

/** What is sent. */
export interface Tree {
  /** A directory's path, which may be a link to it, or files by their paths with their contents. */
  readonly root: string | Files | MemoryTree
  /** Patterns of what is sent, in the syntax of ignore files. None: everything. */
  readonly includePatterns?: readonly string[]
  /** Patterns of what is not sent. */
  readonly excludePatterns?: readonly string[]
  /** Paths that are added to the includes together with what symlinks in them lead to. */
  readonly followPaths?: readonly string[]
  /** Gets SKIPPED_ENTRY for files that are sent empty. Without it they become warnings of the process. */
  readonly onWarning?: OnWarning | undefined
  /** Where a directory is read; for tests. */
  readonly where?: Where
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
 *
 * Extended attributes are not sent: the daemon drops them before a layer is made.
 */
export async function sendTree(stream: MessageStream, tree: Tree): Promise<SentTree> {
  const ended = new AbortController()
  const signal = AbortSignal.any([stream.signal, ended.signal])
  const source = await open(tree, signal)
  try {
    source.filter({
      includes: await includesOf(source, tree),
      excludes: (tree.excludePatterns ?? []).map(toByteString),
    })
    return await new Sender(stream, source, tree.onWarning ?? emitWarning, signal).send()
  } finally {
    // Whatever has failed, the others go no further.
    ended.abort()
    source.end()
  }
}

async function open({ root, where }: Tree, signal: AbortSignal): Promise<Source> {
  if (typeof root === 'string') return await DiskTree.open(root, signal, where)
  return (root instanceof MemoryTree ? root : new MemoryTree(root)).open()
}

async function includesOf(source: Source, tree: Tree): Promise<readonly string[]> {
  const includes = (tree.includePatterns ?? []).map(toByteString)
  const follow = (tree.followPaths ?? []).map(toByteString)
  return follow.length === 0 ? includes : await followPaths(source, includes, follow)
}

/** One transfer: the listing goes out while what the daemon asks for is answered. */
class Sender {
  readonly #stream: MessageStream
  readonly #signal: AbortSignal
  /** What the daemon may still ask for. */
  readonly #offered = new Offered()
  readonly #lister: Lister
  readonly #files: FileSender

  constructor(stream: MessageStream, source: Source, onWarning: OnWarning, signal: AbortSignal) {
    const send = framesTo(stream, signal)
    this.#stream = stream
    this.#signal = signal
    this.#lister = new Lister(source, this.#offered, send)
    this.#files = new FileSender(source, send, onWarning)
  }

  async send(): Promise<SentTree> {
    const failure = this.#telling(this.#files.failure)
    // Whatever else is thrown first is the error.
    failure.catch(() => {})
    try {
      await Promise.race([Promise.all([this.#list(), this.#answer()]), failure])
      await Promise.race([this.#files.idle(), failure])
    } finally {
      this.#files.stop()
    }
    return {
      walked: this.#lister.lookedAt,
      listed: this.#offered.count,
      requested: this.#files.requested,
      bytes: this.#files.bytes,
    }
  }

  async #list(): Promise<void> {
    await this.#telling(this.#lister.run())
    await this.#stream.send(endOfListing)
  }

  /** Tells the daemon when work of ours fails. */
  async #telling<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      // A call that is over has nobody to tell it to.
      if (!this.#signal.aborted) await this.#tell(error)
      throw error
    }
  }

  /** The error itself matters more than whether the daemon can still be told of it. */
  async #tell(error: unknown): Promise<void> {
    try {
      await this.#stream.send(encodeError(messageOf(error)))
    } catch {}
  }

  /** Takes what the daemon sends, until it has all it wants. */
  async #answer(): Promise<void> {
    for await (const message of this.#stream.messages) {
      const packet = decodePacket(message)
      if (packet.type === PacketType.request) {
        this.#files.request(this.#offered.take(packet.id))
      } else if (packet.type === PacketType.fin) {
        await this.#stream.send(fin)
        return
      } else if (packet.type === PacketType.error) {
        throw new BuildkitError('CONTEXT_FAILED', `error from receiver: ${sanitize(packet.message)}`)
      } else {
        throw broken('a request, an error or the end of the transfer', `packet type ${packet.type}`)
      }
    }
    throw broken('the end of the transfer before that of the call', 'none')
  }
}

function broken(expected: string, received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon has broken off a file transfer', {
    expected,
    received,
  })
}
