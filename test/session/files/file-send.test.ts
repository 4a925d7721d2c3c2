import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { GoMode } from '../../../src/fsutil/mode.ts'
import { moby } from '../../../src/gen/buildkit.js'
import { type ClientCall, RpcClient } from '../../../src/grpc/client.ts'
import { Code } from '../../../src/grpc/status.ts'
import { type DirectoryTarget, type FileTarget, fileSend } from '../../../src/session/files/file-send.ts'
import { FakeSender } from '../../support/fake-sender.ts'
import { linkedPair } from '../../support/linked-pair.ts'
import { sessionOf } from '../../support/session-of.ts'
import { tempDir } from '../../support/temp.ts'
import { treeOf } from '../../support/tree.ts'

const method = '/moby.filesync.v1.FileSend/DiffCopy'
const { BytesMessage } = moby.filesync.v1

type Targets = Record<number, FileTarget | DirectoryTarget>

/** A session that serves the targets, called as a daemon calls it. */
function serve(targets: Targets) {
  const targetsById = new Map(Object.entries(targets).map(([id, target]) => [Number(id), target]))
  const served = sessionOf([fileSend(targetsById)])
  const { session } = served
  const [ours, theirs] = linkedPair()
  const running = session.run(() => ours)
  running.catch(() => {})
  const client = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  client.ready.catch(() => {})
  return {
    get handlerError() {
      return served.handlerError
    },
    call: (metadata: Record<string, string | readonly string[]> = {}) => client.open(method, { metadata }),
    /** Resets a call as a daemon does that cancels it: RST_STREAM with CANCEL, and no end of its data before. */
    reset: (stream: number) => theirs.write(Buffer.of(0, 0, 4, 3, 0, 0, 0, 0, stream, 0, 0, 0, 8)),
    drop: () => theirs.destroy(),
    async [Symbol.asyncDispose]() {
      session.close()
      await running.catch(() => {})
    },
  }
}

/** Sends pieces as the daemon's file exporters do. */
async function send(call: ClientCall, ...pieces: (string | Buffer)[]): Promise<void> {
  for (const piece of pieces) await call.send(BytesMessage.encode({ data: Buffer.from(piece) }).finish())
}

/** Half-closes and waits for the status; throws an RpcError unless it is OK. */
async function finish(call: ClientCall): Promise<void> {
  call.halfClose()
  for await (const _ of call.messages) assert.fail('nothing is sent back')
}

function fakeSender(call: ClientCall): FakeSender {
  return new FakeSender({
    messages: call.messages,
    signal: call.signal,
    send: (...parts) => call.send(...parts),
    end: () => call.halfClose(),
    break: (error) => call.cancel(error),
  })
}

describe('fileSend', () => {
  it('writes a file whose name appears when the daemon has sent all', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'out.tar')
    await using served = serve({ 0: { output: path } })
    const call = served.call()
    const large = Buffer.alloc(3 << 20, 'l')
    await send(call, 'one', '', large, 'two')
    while ((await readdir(dir.path)).length === 0);
    assert.ok(!(await readdir(dir.path)).includes('out.tar'))
    await finish(call)
    assert.deepEqual(await readdir(dir.path), ['out.tar'])
    assert.equal(await readFile(path, 'latin1'), `one${large.toString('latin1')}two`)
  })

  it('has renamed the file before it answers OK', async () => {
    await using dir = await tempDir()
    await using served = serve({ 0: { output: join(dir.path, 'f') } })
    for (let round = 0; round < 20; round++) {
      const call = served.call()
      await send(call, `round ${round}`)
      await finish(call)
      assert.equal(await readFile(join(dir.path, 'f'), 'utf8'), `round ${round}`)
    }
  })

  it('leaves nothing when the daemon cancels, and nothing when the connection is cut', async () => {
    await using dir = await tempDir()
    const served = serve({
      0: { output: join(dir.path, 'f') },
      1: { outputDir: join(dir.path, 'd'), mode: 'copy' },
    })
    const cancelled = served.call()
    await send(cancelled, 'half')
    await appeared(dir.path, 1)
    served.reset(1)
    await disappeared(dir.path)
    const cut = served.call()
    await send(cut, 'half')
    const tree = fakeSender(served.call({ 'buildkit-attachable-exporter-id': '1' }))
    tree.stat({ path: 'f' })
    await tree.data(await tree.request(), 'half')
    await appeared(dir.path, 2)
    served.drop()
    await disappeared(dir.path, 'd')
    await disappeared(join(dir.path, 'd'))
    await served[Symbol.asyncDispose]()
  })

  it('routes by exporter id; none, and none that is a number, is 0', async () => {
    await using dir = await tempDir()
    await using served = serve({
      0: { output: join(dir.path, 'zero') },
      2: { output: join(dir.path, 'two') },
    })
    const id = 'buildkit-attachable-exporter-id'
    for (const [metadata, name, content] of [
      [{ [id]: '2' }, 'two', 'a'],
      [{ [id]: ['2', '0'] }, 'two', 'b'],
      [{}, 'zero', 'c'],
      [{ [id]: '' }, 'zero', 'd'],
      [{ [id]: 'two' }, 'zero', 'e'],
      [{ [id]: '0x2' }, 'zero', 'f'],
    ] as const) {
      const call = served.call(metadata)
      await send(call, content)
      await finish(call)
      assert.equal(await readFile(join(dir.path, name), 'utf8'), content)
    }
    for (const unknown of ['1', '-1']) {
      await assert.rejects(finish(served.call({ [id]: unknown })), {
        grpcCode: Code.NotFound,
        message: `exporter ${unknown} not found`,
      })
    }
  })

  it('gives the function of the output what the exporter says, and takes what it returns', async () => {
    await using dir = await tempDir()
    const seen: unknown[] = []
    const stream = new PassThrough()
    const outputs = [join(dir.path, 'path'), stream]
    await using served = serve({
      0: {
        output: async (metadata) => {
          seen.push(metadata)
          return outputs.shift()
        },
      },
    })
    const metadata = {
      'exporter-md-containerimage.digest': 'sha256:abc',
      'exporter-md-image.name': ['a:1', 'b:2'],
      'exporter-md-__proto__': 'own',
      'x-other': 'no',
    }
    const first = served.call(metadata)
    await send(first, 'to a path')
    await finish(first)
    assert.equal(await readFile(join(dir.path, 'path'), 'utf8'), 'to a path')
    const second = served.call({})
    const received = text(stream)
    await send(second, 'to a ', 'stream')
    await finish(second)
    assert.equal(await received, 'to a stream')
    assert.deepEqual(
      seen.map((one) => Object.entries(one as object)),
      [
        [
          ['containerimage.digest', 'sha256:abc'],
          ['image.name', 'a:1,b:2'],
          ['__proto__', 'own'],
        ],
        [],
      ],
    )
    assert.equal(served.handlerError, undefined)
  })

  it('answers AlreadyExists when the function skips the export', async () => {
    for (const skip of [undefined, null]) {
      await using served = serve({ 0: { output: () => skip } })
      const call = served.call()
      await assert.rejects(finish(call), { grpcCode: Code.AlreadyExists })
    }
  })

  it('takes and drops the stream of an exporter that knows no skipping', async () => {
    await using served = serve({ 0: { output: () => undefined, isAlwaysSent: true } })
    const call = served.call()
    await send(call, 'a tar', Buffer.alloc(1 << 20))
    await finish(call)
    assert.equal(served.handlerError, undefined)
  })

  it('fails when the function does, or returns nothing usable', async () => {
    const cause = new Error('no idea')
    const throwing = () => {
      throw cause
    }
    await using served = serve({ 0: { output: throwing } })
    await assert.rejects(finish(served.call()), { message: 'cannot write the output: no idea' })
    assertFailure(served.handlerError, 'cannot write the output: no idea', cause)
    for (const value of ['', 7, {}, new Date()]) {
      await using other = serve({ 0: { output: () => value as string } })
      await assert.rejects(finish(other.call()), {
        message: /has returned no output: expected the path of a file/,
      })
    }
  })

  it('gives the error of this side to the daemon and to the session', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'missing', 'out')
    const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const full = new Writable({ write: (_chunk, _encoding, done) => done(cause) })
    const message = 'cannot write the output: ENOSPC: no space left on device'
    await using served = serve({ 0: { output: full } })
    const call = served.call()
    await send(call, 'x').catch(() => {})
    await assert.rejects(finish(call), { grpcCode: Code.Unknown, message })
    assertFailure(served.handlerError, message, cause)
    await using other = serve({ 0: { output: path } })
    await assert.rejects(finish(other.call()), {
      message: new RegExp(`^cannot write ${path}: expected a path`),
    })
  })

  it('knows before the build which targets cannot be used', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, 'file')
    await writeFile(file, '')
    const check = async (target: FileTarget | DirectoryTarget) =>
      await fileSend(new Map([[2, target]])).check!(new AbortController().signal)
    await check({ outputDir: dir.path, mode: 'copy' })
    await check({ outputDir: join(dir.path, 'new', 'deep'), mode: 'copy' })
    await check({ output: file })
    await check({ output: join(dir.path, 'new') })
    await check({ output: new PassThrough() })
    await check({ output: () => assert.fail('not asked before the build') })
    await assert.rejects(check({ outputDir: file, mode: 'copy' }), {
      code: 'INVALID_OPTION',
      subject: 'exports[2].outputDir',
      expected: 'a directory',
    })
    await assert.rejects(check({ output: dir.path }), {
      code: 'INVALID_OPTION',
      subject: 'exports[2].output',
      expected: 'a file',
    })
    for (const output of [join(dir.path, 'missing', 'f'), join(file, 'f')]) {
      await assert.rejects(check({ output }), {
        code: 'INVALID_OPTION',
        subject: 'exports[2].output',
        expected: 'a file in an existing directory',
      })
    }
  })

  it('writes a stream to one export only', async () => {
    const output = new PassThrough()
    await using served = serve({ 0: { output } })
    const first = served.call()
    await send(first, 'first')
    assert.equal(String((await once(output, 'data'))[0]), 'first')
    await assert.rejects(finish(served.call()), {
      message: 'cannot write the output: this stream has been written to already',
    })
    const received = text(output)
    await send(first, ' and last')
    await finish(first)
    assert.equal(await received, ' and last')
  })

  it('destroys a stream, and does not end it, when the daemon cancels', async () => {
    const output = new PassThrough()
    await using served = serve({ 0: { output } })
    const call = served.call()
    await send(call, 'half')
    await once(output, 'data')
    const failed = once(output, 'error')
    served.reset(1)
    await failed
    assert.ok(output.destroyed && !output.writableEnded)
  })

  it('refuses a message that is none', async () => {
    await using dir = await tempDir()
    await using served = serve({ 0: { output: join(dir.path, 'f') } })
    for (const hex of ['0aff', '0a05616263', '08', '0801']) {
      const call = served.call()
      call.send(Buffer.from(hex, 'hex'))?.catch(() => {})
      await assert.rejects(finish(call), { message: /malformed/ })
    }
    assert.deepEqual(await readdir(dir.path), [])
    assert.equal((served.handlerError as { code: string }).code, 'PROTOCOL_ERROR')
  })

  it('skips fields that are newer than this client', async () => {
    await using dir = await tempDir()
    await using served = serve({ 0: { output: join(dir.path, 'f') } })
    const call = served.call()
    call.send(Buffer.from('10070a0361626319aaaaaaaaaaaaaaaa', 'hex'))
    await finish(call)
    assert.equal(await readFile(join(dir.path, 'f'), 'utf8'), 'abc')
  })

  it('receives files into a directory, several platforms at the same time', async () => {
    await using dir = await tempDir()
    const outputDir = join(dir.path, 'out')
    await using served = serve({ 0: { output: join(dir.path, 'unused') }, 3: { outputDir, mode: 'copy' } })
    const platforms = ['linux_amd64', 'linux_arm64']
    const senders = platforms.map(() => fakeSender(served.call({ 'buildkit-attachable-exporter-id': '3' })))
    for (const [index, sender] of senders.entries()) {
      sender.stat({ path: platforms[index]!, mode: (GoMode.directory | 0o755) >>> 0 })
      sender.stat({ path: `${platforms[index]}/bin`, mode: 0o755 })
      sender.endOfListing()
    }
    for (const sender of senders) assert.equal(await sender.request(), 1)
    for (const [index, sender] of senders.entries()) sender.file(1, platforms[index]!)
    for (const sender of senders) {
      assert.deepEqual(await sender.next(), { type: 3 })
      sender.fin()
      assert.equal(await sender.next(), undefined, 'the call ends with OK')
    }
    assert.deepEqual(await treeOf(outputDir), {
      linux_amd64: 'dir 755',
      'linux_amd64/bin': 'file 755 "linux_amd64"',
      linux_arm64: 'dir 755',
      'linux_arm64/bin': 'file 755 "linux_arm64"',
    })
    assert.equal((await stat(outputDir)).mode & 0o777, 0o700)
  })

  it('deletes only for a daemon that sends all platforms at once', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'old'), 'old')
    await using served = serve({ 0: { outputDir: dir.path, mode: 'delete' } })
    const message =
      'local exporter mode=delete requires a BuildKit daemon with multi-platform local export support'
    await assert.rejects(finish(served.call()), { message })
    assert.equal((served.handlerError as { code: string }).code, 'UNSUPPORTED')
    await assert.rejects(finish(served.call({ 'buildkit-exporter-multi-platform': '0' })), { message })
    assert.deepEqual(await readdir(dir.path), ['old'])
    await fakeSender(served.call({ 'buildkit-exporter-multi-platform': '1' })).sendAll([
      { path: 'new', content: 'new' },
    ])
    while ((await readdir(dir.path)).join() !== 'new') await new Promise((next) => setImmediate(next))
    assert.equal(await readFile(join(dir.path, 'new'), 'utf8'), 'new')
  })

  it('tells the daemon in the transfer and by status why a directory cannot be written', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'file'), '')
    await using served = serve({
      0: { outputDir: join(dir.path, 'file'), mode: 'copy' },
      1: { outputDir: join(dir.path, 'out'), mode: 'copy' },
    })
    await assert.rejects(finish(served.call()), {
      message: `cannot write ${join(dir.path, 'file')}: EEXIST: file already exists`,
    })
    assert.equal((served.handlerError as { code: string }).code, 'EXPORT_FAILED')
    const sender = fakeSender(served.call({ 'buildkit-attachable-exporter-id': '1' }))
    sender.stat({ path: '../out' })
    const unsafe = /could lead out of its target/
    assert.match(await sender.receiverError(), unsafe)
    await assert.rejects(sender.next(), { grpcCode: Code.Unknown, message: unsafe })
  })
})

function assertFailure(error: unknown, message: string, cause: Error): void {
  assert.equal((error as Error).message, message)
  assert.equal((error as { code: string }).code, 'EXPORT_FAILED')
  assert.equal((error as Error).cause, cause)
}

async function appeared(path: string, count: number): Promise<void> {
  while ((await readdir(path)).length < count) await new Promise((next) => setImmediate(next))
}

async function disappeared(path: string, ...except: string[]): Promise<void> {
  while ((await readdir(path)).filter((name) => !except.includes(name)).length > 0)
    await new Promise((next) => setImmediate(next))
}
