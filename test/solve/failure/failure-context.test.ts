import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FailureContext } from '../../../src/solve/failure/failure-context.ts'

const bytes = (text: string | Buffer) => Buffer.from(text).toString('base64')
const log = (vertex: string, text: string | Buffer, stream = 1) => ({
  logs: [{ vertex, stream, data: bytes(text), timestamp: 't' }],
})

describe('FailureContext', () => {
  it('names the vertex that the error points at', () => {
    const context = new FailureContext()
    context.add({ vertexes: [{ digest: 'a', name: 'RUN one' }] })
    context.add({ vertexes: [{ digest: 'b', name: 'RUN two', error: 'exit code: 3' }] })
    context.add({ vertexes: [{ digest: 'a', error: 'exit code: 4' }] })
    assert.deepEqual(context.failedVertex('a'), { digest: 'a', name: 'RUN one', error: 'exit code: 4' })
  })

  it('prefers a failure of its own over steps that were cancelled because of it', () => {
    const context = new FailureContext()
    context.add({ vertexes: [{ digest: 'c', name: 'slow', error: 'process: context canceled' }] })
    context.add({ vertexes: [{ digest: 'd', name: 'bad', error: 'exit code: 1' }] })
    assert.equal(context.failedVertex(undefined)?.name, 'bad')
    assert.equal(context.failedVertex('unknown')?.name, 'bad')
    assert.equal(new FailureContext().failedVertex('a'), undefined)
  })

  it('names the step that has started last and is not over', () => {
    const context = new FailureContext()
    assert.equal(context.runningStep, undefined)
    context.add({ vertexes: [{ digest: 'a', name: 'one' }] })
    assert.equal(context.runningStep, undefined)
    context.add({ vertexes: [{ digest: 'a', name: 'one', started: 't' }] })
    context.add({ vertexes: [{ digest: 'b', name: 'two', started: 't' }] })
    context.add({ vertexes: [{ digest: 'a', name: 'one', started: 't' }] })
    assert.equal(context.runningStep, 'two')
    context.add({ vertexes: [{ digest: 'b', name: 'two', started: 't', completed: 't' }] })
    assert.equal(context.runningStep, 'one')
  })

  it('keeps the last twenty lines, across chunks, characters and streams', () => {
    const context = new FailureContext()
    for (let n = 1; n <= 30; n++) context.add(log('v', `line ${n}\n`))
    const euro = Buffer.from('10 €\r\nthe end')
    context.add(log('v', euro.subarray(0, 4)))
    context.add(log('v', 'warning\n', 2))
    context.add(log('v', euro.subarray(4)))
    const lines = context.lastLines('v')
    assert.equal(lines.length, 20)
    assert.equal(lines[0], 'line 14')
    assert.deepEqual(lines.slice(-4), ['line 30', 'warning', '10 €', 'the end'])
    assert.deepEqual(context.lastLines('other'), [])
  })

  it('bounds the streams of a step', () => {
    const context = new FailureContext()
    for (let stream = 0; stream < 100; stream++) context.add(log('v', `of ${stream}`, stream))
    assert.deepEqual(context.lastLines('v'), ['of 96', 'of 97', 'of 98', 'of 99'])
  })

  it('bounds a line that never ends', () => {
    const context = new FailureContext()
    for (let n = 0; n < 50; n++) context.add(log('v', 'x'.repeat(10_000)))
    assert.deepEqual(
      context.lastLines('v').map((line) => line.length),
      [2000],
    )
  })
})
