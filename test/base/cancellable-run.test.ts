import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { CancellableRun } from '../../src/base/cancellable-run.ts'
import { type Deferred, deferred } from '../../src/base/deferred.ts'
import { Feed } from '../../src/base/feed.ts'

class Numbers extends Feed<number, { position: number }> {
  readonly #all: number[] = []

  push(...numbers: number[]): void {
    this.#all.push(...numbers)
    this.wake()
  }

  protected enter() {
    return { position: 0 }
  }

  protected take(reader: { position: number }): number | undefined {
    return this.#all[reader.position] === undefined ? undefined : this.#all[reader.position++]
  }
}

/** A run that ends when the test says so, or is cancelled. */
class Run extends CancellableRun<string> {
  readonly numbers = new Numbers()
  readonly work: Deferred<string> = deferred<string>()

  constructor() {
    super()
    this.cancellation.signal.addEventListener('abort', () => this.work.reject(new Error('cancelled')))
    this.begin(
      this.numbers,
      () => this.work.promise,
      (error) => error,
    )
  }
}

const failure = new Error('no')

async function read(run: Run, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const seen: number[] = []
  for await (const number of run.numbers) if (seen.push(number) === most) break
  return seen
}

/** What becomes an unhandled rejection while something is done, and in the turns after it. */
async function unhandled(use: () => unknown): Promise<unknown[]> {
  const seen: unknown[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => seen.push(error))
  try {
    await use()
    for (let turns = 0; turns < 5; turns++) await turn()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const other of others) process.on('unhandledRejection', other)
  }
  return seen
}

describe('a run', () => {
  it('is awaited like a promise, by itself and inside of others', async () => {
    const run = new Run()
    const waiting = [
      (async () => await run)(),
      Promise.all([run]),
      run.then((result) => `${result}!`),
      run.finally(() => {}),
      // An async function that returns a run returns its result.
      (async () => run)(),
      run.result,
    ]
    run.work.resolve('done')
    assert.deepEqual(await Promise.all(waiting), ['done', ['done'], 'done!', 'done', 'done', 'done'])
  })

  it('rejects with its failure wherever it is awaited', async () => {
    const run = new Run()
    const waiting = [(async () => await run)(), run.then(() => {}), run.result]
    const caught = run.catch((error) => error)
    run.work.reject(failure)
    for (const one of waiting) await assert.rejects(one, failure)
    assert.equal(await caught, failure)
  })
})

describe('the failure of a run', () => {
  it('is one unhandled rejection when nothing of the run is looked at', async () => {
    assert.deepEqual(
      await unhandled(() => {
        new Run().work.reject(failure)
      }),
      [failure],
    )
  })

  it('is one when only its end is followed, or a reader has left before', async () => {
    const left = new Run()
    left.numbers.push(1)
    assert.deepEqual(
      await unhandled(async () => {
        await read(left, 1)
        left.work.reject(failure)
        assert.deepEqual(await left.over, { failed: true, error: failure })
      }),
      [failure],
    )
  })

  it('is none when the run is awaited, or read to the end', async () => {
    const uses: ((run: Run) => Promise<unknown>)[] = [
      (run) => assert.rejects(run.result, failure),
      (run) => run.catch(() => {}),
      (run) => assert.rejects(read(run), failure),
      (run) => assert.rejects(Promise.all([read(run), read(run)]), failure),
    ]
    for (const use of uses) {
      const run = new Run()
      const seen = await unhandled(async () => {
        const using = use(run)
        await turn()
        run.work.reject(failure)
        await using
      })
      assert.deepEqual(seen, [], String(use))
    }
  })

  it('is none while a reader is on its way to the end, and one when that reader leaves before it', async () => {
    for (const [leaves, expected] of [
      [false, []],
      [true, [failure]],
    ] as const) {
      const run = new Run()
      run.numbers.push(1, 2)
      const seen = await unhandled(async () => {
        const reader = run.numbers[Symbol.asyncIterator]()
        await reader.next()
        run.work.reject(failure)
        await run.over
        await turn()
        if (leaves) return void (await reader.return?.())
        assert.deepEqual(await reader.next(), { value: 2, done: false })
        await assert.rejects(reader.next(), failure)
      })
      assert.deepEqual(seen, expected)
    }
  })

  it('is none for a reader that leaves when the run is awaited', async () => {
    const run = new Run()
    run.numbers.push(1, 2)
    const seen = await unhandled(async () => {
      const awaited = assert.rejects(run.result, failure)
      const reader = run.numbers[Symbol.asyncIterator]()
      await reader.next()
      run.work.reject(failure)
      await awaited
      await reader.return?.()
    })
    assert.deepEqual(seen, [])
  })

  it('is none when the run was cancelled, or left by the end of its scope', async () => {
    const seen = await unhandled(async () => {
      const run = new Run()
      run.cancel()
      await run.over
      await using _ = new Run()
    })
    assert.deepEqual(seen, [])
  })
})
