import assert from 'node:assert/strict'
import { once } from 'node:events'
import { link } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { tcpDialer, unixDialer } from '../../src/transport/socket-dialers.ts'
import { listening } from '../support/listening.ts'
import { tempDir } from '../support/temp.ts'

const never = new AbortController().signal

const greeter = () => net.createServer((socket) => socket.end('hello'))

test('a Unix socket is dialled', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'a b.sock')
  await using _ = await listening(greeter(), path)
  assert.equal(await text(await unixDialer(path, 'it')(never)), 'hello')
})

test('a TCP port is dialled by address and by name', async () => {
  await using server = await listening(greeter())
  for (const host of ['127.0.0.1', 'localhost'])
    assert.equal(await text(await tcpDialer({ host, port: server.port }, 'it')(never)), 'hello')
})

test('a socket that is not there is UNREACHABLE, with what the system says and what to do', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'b.sock')
  await assert.rejects(unixDialer(path, `unix://${path}`)(never), {
    code: 'UNREACHABLE',
    subject: `unix://${path}`,
    message:
      `cannot reach unix://${path}: got connect ENOENT ${path}. ` +
      'There is no such socket: check the path and that the daemon is running',
  })
})

test('a socket that nobody listens on, a file and a closed port are UNREACHABLE', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'b.sock')
  const stale = join(dir.path, 'stale.sock')
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  // Node removes the first name when the server closes; the second is what a killed daemon leaves.
  await link(path, stale)
  server.close()
  await once(server, 'close')
  const refused = {
    code: 'UNREACHABLE',
    advice: 'Nothing listens there: check the address and that the server is running',
  }
  await assert.rejects(unixDialer(stale, 'it')(never), refused)
  await assert.rejects(unixDialer(import.meta.filename, 'it')(never), refused)
  let port: number
  {
    await using closed = await listening(greeter())
    port = closed.port
  }
  await assert.rejects(tcpDialer({ host: '127.0.0.1', port }, 'it')(never), refused)
  // A name with two addresses fails with both.
  await assert.rejects(tcpDialer({ host: 'localhost', port }, 'it')(never), refused)
})

test('an aborted signal stops a dial with its reason, and nothing is opened', async () => {
  await using server = await listening(greeter())
  const reason = new Error('no longer wanted')
  const dial = tcpDialer({ host: '127.0.0.1', port: server.port }, 'it')
  await assert.rejects(dial(AbortSignal.abort(reason)), reason)
  assert.equal(server.sockets.size, 0)
})
