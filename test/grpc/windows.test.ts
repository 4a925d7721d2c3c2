import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { PassThrough, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { RpcClient } from '../../src/grpc/client.ts'
import { MessageReader } from '../../src/grpc/message-reader.ts'
import { MessageWriter } from '../../src/grpc/message-writer.ts'
import { serve } from '../../src/grpc/server.ts'
import { linkedPair } from '../support/linked-pair.ts'

const mebibyte = 1 << 20
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** What the other side may send to us, on one stream and, where it is asked for, in all, as it sees it. */
async function windowsOf(peer: http2.Http2Session, stream: number, inAll = stream): Promise<void> {
  const bytes = [stream, inAll]
  const seen = () => [peer.remoteSettings.initialWindowSize, peer.state.remoteWindowSize]
  for (let turns = 0; turns < 1_000; turns++) {
    if (seen().every((value, index) => value === bytes[index])) return
    await turn()
  }
  assert.deepEqual(seen(), bytes)
}

describe('the window that we open to the other side', () => {
  it('is 16 MiB on a connection to a daemon, for a stream and for all', async () => {
    const [ours, theirs] = linkedPair()
    const peer = http2.performServerHandshake(theirs)
    const client = new RpcClient(ours, { authority: 'localhost', scheme: 'http' })
    await client.ready
    await windowsOf(peer, 16 * mebibyte)
    client.close()
    await client.closed
  })

  it('is 16 MiB for a session, and a share of 32 MiB, 4 MiB at least, where there are more', async () => {
    const open = async () => {
      const [ours, theirs] = linkedPair()
      const peer = http2.connect('http://localhost', { createConnection: () => theirs })
      peer.on('error', () => {})
      const server = serve(ours, { handlerOf: () => undefined, onHandlerError: () => {} })
      await once(peer, 'remoteSettings')
      return { peer, server, begunWith: peer.remoteSettings.initialWindowSize! }
    }
    const sessions = [await open()]
    await windowsOf(sessions[0]!.peer, 16 * mebibyte)
    for (const [count, share] of [
      [2, 16],
      [3, 8],
      [4, 8],
      [5, 4],
      [12, 4],
    ] as const) {
      while (sessions.length < count) sessions.push(await open())
      // What a connection has been given cannot be taken back, as a stream's can.
      for (const { peer, begunWith } of sessions) await windowsOf(peer, share * mebibyte, begunWith)
    }
    for (const { server } of sessions.splice(1)) await server.close()
    await windowsOf(sessions[0]!.peer, 16 * mebibyte)
    await sessions[0]!.server.close()
  })
})

it('a writer asks to wait above 1 MiB underway, until half of it has gone', async () => {
  const gone: (() => void)[] = []
  const target = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void gone.push(done) })
  const writer = new MessageWriter(target)
  const message = Buffer.alloc(64 * 1024)
  let sent = 0
  let waiting: Promise<void> | undefined
  while (waiting === undefined && sent < 100) {
    waiting = writer.send(message)
    sent++
  }
  assert.equal(sent, 16, 'a mebibyte, headers counted, is reached with the sixteenth message')
  let isThere = false
  void waiting!.then(() => {
    isThere = true
  })
  let done = 0
  while (!isThere && done < 100) {
    gone.shift()!()
    done++
    await turn()
  }
  // Of each message its header and itself are written apart.
  assert.equal(done, 18, 'of 32')
})

it('a reader stops taking above 1 MiB that nobody reads, and goes on when somebody does', async () => {
  const source = new PassThrough({ highWaterMark: 64 * mebibyte })
  const reader = new MessageReader(source, 16 * mebibyte)
  const message = Buffer.concat([Buffer.from([0, 0, 1, 0, 0]), Buffer.alloc(65_536)])
  for (let sent = 1; sent <= 15; sent++) source.write(message)
  await turn()
  assert.equal(source.isPaused(), false, 'there is room for more')
  source.write(message)
  await turn()
  assert.equal(source.isPaused(), true)
  for (let sent = 0; sent < 16; sent++) source.write(message)
  await turn()
  assert.equal(
    source.readableLength + source.writableLength >= 15 * message.length,
    true,
    'they stay in the source',
  )
  let taken = 0
  for await (const { length } of reader) {
    assert.equal(length, 65_536)
    if (++taken === 32) break
  }
})
