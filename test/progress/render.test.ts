import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { deferred } from '../../src/base/deferred.ts'
import { type ProgressMode, rawJsonLine, render } from '../../src/progress/index.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { log, vertex } from './build.ts'
import { TerminalScreen } from './terminal.ts'

const build = [vertex('a', 0), log('a', 1, 'hello\n'), vertex('a', 0, 2)]
const failed = [vertex('a', 0), log('a', 1, 'why\n'), vertex('a', 0, 2, { error: 'exit code: 1' })]
const plainText = '#1 a\n#1 1.000 hello\n#1 DONE 2.0s\n'

/** An output that keeps what it gets; a terminal when it has a size. */
class Output extends Writable {
  text = ''
  declare isTTY?: boolean
  declare columns?: number
  declare rows?: number

  constructor(size?: { columns: number; rows: number }) {
    super()
    if (size !== undefined) Object.assign(this, { isTTY: true, ...size })
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk
    done()
  }
}

/** An output that takes nothing until it is told to. */
class SlowOutput extends Output {
  #done: ((error?: Error) => void) | undefined

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk
    this.#done = done
    this.emit('asked')
  }

  accept(error?: Error): void {
    this.#done?.(error)
  }
}

/** The messages, and then the failure if there is one; each message in a turn of its own. */
async function* feed(statuses: readonly SolveStatus[], failure?: Error): AsyncGenerator<SolveStatus, void> {
  for (const status of statuses) {
    await turn()
    yield status
  }
  if (failure !== undefined) throw failure
}

/** A clock on which a second passes with each look. */
function seconds(): () => number {
  let now = 0
  return () => (now += 1000)
}

const terminal = { columns: 40, rows: 10 }

describe('render', () => {
  it('prints plain lines', async () => {
    const output = new Output()
    await render(feed(build), { mode: 'plain', output, now: seconds() })
    assert.equal(output.text, plainText)
  })

  it('prints every message as JSON', async () => {
    const output = new Output()
    await render(feed([{}, ...build]), { mode: 'rawjson', output })
    assert.equal(output.text, [{}, ...build].map(rawJsonLine).join(''))
  })

  it('says nothing in quiet mode, but takes every message', async () => {
    const output = new Output(terminal)
    const statuses = feed(build)
    await render(statuses, { mode: 'quiet', output })
    assert.equal(output.text, '')
    assert.deepEqual(await statuses.next(), { done: true, value: undefined })
  })

  it('looks for what is due 150 ms after the last message, not in between', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const output = new Output()
      let now = 0
      const pass = async (ms: number) => {
        now += ms
        mock.timers.tick(ms)
        await turn()
      }
      const message = pending()
      const rendering = render(message.values, { mode: 'plain', output, now: () => now })
      await message.next(vertex('a', 0))
      await pass(100)
      await message.next(vertex('b', 0))
      await pass(99)
      // The limit of a print in 100 ms keeps this one back.
      await message.next(vertex('a', 0, 0.2))
      await pass(149)
      assert.doesNotMatch(output.text, /DONE/)
      await pass(1)
      assert.match(output.text, /#1 DONE 0.2s/)
      await message.end()
      await rendering
    } finally {
      mock.timers.reset()
    }
  })

  it('draws on a terminal', async () => {
    const output = new Output(terminal)
    await render(feed(build), { mode: 'tty', output, now: seconds() })
    const screen = new TerminalScreen(terminal.columns, terminal.rows)
    screen.write(output.text)
    // A machine that is busy lets the view refresh itself in between, and this clock goes on with each look.
    assert.match(screen.lines[0]!, /^\[\+\] Building [3-9]\.0s \(1\/1\) FINISHED$/)
    assert.deepEqual(screen.lines.slice(1), [' => a                              2.0s'])
    assert.match(output.text, /\x1b\[34m/)
  })

  it('takes a terminal without a size for 80 by 24', async () => {
    const output = new Output({ columns: 0, rows: 0 })
    await render(feed(build), { mode: 'tty', output, env: { NO_COLOR: '1' } })
    assert.match(output.text, /\n => a {70} *\d\.\ds/)
  })

  it('chooses by itself: the live view on a terminal, plain lines elsewhere and on dumb terminals', async () => {
    const text = async (output: Output, env?: Record<string, string>) => {
      await render(feed(build), { output, now: seconds(), ...(env === undefined ? {} : { env }) })
      return output.text
    }
    assert.match(await text(new Output(terminal)), /\[\+\] Building/)
    assert.match(await text(new Output(terminal), { TERM: 'xterm' }), /\[\+\] Building/)
    assert.equal(await text(new Output(terminal), { TERM: 'dumb' }), plainText)
    assert.equal(await text(new Output()), plainText)
  })

  it('leaves colours out where NO_COLOR says so', async () => {
    const coloured = async (value: string) => {
      const output = new Output(terminal)
      await render(feed(build), { mode: 'tty', output, env: { NO_COLOR: value } })
      return output.text.includes('\x1b[34m')
    }
    assert.deepEqual([await coloured(''), await coloured('1')], [true, false])
  })

  it('refuses a live view where there is no terminal, and modes that do not exist, before it takes a message', async () => {
    const statuses = feed(build)
    const output = new Output()
    await assert.rejects(render(statuses, { mode: 'tty', output }), {
      code: 'INVALID_OPTION',
      subject: 'output',
      message: /expected a terminal, since the mode is tty, got an Output/,
    })
    await assert.rejects(render(statuses, { mode: 'fancy' as ProgressMode, output }), {
      code: 'INVALID_OPTION',
      message: /expected auto, plain, tty, rawjson or quiet, got "fancy"/,
    })
    assert.deepEqual(await statuses.next(), { done: false, value: build[0] })
    assert.equal(output.listenerCount('error'), 0)
  })

  for (const [mode, output] of [
    ['plain', new Output()],
    ['tty', new Output(terminal)],
  ] as const) {
    it(`finishes ${mode} output of a failed build and throws its error`, async () => {
      const failure = new Error('build failed')
      await assert.rejects(
        render(feed(failed, failure), { mode, output, now: seconds() }),
        (e) => e === failure,
      )
      assert.ok(output.text.endsWith('------\n > a:\n1.000 why\n------\n'), output.text)
      assert.ok(!output.text.includes('build failed'))
      if (mode === 'tty')
        assert.ok(output.text.lastIndexOf('\x1b[?25h') > output.text.lastIndexOf('\x1b[?25l'))
      assert.equal(output.listenerCount('error'), 0)
    })
  }

  it('prints nothing when the first message is an error', async () => {
    const output = new Output(terminal)
    const failure = new Error('no daemon')
    await assert.rejects(render(feed([], failure), { mode: 'tty', output }), failure)
    assert.equal(output.text, '')
  })

  it('goes on printing while no message comes', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const output = new Output()
      const quietly = deferred()
      const waiting = deferred()
      const statuses = async function* () {
        yield vertex('a', 0)
        yield log('a', 1, 'said at once after the step began\n')
        waiting.resolve()
        await quietly.promise
      }
      let now = 0
      const rendering = render(statuses(), { mode: 'plain', output, now: () => now })
      await waiting.promise
      assert.equal(output.text, '#1 a\n')
      mock.timers.tick(149)
      assert.equal(output.text, '#1 a\n')
      now = 150
      mock.timers.tick(1)
      assert.equal(output.text, '#1 a\n#1 1.000 said at once after the step began\n')
      quietly.resolve()
      await rendering
    } finally {
      mock.timers.reset()
    }
  })

  it('takes no message before the output has taken the text, and draws nothing meanwhile', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const output = new SlowOutput(terminal)
      let taken = 0
      const statuses = async function* () {
        for (const status of build) {
          taken++
          yield status
        }
      }
      const asked = once(output, 'asked')
      const rendering = render(statuses(), { mode: 'tty', output, now: seconds() })
      await asked
      const { text } = output
      mock.timers.tick(1000)
      await turn()
      assert.deepEqual([taken, output.writableLength, output.text], [1, Buffer.byteLength(text), text])
      output.on('asked', () => setImmediate(() => output.accept()))
      output.accept()
      await rendering
      assert.equal(taken, 3)
      assert.match(output.text, /FINISHED/)
    } finally {
      mock.timers.reset()
    }
  })

  it('ends early with its signal, finishes its output and tells the messages that it has left', async () => {
    const output = new Output()
    const controller = new AbortController()
    const reason = new Error('enough')
    let left = false
    const statuses: AsyncIterable<SolveStatus> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          if (output.text === '') return Promise.resolve({ done: false, value: failed[0]! })
          setImmediate(() => controller.abort(reason))
          return new Promise(() => {})
        },
        return: async () => {
          left = true
          return { done: true, value: undefined }
        },
      }),
    }
    const { signal } = controller
    await assert.rejects(render(statuses, { mode: 'plain', output, signal }), (error) => error === reason)
    assert.equal(output.text, '#1 a\n')
    assert.equal(left, true)
  })

  it('ends with its signal although the output takes nothing', async () => {
    const output = new SlowOutput()
    const controller = new AbortController()
    const asked = once(output, 'asked')
    const rendering = render(feed(build), { mode: 'plain', output, signal: controller.signal })
    await asked
    controller.abort()
    await assert.rejects(rendering, { name: 'AbortError' })
  })

  it('takes no message when its signal is aborted already', async () => {
    const output = new Output()
    const signal = AbortSignal.abort(new Error('too late'))
    await assert.rejects(render(feed(build), { mode: 'plain', output, signal }), /too late/)
    assert.equal(output.text, '')
  })

  it('fails when the output breaks, and that error brings nothing else down', async () => {
    const output = new SlowOutput()
    const broken = new Error('EPIPE')
    output.on('asked', () => setImmediate(() => output.accept(broken)))
    const statuses = feed(build)
    await assert.rejects(render(statuses, { mode: 'plain', output }), (error) => error === broken)
    assert.deepEqual(await statuses.next(), { done: true, value: undefined })
    await turn()
    assert.equal(output.errored, broken)
  })

  it('reports the failed build rather than the broken output', async () => {
    const output = new Output()
    const failure = new Error('build failed')
    const statuses = async function* () {
      yield* feed(build)
      output.destroy()
      throw failure
    }
    const rendering = render(statuses(), { mode: 'plain', output, now: () => 0 })
    await assert.rejects(rendering, (error) => error === failure)
    assert.equal(output.text, '#1 a\n', 'the rest came too late')
  })

  it('shows a build on several outputs, and on the others when one breaks', async () => {
    const failure = new Error('the build failed')
    const statuses = { [Symbol.asyncIterator]: () => feed(failed, failure) }
    const [screen, log] = [new Output(terminal), new Output()]
    const [broken, left] = [new SlowOutput(), new Output()]
    broken.once('asked', () => broken.accept(new Error('disk full')))
    const rendering = render(statuses, [
      { output: screen },
      { output: log, mode: 'plain' },
      { output: broken, mode: 'plain' },
      { output: left, mode: 'plain', signal: AbortSignal.abort('enough') },
    ])
    await assert.rejects(rendering, (error) => error === failure)
    const alone = new Output()
    await assert.rejects(render(feed(failed, failure), { output: alone, mode: 'plain' }))
    assert.equal(log.text, alone.text)
    assert.match(log.text, /exit code: 1/)
    assert.match(screen.text, /ERROR/)
    assert.equal(broken.text, `${log.text.split('\n', 1)[0]}\n`)
    assert.equal(left.text, '')
  })

  it('throws the error of an output when the build has none', async () => {
    const statuses = { [Symbol.asyncIterator]: () => feed(build) }
    const [whole, broken] = [new Output(), new SlowOutput()]
    broken.once('asked', () => broken.accept(new Error('disk full')))
    const rendering = render(statuses, [
      { output: broken, mode: 'plain' },
      { output: whole, mode: 'plain' },
    ])
    await assert.rejects(rendering, { message: 'disk full' })
    assert.equal(whole.text, plainText)
  })

  it('refuses what is no status, and what can be read once for several outputs', async () => {
    const output = new Output()
    for (const wrong of [undefined, null, {}, { status: feed(build) }])
      await assert.rejects(render(wrong as never, { output }), {
        code: 'INVALID_OPTION',
        message: /^option statuses cannot be used: expected the status of a run, run\.status, got /,
      })
    await assert.rejects(render(feed(build), [{ output }, { output: new Output() }]), {
      code: 'INVALID_OPTION',
      message:
        /^option statuses cannot be used: expected messages that every output can read, such as run\.status, got /,
    })
    assert.equal(output.text, '')
  })

  it('leaves nothing behind: no listener, no timer', async () => {
    const output = new Output(terminal)
    const { signal } = new AbortController()
    const set = mock.method(globalThis, 'setTimeout')
    const cleared = mock.method(globalThis, 'clearTimeout')
    const added = mock.method(signal, 'addEventListener')
    const removed = mock.method(signal, 'removeEventListener')
    await render(feed(build), { mode: 'tty', output, signal })
    mock.restoreAll()
    await turn()
    assert.equal(output.listenerCount('error'), 0)
    assert.ok(added.mock.callCount() > 0)
    assert.equal(removed.mock.callCount(), added.mock.callCount())
    assert.ok(set.mock.callCount() > 0)
    const timers = new Set(cleared.mock.calls.map(({ arguments: [timer] }) => timer))
    for (const { result } of set.mock.calls) assert.ok(timers.has(result))
  })
})

/** Values that a test gives one by one; each of its calls returns when the value has been taken. */
function pending<T = SolveStatus>() {
  const queue: T[] = []
  let wake = deferred()
  let isOver = false
  const settle = async () => {
    wake.resolve()
    for (let n = 0; n < 5; n++) await turn()
  }
  return {
    values: (async function* () {
      for (;;) {
        for (let value = queue.shift(); value !== undefined; value = queue.shift()) yield value
        if (isOver) return
        await wake.promise
        wake = deferred()
      }
    })(),
    next: (value: T) => {
      queue.push(value)
      return settle()
    },
    end: () => {
      isOver = true
      return settle()
    },
  }
}
