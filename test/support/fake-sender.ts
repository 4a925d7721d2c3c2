import assert from 'node:assert/strict'
import { toByteString } from '../../src/fsutil/byte-string.ts'
import {
  dataHeader,
  decodePacket,
  encodeError,
  encodeStat,
  endOfListing,
  fin,
  type Packet,
  PacketType,
} from '../../src/fsutil/packet.ts'
import type { Stat } from '../../src/fsutil/stat.ts'
import type { StreamEnd } from './message-stream-pair.ts'

/** An entry with what is worth saying of it; a regular file of mode 0644 by default. */
export type FakeEntry = Partial<Stat> & { readonly path: string; readonly content?: string | Buffer }

/** A daemon's sending end of a file transfer that says whatever a test wants it to. */
export class FakeSender {
  readonly end: StreamEnd
  readonly #packets: AsyncIterator<Buffer>
  #entries = 0

  constructor(end: StreamEnd) {
    this.end = end
    this.#packets = end.messages[Symbol.asyncIterator]()
  }

  /** Lists an entry and returns its id. Text is sent as UTF-8; a name of other bytes is given as a byte string. */
  stat({ content: _, ...entry }: FakeEntry): number {
    const defaults = {
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 0,
      modTime: 0n,
      linkname: '',
      devmajor: 0,
      devminor: 0,
    }
    void this.end.send(encodeStat({ ...defaults, ...entry }))
    return this.#entries++
  }

  endOfListing(): void {
    void this.end.send(endOfListing)
  }

  data(id: number, data: string | Buffer): Promise<void> | undefined {
    const bytes = Buffer.from(data)
    return this.end.send(dataHeader(id, bytes.length), bytes)
  }

  endOfFile(id: number): void {
    void this.end.send(dataHeader(id, 0))
  }

  file(id: number, content: string | Buffer): void {
    if (content.length > 0) void this.data(id, content)
    this.endOfFile(id)
  }

  fin(): void {
    void this.end.send(fin)
  }

  error(message: string): void {
    void this.end.send(encodeError(message))
  }

  /** The receiver's next packet; nothing when it has half-closed. */
  async next(): Promise<Packet | undefined> {
    const { done, value } = await this.#packets.next()
    return done === true ? undefined : decodePacket(value)
  }

  /** The id that the receiver asks for next. */
  async request(): Promise<number> {
    const packet = await this.next()
    assert.equal(packet?.type, PacketType.request)
    return packet.id
  }

  /** The text that the receiver ends the transfer with. */
  async receiverError(): Promise<string> {
    for (let packet = await this.next(); packet !== undefined; packet = await this.next())
      if (packet.type === PacketType.error) return packet.message
    assert.fail('the receiver has sent no ERR')
  }

  /** Sends entries as a daemon does, with the contents that are asked for, to the end. Returns the ids asked for. */
  async sendAll(entries: readonly FakeEntry[], { chunkBytes = 32 << 10 } = {}): Promise<number[]> {
    for (const entry of entries) this.stat(entry)
    this.endOfListing()
    const requested: number[] = []
    for (let packet = await this.next(); packet?.type === PacketType.request; packet = await this.next()) {
      requested.push(packet.id)
      const content = Buffer.from(entries[packet.id]?.content ?? '')
      for (let start = 0; start < content.length; start += chunkBytes) {
        await this.data(packet.id, content.subarray(start, start + chunkBytes))
      }
      this.endOfFile(packet.id)
    }
    this.fin()
    this.end.end()
    return requested
  }
}

/** A path or link target of an entry, given as text. */
export function bytes(text: string): string {
  return toByteString(text)
}
