import { frameHeadBytes } from '../../base/message-frames.ts'
import type { ByteString } from '../byte-string.ts'
import type { ListedDirectory, Listing, Stop } from '../disk/listing.ts'
import { isForbidden, isGone } from '../disk/system-error.ts'
import { decodePacket, encodeStat, PacketType } from '../packet.ts'
import { frameOf, type SendFrames } from './frames.ts'
import type { Offered } from './offered.ts'
import type { Source } from './source.ts'
import { unreadable } from './unreadable.ts'

/** The first listings are short, so that the transfer begins early. */
const rowsAtFirst = [16, 16, 64, 256]
const rowsAtOnce = 1024

/** One listing is made while the one before is sent, from here on. */
const listingsBeforeAhead = rowsAtFirst.length

/** A directory on the way down. */
interface Open {
  readonly parent: Open | undefined
  readonly listing: Listing
  readonly directory: ListedDirectory
  readonly stop: Stop
  isSent: boolean
}

/**
 * Sends the listing of a tree: depth first, the names of one directory in order, each entry after the directories it is
 * in. What is listed comes in pieces that can be passed on as they are, between the directories to be looked into.
 */
export class Lister {
  /** Entries that have been looked at. */
  lookedAt = 0
  readonly #source: Source
  readonly #offered: Offered
  readonly #send: SendFrames
  /** Listed and not sent yet. */
  readonly #listed = new Map<ByteString, { listing: Listing; directory: ListedDirectory }>()
  /** To be listed, the next one last. */
  #unlisted: ByteString[] = ['']
  #listings = 0
  #listing: Promise<void> | undefined
  /** Of files with several names, the first that was sent. */
  readonly #firstNames = new Map<string, ByteString>()

  constructor(source: Source, offered: Offered, send: SendFrames) {
    this.#source = source
    this.#offered = offered
    this.#send = send
  }

  /** Sends all of it. Throws CONTEXT_FAILED for what cannot be read. */
  async run(): Promise<void> {
    await this.#descend('', undefined)
  }

  async #descend(path: ByteString, open: Open | undefined): Promise<void> {
    const { listing, directory } = this.#listed.get(path) ?? (await this.#list(path))
    this.#listed.delete(path)
    if (directory.failure !== undefined) return heed(directory, open)
    this.lookedAt += directory.lookedAt
    let { rowStart: row, frameStart: frame } = directory
    for (const stop of directory.stops) {
      const isPassedOn = stop.directory !== undefined && stop.isOnDemand !== true
      const end = isPassedOn
        ? { row: stop.row + 1, frame: stop.frameEnd }
        : { row: stop.row, frame: stop.frameStart }
      await this.#pass(open, listing, directory, row, end.row, frame, end.frame)
      row = stop.row + 1
      frame = stop.frameEnd
      if (stop.directory === undefined) await this.#passShared(open, listing, directory, stop)
      else await this.#descend(stop.directory, { parent: open, listing, directory, stop, isSent: isPassedOn })
    }
    await this.#pass(open, listing, directory, row, directory.rowEnd, frame, directory.frameEnd)
  }

  /** Passes rows on, after the directories that they are in. */
  async #pass(
    open: Open | undefined,
    listing: Listing,
    directory: ListedDirectory,
    row: number,
    rowEnd: number,
    frame: number,
    frameEnd: number,
  ): Promise<void> {
    if (row === rowEnd) return
    if (open?.isSent === false) await this.#passDirectory(open)
    this.#offered.add(listing, directory.path, row, rowEnd - row)
    const busy = this.#send(listing.frames.subarray(frame, frameEnd))
    if (busy !== undefined) await busy
  }

  async #passDirectory(open: Open): Promise<void> {
    const { parent, listing, directory, stop } = open
    open.isSent = true
    await this.#pass(parent, listing, directory, stop.row, stop.row + 1, stop.frameStart, stop.frameEnd)
  }

  /** A file with several names: all but the first that is sent are links to that one. */
  async #passShared(
    open: Open | undefined,
    listing: Listing,
    directory: ListedDirectory,
    { row, frameStart, frameEnd, sharedFile }: Stop,
  ): Promise<void> {
    const first = this.#firstNames.get(sharedFile!)
    if (first === undefined) {
      await this.#pass(open, listing, directory, row, row + 1, frameStart, frameEnd)
      this.#firstNames.set(sharedFile!, this.#offered.lastPath)
      return
    }
    if (open?.isSent === false) await this.#passDirectory(open)
    this.#offered.add(listing, directory.path, row, 1)
    const busy = this.#send(asLink(listing.frames.subarray(frameStart, frameEnd), first))
    if (busy !== undefined) await busy
  }

  async #list(path: ByteString): Promise<{ listing: Listing; directory: ListedDirectory }> {
    for (;;) {
      await (this.#listing ?? this.#begin())
      this.#listing = undefined
      if (this.#listings > listingsBeforeAhead && this.#unlisted.length > 0) {
        this.#listing = this.#begin()
        // It may fail while nothing waits for it yet.
        this.#listing.catch(() => {})
      }
      const found = this.#listed.get(path)
      if (found !== undefined) return found
    }
  }

  async #begin(): Promise<void> {
    const directories = this.#unlisted.splice(-directoriesAtOnce).reverse()
    const rows = rowsAtFirst[this.#listings++] ?? rowsAtOnce
    const listing = await this.#source.list(directories, rows)
    for (const directory of listing.directories) this.#listed.set(directory.path, { listing, directory })
    this.#unlisted.push(...listing.unlisted.toReversed())
  }
}

/** So many are named at a time. */
const directoriesAtOnce = 256

/** What is gone has nothing in it; what is closed to us matters only if it is to be sent. */
function heed({ failure, path }: ListedDirectory, open: Open | undefined): void {
  const { path: failed, error } = failure!
  if (failed === path) {
    // A context without its root is no empty context.
    if (path !== '' && isGone(error)) return
    if (open?.isSent === false && isForbidden(error)) return
  }
  throw unreadable(failed, error)
}

function asLink(frame: Uint8Array, linkname: ByteString): Uint8Array {
  const packet = decodePacket(Buffer.from(frame.subarray(frameHeadBytes)))
  if (packet.type !== PacketType.stat || packet.stat === undefined) throw new Error('a row without a STAT')
  packet.stat.linkname = linkname
  return frameOf(encodeStat(packet.stat))
}
