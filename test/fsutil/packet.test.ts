import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf, toByteString } from '../../src/fsutil/byte-string.ts'
import {
  dataHeader,
  decodePacket,
  encodeError,
  encodeRequest,
  encodeStat,
  endOfListing,
  fin,
  PacketType,
} from '../../src/fsutil/packet.ts'
import type { Stat } from '../../src/fsutil/stat.ts'
import { fsutil } from '../../src/gen/buildkit.js'
import { Random } from './random.ts'

const plain: Stat = {
  path: 'a',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  modTime: 0n,
  linkname: '',
  devmajor: 0,
  devminor: 0,
}

test('a STAT leaves out its type and whatever is zero', () => {
  assert.equal(encodeStat(plain).toString('hex'), '1206' + '0a0161' + '10a403')
})

test('a directory has an unsigned mode of five bytes', () => {
  assert.equal(encodeStat({ ...plain, mode: 0x800001ed }).toString('hex'), '1209' + '0a0161' + '10ed83808008')
})

test('a negative time takes ten bytes', () => {
  assert.equal(
    encodeStat({ ...plain, mode: 0, modTime: -1n }).toString('hex'),
    '120e' + '0a0161' + '30ffffffffffffffffff01',
  )
})

test('key and value of an attribute are written even when they are empty', () => {
  const xattrs = new Map([['k', Buffer.alloc(0)]])
  assert.equal(
    encodeStat({ ...plain, mode: 0, xattrs }).toString('hex'),
    '120a' + '0a0161' + '5205' + '0a016b' + '1200',
  )
})

test('the other packets are as short as they can be', () => {
  assert.equal(endOfListing.length, 0)
  assert.equal(encodeRequest(0).toString('hex'), '0801')
  assert.equal(encodeRequest(300).toString('hex'), '080118ac02')
  assert.equal(dataHeader(0, 0).toString('hex'), '0802')
  assert.equal(dataHeader(5, 0).toString('hex'), '08021805')
  assert.equal(dataHeader(5, 300).toString('hex'), '0802180522ac02')
  assert.equal(fin.toString('hex'), '0803')
  assert.equal(encodeError('no').toString('hex'), '080422026e6f')
})

test('packets are read as they were written', () => {
  assert.deepEqual(decodePacket(endOfListing), { type: PacketType.stat, stat: undefined })
  assert.deepEqual(decodePacket(encodeRequest(0xffffffff)), { type: PacketType.request, id: 0xffffffff })
  const data = Buffer.from('contents')
  assert.deepEqual(decodePacket(Buffer.concat([dataHeader(7, data.length), data])), {
    type: PacketType.data,
    id: 7,
    data,
  })
  assert.deepEqual(decodePacket(fin), { type: PacketType.fin })
  assert.deepEqual(decodePacket(encodeError('schade é')), { type: PacketType.error, message: 'schade é' })
})

test('payload is not copied', () => {
  const message = Buffer.concat([dataHeader(7, 3), Buffer.from('abc')])
  const packet = decodePacket(message)
  assert.ok(packet.type === PacketType.data)
  message[message.length - 1] = 0x64
  assert.equal(packet.data.toString(), 'abd')
})

test('random STATs are read as they were written, and written as by the generated code', (t) => {
  const random = new Random(t)
  for (let round = 0; round < 1000; round++) {
    const stat = randomStat(random)
    const bytes = encodeStat(stat)
    assert.deepEqual(decodePacket(bytes), { type: PacketType.stat, stat })
    assert.deepEqual(bytes, Buffer.from(fsutil.types.Packet.encode({ stat: generated(stat) }).finish()))
  }
})

test('names that are no UTF-8 survive', () => {
  const stat = { ...plain, path: '\xff/\xc3', linkname: '\x80' }
  assert.deepEqual(decodePacket(encodeStat(stat)), { type: PacketType.stat, stat })
})

test('unknown fields are skipped, whatever their type', () => {
  const unknown = ['a8068001', 'a1060102030405060708', 'aa0603616263', 'ad0601020304'].join('')
  const request = Buffer.from(`${unknown}0801${unknown}1805${unknown}`, 'hex')
  assert.deepEqual(decodePacket(request), { type: PacketType.request, id: 5 })
  const stat = Buffer.from(`120d${'0a0161'}${'a8068001'}${'aa0603616263'}`, 'hex')
  assert.deepEqual(decodePacket(stat), { type: PacketType.stat, stat: { ...plain, mode: 0 } })
})

test('a number that is longer than it need be is still that number', () => {
  assert.deepEqual(decodePacket(Buffer.from('088180800018858000', 'hex')), {
    type: PacketType.request,
    id: 5,
  })
})

const malformed = [
  { why: 'a tag that does not end', hex: '80' },
  { why: 'a field number of 0', hex: '0001' },
  { why: 'a value that is missing', hex: '08' },
  { why: 'a number that does not end', hex: '0801188080' },
  { why: 'a number of eleven bytes', hex: `080118${'80'.repeat(10)}01` },
  { why: 'an id beyond 32 bits', hex: '0801188080808010' },
  { why: 'a length beyond the end', hex: '08022205616263' },
  { why: 'a length of almost 4 GiB', hex: '080222ffffffff0f' },
  { why: 'a length beyond 32 bits', hex: '080222ffffffffff7f' },
  { why: 'a stat that is longer than the packet', hex: '12060a0161' },
  { why: 'a path that is longer than its stat', hex: '12040a056162636465' },
  { why: 'a type that is a string', hex: '0a0131' },
  { why: 'an id of eight bytes', hex: '0801190100000000000000' },
  { why: 'a stat that is a number', hex: '1001' },
  { why: 'a path that is a number', hex: '12020801' },
  { why: 'an attribute that is a number', hex: '12025001' },
  { why: "an attribute's key that is a number", hex: '120452020801' },
  { why: 'a group', hex: 'ab06ac06' },
  { why: 'a wire type of 6', hex: 'ae06' },
  { why: 'eight bytes of which some are missing', hex: 'a10601020304' },
  { why: 'four bytes of which some are missing', hex: 'ad060102' },
  { why: 'a size beyond 2^53', hex: '120928' + '8080808080808020' },
  { why: 'a negative size', hex: `120b28${'ff'.repeat(9)}01` },
  { why: 'a time beyond 64 bits', hex: `120b30${'ff'.repeat(9)}7f` },
  { why: 'a time of eleven bytes', hex: `120c30${'80'.repeat(10)}01` },
  { why: 'an unknown packet type', hex: '0805' },
]
for (const { why, hex } of malformed)
  test(`${why} is refused`, () => {
    assert.throws(() => decodePacket(Buffer.from(hex, 'hex')), { code: 'PROTOCOL_ERROR' })
  })

test('random bytes are read or refused, and nothing else', (t) => {
  const random = new Random(t)
  for (let round = 0; round < 5000; round++) {
    const valid = encodeStat(randomStat(random))
    for (let change = random.below(4); change >= 0; change--)
      valid[random.below(valid.length)] = random.below(256)
    const message = valid.subarray(0, random.below(valid.length + 1))
    try {
      decodePacket(message)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'PROTOCOL_ERROR', String(error))
    }
  }
})

function randomStat(random: Random): Stat {
  const name = () => random.of(['', 'a', 'dir/file.txt', toByteString('é/😀'), 'x'.repeat(200)])
  const number = () => Math.floor(2 ** random.below(53)) - random.below(2)
  const stat: Stat = {
    path: name(),
    mode: random.of([0, 0o644, 0x800001ed, 0xffffffff]),
    uid: random.of([0, 1000, 0xffffffff]),
    gid: random.of([0, 65534]),
    size: number(),
    modTime: BigInt.asIntN(
      64,
      (BigInt(random.below(2 ** 32)) << BigInt(random.below(33))) * random.of([0n, 1n, -1n]),
    ),
    linkname: name(),
    devmajor: number(),
    devminor: number(),
  }
  const xattrs = random.list(3, () => [name(), Buffer.from('v'.repeat(random.below(3)))] as const)
  return xattrs.length === 0 ? stat : { ...stat, xattrs: new Map(xattrs) }
}

/** The same for the generated code, which writes every field that is there. */
function generated({ xattrs = new Map(), ...stat }: Stat): object {
  const fields = Object.entries(stat).filter(([, value]) => value !== 0 && value !== 0n && value !== '')
  return {
    ...Object.fromEntries(fields.map(([name, value]) => [name, asGenerated(name, value)])),
    xattrs: Object.fromEntries([...xattrs].map(([name, value]) => [textOf(name), value])),
  }
}

function asGenerated(name: string, value: string | number | bigint): unknown {
  if (typeof value === 'string') return textOf(value)
  if (['mode', 'uid', 'gid'].includes(name)) return value
  const bits = BigInt(value)
  return {
    low: Number(BigInt.asIntN(32, bits)),
    high: Number(BigInt.asIntN(32, bits >> 32n)),
    unsigned: false,
  }
}
