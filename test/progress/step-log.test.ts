import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { type LogPiece, StepLog, timed } from '../../src/progress/step-log.ts'

/** Feeds chunks, each a text or bytes, or one with the number of its stream. */
function feed(log: StepLog, ...chunks: (string | Uint8Array | [number, string | Uint8Array])[]): LogPiece[] {
  const pieces: LogPiece[] = []
  chunks.forEach((chunk, index) => {
    const [stream, data] = Array.isArray(chunk) ? chunk : [1, chunk]
    log.write(stream, Buffer.from(data as string).toString('base64'), index, (piece) => pieces.push(piece))
  })
  return pieces
}

const texts = (log: StepLog) => log.lines.map(({ text }) => text)

describe('StepLog', () => {
  it('cuts chunks into lines and says where each begins and ends', () => {
    const log = new StepLog()
    assert.deepEqual(feed(log, 'one\ntw', 'o\n\nthree'), [
      { seconds: 0, text: 'one', begins: true, ends: true },
      { seconds: 0, text: 'tw', begins: true, ends: false },
      { seconds: 1, text: 'o', begins: false, ends: true },
      { seconds: 1, text: '', begins: true, ends: true },
      { seconds: 1, text: 'three', begins: true, ends: false },
    ])
    assert.deepEqual(texts(log), ['one', 'two', '', 'three'])
    assert.deepEqual(log.lines.map(timed), ['0.000 one', '0.000 two', '1.000 ', '1.000 three'])
    assert.equal(log.count, 4)
  })

  it('joins characters that chunks have split, each stream for itself', () => {
    const log = new StepLog()
    const [ue, sun] = [Buffer.from('ü'), Buffer.from('日')]
    feed(log, [1, ue.subarray(0, 1)], [2, sun.subarray(0, 2)], [1, ue.subarray(1)], [2, sun.subarray(2)])
    assert.deepEqual(texts(log), ['ü日'])
  })

  it('joins escape sequences that chunks have split, each stream for itself', () => {
    const log = new StepLog()
    feed(log, 'a\x1b[3', [2, 'b\x1b]0;ti'], '1mc', [2, 'tle\x07d\n'])
    assert.deepEqual(texts(log), ['abcd'])
  })

  it('begins a line again after a carriage return, but not at the end of the line', () => {
    const log = new StepLog()
    const pieces = feed(log, '10%\r', '20%', '\r30%\r', '\n', 'crlf\r\n', '\rx')
    assert.deepEqual(
      pieces.map(({ text, begins, ends }) => [text, begins, ends]),
      [
        ['10%', true, false],
        ['20%', 'again', false],
        ['30%', 'again', false],
        ['', false, true],
        ['crlf', true, false],
        ['', false, true],
        ['x', true, false],
      ],
    )
    assert.deepEqual(texts(log), ['30%', 'crlf', 'x'])
    assert.equal(log.count, 3)
  })

  it('replaces invalid UTF-8', () => {
    const log = new StepLog()
    feed(log, Buffer.from([0x61, 0xff, 0x62, 0x0a]))
    assert.deepEqual(texts(log), ['a\ufffdb'])
  })

  it('keeps the last ten lines, and of a huge line the beginning', () => {
    const log = new StepLog()
    feed(log, Array.from({ length: 5000 }, (_, n) => `line ${n}\n`).join(''))
    for (let n = 0; n < 100; n++) feed(log, 'x'.repeat(10_000))
    assert.deepEqual(
      texts(log).slice(0, 9),
      Array.from({ length: 9 }, (_, n) => `line ${4991 + n}`),
    )
    assert.deepEqual(texts(log).slice(9), ['x'.repeat(2000)])
  })

  it('does not grow with the number of streams', () => {
    const log = new StepLog()
    for (let stream = 0; stream < 1000; stream++) feed(log, [stream, `${stream}\n`])
    assert.equal(texts(log).at(-1), '999')
  })
})

describe('timed', () => {
  it('has fewer digits the later it is', () => {
    const at = (seconds: number) => timed({ seconds, text: 'x' })
    assert.deepEqual([0, 9.8765, 12.345, 123.456].map(at), ['0.000 x', '9.877 x', '12.35 x', '123.5 x'])
  })
})
