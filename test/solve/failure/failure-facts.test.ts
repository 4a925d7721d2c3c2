import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FailureFacts } from '../../../src/solve/failure/failure-facts.ts'

const bytes = (text: string | Buffer) => Buffer.from(text).toString('base64')
const log = (vertex: string, text: string | Buffer, stream = 1) => ({
  logs: [{ vertex, stream, data: bytes(text), timestamp: 't' }],
})

describe('FailureFacts', () => {
  it('names the vertex that the error points at', () => {
    const facts = new FailureFacts()
    facts.add({ vertexes: [{ digest: 'a', name: 'RUN one' }] })
    facts.add({ vertexes: [{ digest: 'b', name: 'RUN two', error: 'exit code: 3' }] })
    facts.add({ vertexes: [{ digest: 'a', error: 'exit code: 4' }] })
    assert.deepEqual(facts.failedVertex('a'), { digest: 'a', name: 'RUN one', error: 'exit code: 4' })
  })

  it('prefers a failure of its own over steps that were cancelled because of it', () => {
    const facts = new FailureFacts()
    facts.add({ vertexes: [{ digest: 'c', name: 'slow', error: 'process: context canceled' }] })
    facts.add({ vertexes: [{ digest: 'd', name: 'bad', error: 'exit code: 1' }] })
    assert.equal(facts.failedVertex(undefined)?.name, 'bad')
    assert.equal(facts.failedVertex('unknown')?.name, 'bad')
    assert.equal(new FailureFacts().failedVertex('a'), undefined)
  })

  it('names the step that has started last and is not over', () => {
    const facts = new FailureFacts()
    assert.equal(facts.runningStep, undefined)
    facts.add({ vertexes: [{ digest: 'a', name: 'one' }] })
    assert.equal(facts.runningStep, undefined)
    facts.add({ vertexes: [{ digest: 'a', name: 'one', started: 't' }] })
    facts.add({ vertexes: [{ digest: 'b', name: 'two', started: 't' }] })
    facts.add({ vertexes: [{ digest: 'a', name: 'one', started: 't' }] })
    assert.equal(facts.runningStep, 'two')
    facts.add({ vertexes: [{ digest: 'b', name: 'two', started: 't', completed: 't' }] })
    assert.equal(facts.runningStep, 'one')
  })

  it('keeps the last twenty lines, across chunks, characters and streams', () => {
    const facts = new FailureFacts()
    for (let n = 1; n <= 30; n++) facts.add(log('v', `line ${n}\n`))
    const euro = Buffer.from('10 €\r\nthe end')
    facts.add(log('v', euro.subarray(0, 4)))
    facts.add(log('v', 'warning\n', 2))
    facts.add(log('v', euro.subarray(4)))
    const lines = facts.lastLines('v')
    assert.equal(lines.length, 20)
    assert.equal(lines[0], 'line 14')
    assert.deepEqual(lines.slice(-4), ['line 30', 'warning', '10 €', 'the end'])
    assert.deepEqual(facts.lastLines('other'), [])
  })

  it('bounds a line that never ends', () => {
    const facts = new FailureFacts()
    for (let n = 0; n < 50; n++) facts.add(log('v', 'x'.repeat(10_000)))
    assert.deepEqual(
      facts.lastLines('v').map((line) => line.length),
      [2000],
    )
  })
})
