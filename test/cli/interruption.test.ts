import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { interruption } from '../../src/cli/interruption.ts'
import type { InterruptSignal } from '../../src/cli/io.ts'

function signals() {
  const listeners = new Set<(signal: InterruptSignal) => void>()
  const exits: number[] = []
  return {
    listeners,
    exits,
    stderr: new PassThrough(),
    send: (signal: InterruptSignal) => listeners.forEach((listener) => void listener(signal)),
    onInterrupt(listener: (signal: InterruptSignal) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    exit: (code: number) => void exits.push(code),
  }
}

describe('an interruption', () => {
  it('aborts at the first signal and leaves at the second, whichever they are', async () => {
    const process = signals()
    using interrupted = interruption(process)
    process.send('SIGTERM')
    assert.equal(interrupted.signal.aborted, true)
    assert.equal(interrupted.signal.reason.message, 'SIGTERM')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(process.stderr.read()?.toString(), 'note: cancelling; once more to leave at once\n')
    assert.deepEqual(process.exits, [])
    process.send('SIGINT')
    assert.deepEqual(process.exits, [130])
    assert.equal(process.stderr.read(), null)
  })

  it('no longer listens once it is disposed of', () => {
    const process = signals()
    const interrupted = interruption(process)
    interrupted[Symbol.dispose]()
    assert.equal(process.listeners.size, 0)
    assert.equal(interrupted.signal.aborted, false)
  })
})
