import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fsutil } from '../../../src/gen/buildkit.js'
import { RpcClient } from '../../../src/grpc/client.ts'
import { serve } from '../../../src/grpc/server.ts'
import { Code } from '../../../src/grpc/status.ts'
import { fileSync, type LocalDir } from '../../../src/session/files/file-sync.ts'
import { linkedPair } from '../../support/linked-pair.ts'
import { tempDir } from '../../support/temp.ts'

const { Packet } = fsutil.types
const { PacketType } = Packet
const method = '/moby.filesync.v1.FileSync/DiffCopy'

/** The paths and contents a daemon gets that asks for everything, with these headers. */
async function transfer(dirs: Record<string, LocalDir>, metadata: Record<string, string | string[]>) {
  const [ours, theirs] = linkedPair()
  const { methods } = fileSync(dirs)
  const server = serve(ours, { handlerOf: (name) => methods[name], onHandlerError: () => {} })
  const client = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  const call = client.open(method, { metadata })
  const files: Record<string, string> = {}
  const paths: string[] = []
  try {
    for await (const message of call.messages) {
      const { type, stat, ID: id, data } = Packet.decode(message)
      if (type === PacketType.PACKET_STAT && stat) {
        paths.push(stat.path!)
        if ((stat.mode! & 0x80000000) !== 0) continue
        files[stat.path!] = ''
        call.send(Packet.encode({ type: PacketType.PACKET_REQ, ID: paths.length - 1 }).finish())
      } else if (type === PacketType.PACKET_DATA) {
        if (data.length > 0) files[paths[id]!] += Buffer.from(data).toString()
      } else if (type === PacketType.PACKET_STAT) {
        call.send(Packet.encode({ type: PacketType.PACKET_FIN }).finish())
      }
    }
  } finally {
    client.close()
    server.close()
  }
  return { paths, files }
}

describe('fileSync', () => {
  const dirs = { context: { a: 'A', 'b, c': 'BC', 'dir/é': 'E', 'dir/x': 'X' } }

  it('advertises the one method it serves', () => {
    assert.deepEqual(Object.keys(fileSync(dirs).methods), [method])
  })

  it('sends a directory on disk, with its paths in the order of their bytes', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'd'))
    for (const name of ['d/x', 'd-e', 'a']) await writeFile(join(dir.path, name), name)
    const { paths, files } = await transfer({ context: dir.path }, { 'dir-name': 'context' })
    assert.deepEqual(paths, ['a', 'd', 'd/x', 'd-e'])
    assert.deepEqual(Object.keys(files), ['a', 'd/x', 'd-e'])
  })

  it('takes each header line as one pattern, commas and all', async () => {
    const { paths } = await transfer(dirs, { 'dir-name': 'context', 'exclude-patterns': ['b, c', 'dir/x'] })
    assert.deepEqual(paths, ['a', 'dir', 'dir/é'])
  })

  it('decodes patterns that are encoded as a form', async () => {
    const metadata = { 'dir-name': 'context', 'include-patterns-encoded': '1' }
    const { paths } = await transfer(dirs, {
      ...metadata,
      'include-patterns': ['dir%2F%C3%A9', 'b%2C+c', 'a%zz'],
    })
    assert.deepEqual(paths, ['b, c', 'dir', 'dir/é'])
    const literal = await transfer(dirs, { 'dir-name': 'context', 'include-patterns': ['dir%2Fx', 'b, c'] })
    assert.deepEqual(literal.paths, ['b, c'])
  })

  it('adds followed paths to what is included', async () => {
    const { paths } = await transfer(dirs, { 'dir-name': 'context', followpaths: ['a', 'missing'] })
    assert.deepEqual(paths, ['a'])
  })

  it('refuses every name it was not given', async () => {
    for (const name of ['other', '', '__proto__', 'toString', 'context/']) {
      await assert.rejects(
        transfer(dirs, { 'dir-name': name }),
        { grpcCode: Code.NotFound, message: `no access allowed to dir "${name}"` },
        name,
      )
    }
  })

  it('answers a bad pattern with words', async () => {
    await assert.rejects(transfer(dirs, { 'dir-name': 'context', 'exclude-patterns': ['a['] }), {
      grpcCode: Code.Unknown,
      message: /exclude.*a\[/i,
    })
  })
})
