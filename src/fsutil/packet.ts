import { BuildkitError } from '../base/errors.ts'
import type { ByteString } from './byte-string.ts'
import type { Stat } from './stat.ts'
import { sizeOfInt64, sizeOfLengthPrefixed, sizeOfUint, WireReader, WireWriter } from './wire.ts'

/** `fsutil.types.Packet.PacketType`. */
export const PacketType = { stat: 0, request: 1, data: 2, fin: 3, error: 4 } as const

/**
 * One step of a file transfer. Ids count all STAT packets of the transfer from 0.
 *
 * - `stat`: an entry; without `stat` it ends the listing
 * - `request`: the receiver wants the data of an entry
 * - `data`: a piece of it; empty ends it
 * - `fin`: the receiver has all it wants; echoed by the sender
 * - `error`: the transfer has failed at the other end
 */
export type Packet =
  | { readonly type: typeof PacketType.stat; readonly stat: Stat | undefined }
  | { readonly type: typeof PacketType.request; readonly id: number }
  | { readonly type: typeof PacketType.data; readonly id: number; readonly data: Buffer }
  | { readonly type: typeof PacketType.fin }
  | { readonly type: typeof PacketType.error; readonly message: string }

/** Fields of `fsutil.types.Packet`: number << 3 | wire type. */
const PacketTag = { type: 0x08, stat: 0x12, id: 0x18, data: 0x22 } as const
const lastPacketField = 4

/** The same of `fsutil.types.Stat`. */
const StatTag = {
  path: 0x0a,
  mode: 0x10,
  uid: 0x18,
  gid: 0x20,
  size: 0x28,
  modTime: 0x30,
  linkname: 0x3a,
  devmajor: 0x40,
  devminor: 0x48,
  xattrs: 0x52,
} as const
const lastStatField = 10

/** The same of an entry of a map. */
const MapTag = { key: 0x0a, value: 0x12 } as const
const lastMapField = 2

/** A STAT packet for one entry. */
export function encodeStat(stat: Stat): Buffer {
  const packet = Buffer.allocUnsafe(sizeOfStatPacket(stat))
  writeStatPacket(packet, 0, stat)
  return packet
}

/** How long {@link writeStatPacket} is. */
export function sizeOfStatPacket(stat: Stat): number {
  return 1 + sizeOfLengthPrefixed(sizeOfStat(stat))
}

/** Writes a STAT packet into a buffer that has the room. */
export function writeStatPacket(target: Buffer, offset: number, stat: Stat): void {
  const writer = new WireWriter(target, offset)
  writer.uint(PacketTag.stat)
  writer.uint(sizeOfStat(stat))
  writeStat(writer, stat)
}

/** The STAT packet without an entry, which ends the listing: every field has its default, so no bytes. */
export const endOfListing = Buffer.alloc(0)

/** A REQ packet. */
export function encodeRequest(id: number): Buffer {
  const writer = new WireWriter(Buffer.allocUnsafe(2 + sizeOfId(id)))
  writeHead(writer, PacketType.request, id)
  return writer.buffer
}

/**
 * A DATA packet up to its payload, which follows as it is: `stream.send(dataHeader(id, chunk.length), chunk)`.
 * With length 0 it is the whole packet that ends a file.
 */
export function dataHeader(id: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(sizeOfDataHeader(id, length))
  writeDataHeader(header, 0, id, length)
  return header
}

/** How long {@link writeDataHeader} is. */
export function sizeOfDataHeader(id: number, length: number): number {
  const size = 2 + sizeOfId(id)
  return length === 0 ? size : size + 1 + sizeOfUint(length)
}

/** Writes what {@link dataHeader} returns into a buffer that has the room. */
export function writeDataHeader(target: Buffer, offset: number, id: number, length: number): void {
  const writer = new WireWriter(target, offset)
  writeHead(writer, PacketType.data, id)
  if (length === 0) return
  writer.uint(PacketTag.data)
  writer.uint(length)
}

/** The FIN packet. */
export const fin = Buffer.of(PacketTag.type, PacketType.fin)

/** An ERR packet. */
export function encodeError(message: string): Buffer {
  const text = Buffer.from(message)
  const writer = new WireWriter(
    Buffer.allocUnsafe(2 + (text.length === 0 ? 0 : 1 + sizeOfLengthPrefixed(text.length))),
  )
  writeHead(writer, PacketType.error, 0)
  if (text.length > 0) {
    writer.uint(PacketTag.data)
    writer.bytes(text)
  }
  return writer.buffer
}

/**
 * Reads a packet from the daemon. `data` and attribute values are views into `message`. Unknown fields are
 * skipped; anything malformed throws PROTOCOL_ERROR.
 */
export function decodePacket(message: Buffer): Packet {
  const reader = new WireReader(message)
  let type = 0
  let stat: Stat | undefined
  let id = 0
  let data: Buffer = empty
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === PacketTag.type) type = reader.uint32()
    else if (tag === PacketTag.stat) stat = readStat(reader.message())
    else if (tag === PacketTag.id) id = reader.uint32()
    else if (tag === PacketTag.data) data = reader.bytes()
    else reader.skip(tag, lastPacketField)
  }
  switch (type) {
    case PacketType.stat:
      return { type, stat }
    case PacketType.request:
      return { type, id }
    case PacketType.data:
      return { type, id, data }
    case PacketType.fin:
      return { type }
    case PacketType.error:
      return { type, message: data.toString() }
    default:
      throw new BuildkitError('PROTOCOL_ERROR', 'the daemon has sent an unknown file transfer packet', {
        expected: 'a packet type from 0 to 4',
        received: String(type),
      })
  }
}

const empty: Buffer = Buffer.alloc(0)

function sizeOfId(id: number): number {
  return id === 0 ? 0 : 1 + sizeOfUint(id)
}

function writeHead(writer: WireWriter, type: number, id: number): void {
  writer.uint(PacketTag.type)
  writer.uint(type)
  writeUint(writer, PacketTag.id, id)
}

function sizeOfStat(stat: Stat): number {
  let size = 0
  if (stat.path !== '') size += 1 + sizeOfLengthPrefixed(stat.path.length)
  if (stat.mode !== 0) size += 1 + sizeOfUint(stat.mode)
  if (stat.uid !== 0) size += 1 + sizeOfUint(stat.uid)
  if (stat.gid !== 0) size += 1 + sizeOfUint(stat.gid)
  if (stat.size !== 0) size += 1 + sizeOfUint(stat.size)
  if (stat.modTime !== 0n) size += 1 + sizeOfInt64(stat.modTime)
  if (stat.linkname !== '') size += 1 + sizeOfLengthPrefixed(stat.linkname.length)
  if (stat.devmajor !== 0) size += 1 + sizeOfUint(stat.devmajor)
  if (stat.devminor !== 0) size += 1 + sizeOfUint(stat.devminor)
  for (const [key, value] of stat.xattrs ?? []) size += 1 + sizeOfLengthPrefixed(sizeOfMapEntry(key, value))
  return size
}

function writeStat(writer: WireWriter, stat: Stat): void {
  writeByteString(writer, StatTag.path, stat.path)
  writeUint(writer, StatTag.mode, stat.mode)
  writeUint(writer, StatTag.uid, stat.uid)
  writeUint(writer, StatTag.gid, stat.gid)
  writeUint(writer, StatTag.size, stat.size)
  if (stat.modTime !== 0n) {
    writer.uint(StatTag.modTime)
    writer.int64(stat.modTime)
  }
  writeByteString(writer, StatTag.linkname, stat.linkname)
  writeUint(writer, StatTag.devmajor, stat.devmajor)
  writeUint(writer, StatTag.devminor, stat.devminor)
  for (const [key, value] of stat.xattrs ?? []) {
    writer.uint(StatTag.xattrs)
    writer.uint(sizeOfMapEntry(key, value))
    writer.uint(MapTag.key)
    writer.byteString(key)
    writer.uint(MapTag.value)
    writer.bytes(value)
  }
}

function writeUint(writer: WireWriter, tag: number, value: number): void {
  if (value === 0) return
  writer.uint(tag)
  writer.uint(value)
}

function writeByteString(writer: WireWriter, tag: number, value: ByteString): void {
  if (value === '') return
  writer.uint(tag)
  writer.byteString(value)
}

/** Unlike other fields, key and value of a map's entry are written also when they are empty. */
function sizeOfMapEntry(key: ByteString, value: Uint8Array): number {
  return 1 + sizeOfLengthPrefixed(key.length) + 1 + sizeOfLengthPrefixed(value.length)
}

function readStat(reader: WireReader): Stat {
  const stat: Stat = {
    path: '',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    modTime: 0n,
    linkname: '',
    devmajor: 0,
    devminor: 0,
  }
  let xattrs: Map<ByteString, Buffer> | undefined
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case StatTag.path:
        stat.path = reader.byteString()
        break
      case StatTag.mode:
        stat.mode = reader.uint32()
        break
      case StatTag.uid:
        stat.uid = reader.uint32()
        break
      case StatTag.gid:
        stat.gid = reader.uint32()
        break
      case StatTag.size:
        stat.size = reader.uint()
        break
      case StatTag.modTime:
        stat.modTime = reader.int64()
        break
      case StatTag.linkname:
        stat.linkname = reader.byteString()
        break
      case StatTag.devmajor:
        stat.devmajor = reader.uint()
        break
      case StatTag.devminor:
        stat.devminor = reader.uint()
        break
      case StatTag.xattrs:
        xattrs ??= new Map()
        readMapEntry(reader.message(), xattrs)
        break
      default:
        reader.skip(tag, lastStatField)
    }
  }
  if (xattrs !== undefined) stat.xattrs = xattrs
  return stat
}

function readMapEntry(reader: WireReader, into: Map<ByteString, Buffer>): void {
  let key = ''
  let value: Buffer = empty
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === MapTag.key) key = reader.byteString()
    else if (tag === MapTag.value) value = reader.bytes()
    else reader.skip(tag, lastMapField)
  }
  into.set(key, value)
}
