import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { deferred } from '../../../src/base/deferred.ts'
import type { MessageStream } from '../../../src/base/message-stream.ts'
import { AsynchronousCalls, tooMuch } from '../../../src/fsutil/disk/asynchronous-calls.ts'
import type { Where } from '../../../src/fsutil/disk/disk.ts'
import type { Job } from '../../../src/fsutil/disk/jobs.ts'
import { sendTree } from '../../../src/fsutil/send/send.ts'
import { hangingDisk } from '../../support/hanging-disk.ts'
import { skipWithout } from '../../support/skip.ts'
import { stallDisk } from '../../support/stalled-disk.ts'
import { tempDir } from '../../support/temp.ts'
import { fill } from './fill.ts'
import { Receiver, transfer } from './receiver.ts'

/** A transfer in which a file has been asked for whose disk does not answer. */
class HungTransfer {
  readonly #call = new AbortController()
  readonly #receiver: Receiver
  readonly #isAsked = deferred()
  readonly ended: Promise<unknown>

  constructor(root: string, where: Where) {
    this.#receiver = new Receiver({
      onStat: ({ path }) => {
        if (path.endsWith('hang')) setImmediate(this.#isAsked.resolve)
      },
    })
    const stream: MessageStream = { ...this.#receiver.stream, signal: this.#call.signal }
    this.ended = sendTree(stream, { root, where })
    this.ended.catch(() => {})
  }

  /** When the file has been asked for. */
  get isAsked(): Promise<void> {
    return this.#isAsked.promise
  }

  get contents(): ReadonlyMap<string, Buffer> {
    return this.#receiver.contents
  }

  cancel(reason: Error): void {
    this.#call.abort(reason)
  }
}

const many = Object.fromEntries(
  Array.from({ length: 1000 }, (_, index) => [`${index % 7}/${index}`, `${index}`]),
)

describe('a disk that hangs', { skip: skipWithout('hangfs') }, () => {
  for (const where of ['chosen', 'thread', 'process'] as const)
    test(`holds up its own transfer only, read where it is ${where}, and that is cancelled at once`, async () => {
      await using dir = await tempDir()
      fill(join(dir.path, 'many'), many)
      fill(join(dir.path, 'few'), { file: 'x' })
      await using _ = await hangingDisk(join(dir.path, 'tree/mounted'))
      const hung = [1, 2].map(() => new HungTransfer(join(dir.path, 'tree'), where))
      for (const { isAsked } of hung) await isAsked
      const { contents } = await transfer({ root: join(dir.path, 'many'), where })
      assert.equal(contents.size, 1000)
      const small = await transfer(join(dir.path, 'few'))
      assert.equal(small.contents.get('file')?.toString(), 'x')
      for (const transfer of hung) {
        assert.equal(transfer.contents.has('mounted/hang'), false)
        const reason = new Error('enough')
        transfer.cancel(reason)
        await assert.rejects(transfer.ended, reason)
      }
    })

  test('does not keep a process from its end', async () => {
    await using dir = await tempDir()
    await using _ = await hangingDisk(join(dir.path, 'tree'))
    mkdirSync(join(dir.path, 'other'))
    const script = `
      import { Receiver, transfer } from '${new URL('receiver.ts', import.meta.url)}'
      import { sendTree } from '${new URL('../../../src/fsutil/send/send.ts', import.meta.url)}'
      const call = new AbortController()
      const asked = new Promise((resolve) => {
        const receiver = new Receiver({ onStat: ({ path }) => { if (path === 'hang') setTimeout(resolve, 100) } })
        sendTree({ ...receiver.stream, signal: call.signal }, { root: ${JSON.stringify(join(dir.path, 'tree'))} })
          .catch((error) => console.log(error.message))
      })
      await asked
      await transfer(${JSON.stringify(join(dir.path, 'other'))})
      call.abort(new Error('cancelled'))
    `
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { timeout: 60_000, killSignal: 'SIGKILL' },
    )
    assert.equal(stdout, 'cancelled\n')
  })
})

for (const where of ['chosen', 'thread'] as const)
  test(`a cancelled transfer leaves no file open, read where it is ${where}`, async () => {
    await using dir = await tempDir()
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`${index}`, 'x'.repeat(2 << 20)]),
    )
    fill(dir.path, files)
    const call = new AbortController()
    const receiver = new Receiver()
    const { messages, send } = receiver.stream
    let bytes = 0
    const stream: MessageStream = {
      messages,
      signal: call.signal,
      send: (...parts) => {
        bytes += parts.reduce((sum, { length }) => sum + length, 0)
        if (bytes > 3 << 20) call.abort(new Error('enough'))
        return send(...parts)
      },
    }
    await assert.rejects(sendTree(stream, { root: dir.path, where }), { message: 'enough' })
    // What is being read at that time is closed when it has been read.
    while (openFiles().some((path) => path.startsWith(dir.path)))
      await new Promise((resolve) => setImmediate(resolve))
  })

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
}

test("a small tree is sent though all of Node's own threads wait", async () => {
  await using dir = await tempDir()
  fill(join(dir.path, 'tree'), { file: 'x' })
  // Node needs its threads to start another.
  await transfer({ root: join(dir.path, 'tree'), where: 'thread' })
  await using stalled = await stallDisk(dir.path)
  const { contents } = await transfer(join(dir.path, 'tree'))
  assert.equal(contents.get('file')?.toString(), 'x')
  await stalled.letGo()
})

test("no more than half of Node's own threads are taken, and given back", async () => {
  await using dir = await tempDir()
  const calls = new AsynchronousCalls()
  const { signal } = new AbortController()
  const job: Job<'openRoot'> = { name: 'openRoot', args: [dir.path], tree: 0 }
  await using stalled = await stallDisk(dir.path)
  const waiting = [calls.run(job, signal), calls.run(job, signal)].map((run) => assert.rejects(run, tooMuch))
  await assert.rejects(calls.run(job, signal), tooMuch)
  await Promise.all(waiting)
  await assert.rejects(calls.run(job, signal), tooMuch)
  await stalled.letGo()
  for (;;) {
    const root = await calls.run(job, signal).catch(() => undefined)
    if (root !== undefined) break
  }
})
