import assert from 'node:assert/strict'
import { before, describe } from 'node:test'
import type { MessageStream } from '../../../src/base/message-stream.ts'
import type { Warning } from '../../../src/base/warning.ts'
import type { Where } from '../../../src/fsutil/disk/disk.ts'
import { isDirectory, isRegular } from '../../../src/fsutil/mode.ts'
import { PathSequence } from '../../../src/fsutil/order.ts'
import { decodePacket, encodeRequest, fin, type Packet, PacketType } from '../../../src/fsutil/packet.ts'
import { type SentTree, sendTree, type Tree } from '../../../src/fsutil/send/send.ts'
import type { Stat } from '../../../src/fsutil/stat.ts'

/** What has come over in one transfer. */
export interface Received {
  readonly stats: readonly Stat[]
  /** The same by path, as raw bytes. */
  readonly byPath: ReadonlyMap<string, Stat>
  /** Contents of the files that were asked for, by path. */
  readonly contents: ReadonlyMap<string, Buffer>
  readonly warnings: readonly Warning[]
  readonly sent: SentTree
}

export interface ReceiverOptions {
  /** Which files to ask for; all by default. */
  readonly wants?: (stat: Stat) => boolean
  /** Called for each entry before it is asked for. */
  readonly onStat?: (stat: Stat) => void
  /** Makes the sender wait for its turn after every so many messages. */
  readonly messagesPerTurn?: number
}

/** Where the transfers of a test read the disk, unless they say otherwise; see {@link everywhere}. */
const place: { where: Where } = { where: 'chosen' }

/** Defines the same tests for every place where a directory may be read. */
export function everywhere(define: (where: Where) => void): void {
  for (const where of ['chosen', 'thread', 'process'] as const) {
    describe(`read where it is ${where === 'chosen' ? 'chosen' : `a ${where}`}`, () => {
      before(() => {
        place.where = where
      })
      define(where)
    })
  }
}

/** Sends a tree to a receiver that insists on the rules of the protocol, and returns what it has received. */
export async function transfer(tree: string | Tree, options: ReceiverOptions = {}): Promise<Received> {
  const warnings: Warning[] = []
  const receiver = new Receiver(options)
  const sending = sendTree(receiver.stream, {
    onWarning: (warning) => warnings.push(warning),
    ...place,
    ...(typeof tree === 'string' ? { root: tree } : tree),
  })
  const sent = await sending.catch((error: Error) => {
    if (receiver.stats.length > 0) assert.equal(receiver.failure, error.message, 'the receiver is told why')
    throw error
  })
  assert.ok(receiver.isComplete, 'the sender has returned before the end of the transfer')
  const { stats, contents } = receiver
  return { stats, contents, byPath: new Map(stats.map((stat) => [stat.path, stat])), warnings, sent }
}

/** The other end of a transfer. What breaks its rules throws out of `stream.send`. */
export class Receiver {
  readonly stats: Stat[] = []
  readonly contents = new Map<string, Buffer>()
  isComplete = false
  /** What the sender has said of its failure. */
  failure: string | undefined
  readonly #end = new Inbox()
  readonly #options: ReceiverOptions
  readonly #sequence = new PathSequence()
  readonly #files = new Set<string>()
  readonly #open = new Map<number, { path: string; chunks: Buffer[] }>()
  #isListed = false
  #messages = 0

  constructor(options: ReceiverOptions = {}) {
    this.#options = options
  }

  get stream(): MessageStream {
    return {
      messages: this.#end.messages(),
      signal: new AbortController().signal,
      send: (...parts) => {
        this.#take(decodePacket(Buffer.concat(parts)))
        const { messagesPerTurn } = this.#options
        if (messagesPerTurn === undefined || ++this.#messages % messagesPerTurn !== 0) return undefined
        return new Promise((resolve) => setImmediate(resolve))
      },
    }
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case PacketType.stat:
        assert.ok(!this.#isListed, 'a STAT after the end of the listing')
        if (packet.stat === undefined) this.#isListed = true
        else this.#takeStat(packet.stat)
        break
      case PacketType.data:
        this.#takeData(packet.id, packet.data)
        break
      case PacketType.fin:
        assert.ok(this.#isListed && this.#open.size === 0, 'a FIN before the end')
        this.isComplete = true
        this.#end.close()
        return
      case PacketType.error:
        this.failure = packet.message
        return
      default:
        assert.fail(`packet type ${packet.type} from a sender`)
    }
    if (this.#isListed && this.#open.size === 0) this.#end.push(fin)
  }

  #takeStat(stat: Stat): void {
    this.#sequence.accept(stat.path, isDirectory(stat.mode))
    const id = this.stats.length
    this.stats.push(stat)
    if (!isRegular(stat.mode)) return
    if (stat.linkname !== '') {
      assert.ok(
        this.#files.has(stat.linkname),
        `${stat.path} is a link to ${stat.linkname}, which has not come`,
      )
      return
    }
    this.#files.add(stat.path)
    this.#options.onStat?.(stat)
    if (this.#options.wants?.(stat) === false) return
    this.#open.set(id, { path: stat.path, chunks: [] })
    this.#end.push(encodeRequest(id))
  }

  #takeData(id: number, data: Buffer): void {
    const file = this.#open.get(id)
    assert.ok(file !== undefined, `data of ${id}, which was not asked for or has ended`)
    if (data.length > 0) {
      file.chunks.push(Buffer.from(data))
      return
    }
    this.#open.delete(id)
    this.contents.set(file.path, Buffer.concat(file.chunks))
  }
}

/** Messages on their way to the sender. */
export class Inbox {
  #messages: Buffer[] = []
  #isClosed = false
  #wake = () => {}

  push(message: Buffer): void {
    this.#messages.push(message)
    this.#wake()
  }

  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  async *messages(): AsyncGenerator<Buffer> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) yield message
      else if (this.#isClosed) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
