import { BuildkitError, messageOf } from '../../base/errors.ts'
import type { MessageStream } from '../../base/message-stream.ts'
import { sanitize } from '../../base/redact.ts'
import type { OnWarning } from '../../base/warning.ts'
import { decodePacket, encodeError, encodeRequest, fin, PacketType } from '../packet.ts'
import { Backlog } from './backlog.ts'
import { openRoot } from './confined-directory.ts'
import { writing } from './export-failed.ts'
import { type ListedEntry, Listing, type ListingLimits, tooLarge } from './listing.ts'
import { Monitor } from './monitor.ts'
import { removeAbandoned } from './staging-name.ts'
import { type TreeEntry, type TreeFile, TreeWriter } from './tree-writer.ts'

export interface ReceiveTarget {
  /** A directory; made (mode 0700, with its parents) if it is missing. */
  readonly outputDir: string
  /** `copy` leaves what is there beside the export, `delete` removes it when all else is done. */
  readonly mode: 'copy' | 'delete'
  /** Gets SKIPPED_ENTRY. Without it that becomes a warning of the process. */
  readonly onWarning?: OnWarning | undefined
  readonly limits?: Partial<ReceiveLimits>
}

/** What one export may come to; beyond it the transfer ends with TOO_LARGE. */
export interface ReceiveLimits extends ListingLimits {
  /** Bytes of all files together. No limit by default: a full disk is an error of its own. */
  readonly dataBytes: number
}

const defaultLimits: ReceiveLimits = {
  entries: 1_000_000,
  pathBytes: 4_096,
  depth: 256,
  listingBytes: 256 << 20,
  dataBytes: Number.POSITIVE_INFINITY,
}

/** So many files are asked for at a time: enough for links with latency, and each may hold a file open. */
const requestsAtOnce = 256

/**
 * The receiving end of a file transfer (tonistiigi/fsutil `receive.go`): a `local` export. Returns when everything
 * is in place and the daemon knows it.
 *
 * Nothing that the daemon sends, and no symlink in the target, leads out of the target. Files are written under
 * staging names beside their own, and every existing file is replaced. All belongs to this process; modes and
 * times are as sent, setuid and setgid only where owner and group are, and extended attributes are left out, as
 * are devices, pipes and sockets (with a warning). Several transfers into one target may run at the same time.
 *
 * When it fails or is cancelled, files that were complete by then are there, and so are directories (closed to
 * others); of files under way nothing is left. Nothing is removed before all files are complete.
 *
 * Throws EXPORT_FAILED with the system's error, UNSAFE_PATH, PROTOCOL_ERROR, TOO_LARGE, or what the call broke of.
 */
export async function receiveTree(stream: MessageStream, target: ReceiveTarget): Promise<void> {
  const { outputDir, mode, onWarning } = target
  const root = await writing(outputDir, openRoot(outputDir))
  await removeAbandoned(root)
  const tree = new TreeWriter(root, { outputDir, removesOthers: mode === 'delete', onWarning })
  await new Receiver(stream, tree, { ...defaultLimits, ...target.limits }).run()
}

/**
 * Three things go on at once: packets are read, entries are made one after the other, and the files that have
 * been asked for are written as their data comes.
 */
class Receiver {
  readonly #stream: MessageStream
  readonly #tree: TreeWriter
  readonly #listing: Listing
  readonly #monitor = new Monitor()
  readonly #backlog = new Backlog(this.#monitor)
  /** The files that have been asked for and are not complete, by their id. */
  readonly #files = new Map<number, TreeFile>()
  readonly #maxDataBytes: number
  #dataBytes = 0
  #phase: 'transfer' | 'goodbye' | 'over' = 'transfer'

  constructor(stream: MessageStream, tree: TreeWriter, limits: ReceiveLimits) {
    this.#stream = stream
    this.#tree = tree
    this.#listing = new Listing(limits)
    this.#maxDataBytes = limits.dataBytes
  }

  async run(): Promise<void> {
    const fail = (error: unknown) => this.#monitor.fail(error)
    void this.#read().catch(fail)
    const making = this.#make().catch(fail)
    try {
      await this.#monitor.until(() => this.#phase === 'over')
    } catch (error) {
      // First comes nothing more, then goes what is incomplete; the reader may wait for packets until the call ends.
      await making
      await Promise.all(Array.from(this.#files.values(), (file) => file.discard()))
      this.#stream.send(encodeError(messageOf(error)))?.catch(() => {})
      throw error
    } finally {
      await this.#tree.close()
    }
  }

  async #read(): Promise<void> {
    for await (const message of this.#stream.messages) {
      if (this.#monitor.failed) return
      const busy = this.#take(message)
      if (busy !== undefined) await busy
      if (this.#phase === 'over') return
    }
    this.#stream.signal.throwIfAborted()
    throw protocolError('the export was broken off', 'everything to the end', 'the end of the stream')
  }

  /** Returns a promise when the next packet has to wait. */
  #take(message: Buffer): Promise<void> | undefined {
    const packet = decodePacket(message)
    switch (packet.type) {
      case PacketType.stat:
        this.#listing.add(packet.stat)
        this.#monitor.changed()
        return undefined
      case PacketType.data:
        return this.#takeData(packet.id, packet.data)
      case PacketType.fin:
        if (this.#phase !== 'goodbye') throw protocolError('the export ended early', 'FIN after ours', 'FIN')
        this.#phase = 'over'
        this.#monitor.changed()
        return undefined
      case PacketType.error:
        throw new BuildkitError(
          'EXPORT_FAILED',
          `the daemon has broken off the export: ${sanitize(packet.message)}`,
        )
      default:
        throw protocolError('the daemon wants a file of an export', 'STAT, DATA or FIN', 'REQ')
    }
  }

  #takeData(id: number, data: Buffer): Promise<void> | undefined {
    const file = this.#files.get(id)
    if (file === undefined || file.isWhole) {
      throw protocolError(
        'the daemon has sent data that nobody asked for',
        'data of a requested file',
        `id ${id}`,
      )
    }
    if (data.length === 0) {
      void this.#complete(id, file)
      return undefined
    }
    this.#dataBytes += data.length
    if (this.#dataBytes > this.#maxDataBytes) throw tooLarge('bytes of data', this.#maxDataBytes)
    file.append(data)
    return this.#backlog.room()
  }

  async #complete(id: number, file: TreeFile): Promise<void> {
    await file.complete()
    this.#files.delete(id)
    this.#monitor.changed()
  }

  async #make(): Promise<void> {
    for (;;) {
      await this.#monitor.until(() => this.#listing.hasNext || this.#listing.isOver)
      const next = this.#listing.next()
      if (next === undefined) break
      await this.#makeEntry(next)
    }
    await this.#monitor.until(() => this.#files.size === 0)
    await this.#tree.settle()
    if (this.#monitor.failed) return
    this.#phase = 'goodbye'
    this.#send(fin)
  }

  async #makeEntry(listed: ListedEntry): Promise<void> {
    switch (listed.kind) {
      case 'file':
        return await this.#request(listed.id, listed.entry)
      case 'directory':
        return await this.#tree.directory(listed.entry)
      case 'symlink':
        return await this.#tree.symlink(listed.entry)
      case 'hard link':
        await this.#monitor.until(() => !this.#files.has(listed.targetId))
        return await this.#tree.hardLink(listed.entry)
      case 'other':
        return await this.#tree.skip(listed.entry)
    }
  }

  async #request(id: number, entry: TreeEntry): Promise<void> {
    await this.#monitor.until(() => this.#files.size < requestsAtOnce)
    const file = await this.#tree.file(entry, this.#backlog, (error) => this.#monitor.fail(error))
    this.#files.set(id, file)
    this.#send(encodeRequest(id))
  }

  /** Does not wait for room: so few requests are under way that they need none. Reading tells of a broken call. */
  #send(packet: Buffer): void {
    this.#stream.send(packet)?.catch(() => {})
  }
}

function protocolError(message: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', message, { expected, received })
}
