import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageStream } from '../../../src/base/message-stream.ts'
import {
  decodePacket,
  encodeError,
  encodeRequest,
  encodeStat,
  endOfListing,
  fin,
  PacketType,
} from '../../../src/fsutil/packet.ts'
import { sendTree } from '../../../src/fsutil/send/send.ts'
import { tempDir } from '../../support/temp.ts'
import { fill } from './fill.ts'
import { Inbox, transfer } from './receiver.ts'

/** A receiver that says only what the test makes it say. */
class Peer {
  readonly inbox = new Inbox()
  readonly call = new AbortController()
  readonly received: ReturnType<typeof decodePacket>[] = []
  onPacket: (packet: ReturnType<typeof decodePacket>) => Promise<void> | undefined = () => undefined

  get stream(): MessageStream {
    return {
      messages: this.inbox.messages(),
      signal: this.call.signal,
      send: (...parts) => {
        const packet = decodePacket(Buffer.concat(parts))
        this.received.push(packet)
        return this.onPacket(packet)
      },
    }
  }

  get types(): number[] {
    return this.received.map(({ type }) => type)
  }
}

const files = { 'a/file': 'one', b: 'two' }

test('the end of the listing follows the last entry, once', async () => {
  const peer = new Peer()
  peer.onPacket = (packet) => {
    if (packet.type === PacketType.stat && packet.stat === undefined) peer.inbox.push(fin)
    return undefined
  }
  const sent = await sendTree(peer.stream, { root: files })
  assert.deepEqual(sent, { walked: 3, listed: 3, requested: 0, bytes: 0 })
  assert.deepEqual(
    peer.received.map((packet) => (packet.type === PacketType.stat ? packet.stat?.path : packet.type)),
    ['a', 'a/file', 'b', undefined, PacketType.fin],
  )
})

test('a file can be asked for while the listing still goes on', async () => {
  const peer = new Peer()
  let goOn = () => {}
  peer.onPacket = (packet) => {
    if (packet.type === PacketType.stat && packet.stat?.path === 'b') {
      // The listing waits for room until the file before has arrived.
      peer.inbox.push(encodeRequest(1))
      return new Promise((resolve) => {
        goOn = resolve
      })
    }
    if (packet.type === PacketType.data && packet.data.length === 0) goOn()
    if (packet.type === PacketType.stat && packet.stat === undefined) peer.inbox.push(fin)
    return undefined
  }
  const { bytes } = await sendTree(peer.stream, { root: files })
  assert.equal(bytes, 3)
  assert.deepEqual(peer.types, [
    PacketType.stat,
    PacketType.stat,
    PacketType.stat,
    PacketType.data,
    PacketType.data,
    PacketType.stat,
    PacketType.fin,
  ])
})

test('any number of requests is taken while nothing can be sent', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `file ${index}`)
  const peer = new Peer()
  let isBlocked = true
  let unblock = () => {}
  const blocked = new Promise<void>((resolve) => {
    unblock = resolve
  })
  let ended = 0
  peer.onPacket = (packet) => {
    if (packet.type === PacketType.stat && packet.stat === undefined) {
      for (let id = 0; id < names.length; id++) peer.inbox.push(encodeRequest(id))
      setImmediate(() => {
        isBlocked = false
        unblock()
      })
    } else if (packet.type === PacketType.data) {
      if (packet.data.length === 0 && ++ended === names.length) peer.inbox.push(fin)
      if (isBlocked) return blocked
    }
    return undefined
  }
  const { requested } = await sendTree(peer.stream, {
    root: Object.fromEntries(names.map((name) => [name, name])),
  })
  assert.equal(requested, 1000)
})

const misbehaviours: { what: string; says: Buffer[]; error: object }[] = [
  {
    what: 'an id that has not been listed',
    says: [encodeRequest(7)],
    error: { message: 'invalid file id 7' },
  },
  { what: 'the id of a directory', says: [encodeRequest(0)], error: { message: 'invalid file id 0' } },
  {
    what: 'the same file twice',
    says: [encodeRequest(1), encodeRequest(1)],
    error: { code: 'PROTOCOL_ERROR', message: 'invalid file id 1' },
  },
  {
    what: 'that it has failed',
    says: [encodeError('disk\x1b[0m\r\nfull')],
    error: { code: 'CONTEXT_FAILED', message: 'error from receiver: disk [0m full' },
  },
  { what: 'a listing of its own', says: [endOfListing], error: { code: 'PROTOCOL_ERROR' } },
  {
    what: 'an entry of its own',
    says: [
      encodeStat({
        path: 'x',
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        modTime: 0n,
        linkname: '',
        devmajor: 0,
        devminor: 0,
      }),
    ],
    error: { code: 'PROTOCOL_ERROR' },
  },
  { what: 'nonsense', says: [Buffer.from('ffffff', 'hex')], error: { code: 'PROTOCOL_ERROR' } },
]
for (const { what, says, error } of misbehaviours)
  test(`a receiver that says ${what} breaks off the transfer`, async () => {
    const peer = new Peer()
    peer.onPacket = (packet) => {
      if (packet.type === PacketType.stat && packet.stat === undefined)
        for (const message of says) peer.inbox.push(message)
      return undefined
    }
    await assert.rejects(sendTree(peer.stream, { root: files }), error)
    assert.ok(!peer.types.includes(PacketType.error), 'its own error is not told to it')
  })

test('a call that ends before the transfer is an error', async () => {
  const peer = new Peer()
  peer.inbox.close()
  await assert.rejects(sendTree(peer.stream, { root: files }), { code: 'PROTOCOL_ERROR' })
})

test('an end that is said while a file is still on its way is answered, and the file is sent to its end', async () => {
  const peer = new Peer()
  let goOn = () => {}
  peer.onPacket = (packet) => {
    if (packet.type === PacketType.stat && packet.stat === undefined) {
      peer.inbox.push(encodeRequest(1))
    } else if (packet.type === PacketType.data && packet.data.length > 0) {
      peer.inbox.push(fin)
      return new Promise((resolve) => {
        goOn = resolve
      })
    } else if (packet.type === PacketType.fin) setImmediate(goOn)
    return undefined
  }
  await sendTree(peer.stream, { root: files })
  assert.deepEqual(peer.types.slice(-3), [PacketType.data, PacketType.fin, PacketType.data])
})

test('when the call is cut, the transfer ends with what the stream says', async () => {
  const peer = new Peer()
  const cut = new Error('cut')
  peer.onPacket = () => {
    peer.call.abort(cut)
    return Promise.reject(cut)
  }
  await assert.rejects(sendTree(peer.stream, { root: files }), cut)
  assert.equal(peer.received.length, 1)
})

test('a walk ends when the call is aborted', async () => {
  await using dir = await tempDir()
  fill(dir.path, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}/file`, ''])))
  const peer = new Peer()
  const gone = new Error('gone')
  peer.onPacket = () => {
    if (peer.received.length === 10) peer.call.abort(gone)
    return undefined
  }
  await assert.rejects(sendTree(peer.stream, { root: dir.path }), gone)
  assert.equal(peer.received.length, 10)
})

test('a file that cannot be sent ends the transfer', async () => {
  const peer = new Peer()
  peer.onPacket = (packet) => {
    if (packet.type === PacketType.stat && packet.stat === undefined) peer.inbox.push(encodeRequest(1))
    return packet.type === PacketType.data ? Promise.reject(new Error('no room')) : undefined
  }
  await assert.rejects(sendTree(peer.stream, { root: files }), { message: 'no room' })
})

for (const option of ['includePatterns', 'excludePatterns'] as const)
  test(`${option} that cannot be read fail before anything is sent`, async () => {
    const peer = new Peer()
    await assert.rejects(sendTree(peer.stream, { root: files, [option]: ['a', '[é'] }), {
      code: 'CONTEXT_FAILED',
      message: /^invalid (in|ex)cludepatterns: \[a \[é\]: syntax error in pattern/,
    })
    assert.deepEqual(peer.received, [])
  })

test('files in memory go through the same filters, each with the directories it is in', async () => {
  const root = { 'b/c/file': 'x', 'b/other': 'y', 'b/c/é': Buffer.from([0, 255]), a: '' }
  const { stats, contents } = await transfer({ root, includePatterns: ['b/c', 'a'], followPaths: ['a'] })
  assert.deepEqual(
    stats.map(({ path, mode, size }) => [path, mode, size]),
    [
      ['a', 0o644, 0],
      ['b', 0x800001ed, 0],
      ['b/c', 0x800001ed, 0],
      ['b/c/file', 0o644, 1],
      ['b/c/\xc3\xa9', 0o644, 2],
    ],
  )
  assert.deepEqual(contents.get('b/c/\xc3\xa9'), Buffer.from([0, 255]))
})

test('a large file in memory arrives whole', async () => {
  const large = Buffer.alloc(1_000_000, 'large')
  const { contents } = await transfer({ root: { large } })
  assert.ok(contents.get('large')?.equals(large))
})

test('the time of a file in memory changes with its contents, and with nothing else', async () => {
  const timeOf = async (contents: string) =>
    (await transfer({ root: { Dockerfile: contents } })).byPath.get('Dockerfile')!.modTime
  const [one, same, other] = [await timeOf('FROM a'), await timeOf('FROM a'), await timeOf('FROM b')]
  assert.equal(one, same)
  assert.notEqual(one, other)
  assert.ok(one >= 0n && one < 1_000_000_000n)
})

for (const root of [
  { '../a': '' },
  { '/a': '' },
  { 'a/': '' },
  { a: '', 'a/b': '' },
  { 'a/b': '', a: '' },
  { '': '' },
])
  test(`files in memory at ${JSON.stringify(Object.keys(root))} are refused`, async () => {
    await assert.rejects(transfer({ root }), { code: 'INVALID_OPTION' })
  })
