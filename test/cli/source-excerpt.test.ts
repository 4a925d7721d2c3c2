import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sourceExcerpt } from '../../src/cli/source-excerpt.ts'

const text = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n')
const lines = (first: number, last = first) => [{ start: { line: first }, end: { line: last } }]

// The shapes of the excerpts are those that buildctl v0.33.1 printed for the same places.
describe('sourceExcerpt', () => {
  it('shows two lines on either side of a single one', () => {
    assert.equal(
      sourceExcerpt({ filename: 'Dockerfile', ranges: lines(5), text }),
      [
        'Dockerfile:5',
        '--------------------',
        '   3 |     line 3',
        '   4 |     line 4',
        '   5 | >>> line 5',
        '   6 |     line 6',
        '   7 |     line 7',
        '--------------------',
        '',
      ].join('\n'),
    )
  })

  const windows: [string, ReturnType<typeof lines>, string[], string?][] = [
    ['the first line', lines(1), ['1>', '2', '3']],
    ['the last line', lines(12), ['10', '11', '12>']],
    ['several lines', lines(5, 6), ['4', '5>', '6>', '7']],
    ['two places', [...lines(3), ...lines(6)], ['2', '3>', '4', '5', '6>', '7']],
    ['a range beyond the end', lines(11, 99), ['10', '11>', '12>']],
    ['the only line', lines(1), ['1>'], 'line 1'],
  ]
  for (const [what, ranges, expected, source = text] of windows) {
    it(`shows the surroundings of ${what}`, () => {
      const rows = sourceExcerpt({ filename: 'D', ranges, text: source }).split('\n').slice(2, -2)
      assert.deepEqual(
        rows.map((row) => row.trim().replace(/^(\d+) \| (>?).*$/, '$1$2')),
        expected,
      )
    })
  }

  const nothing: [string, ReturnType<typeof lines>][] = [
    ['no range', []],
    ['a range outside the text', lines(13)],
    ['line 0', lines(0)],
    ['a range without lines', [{ start: {}, end: {} } as never]],
  ]
  for (const [what, ranges] of nothing) {
    it(`is empty for ${what}`, () => {
      assert.equal(sourceExcerpt({ filename: 'D', ranges, text }), '')
    })
  }

  it('lets nothing through that drives a terminal', () => {
    const excerpt = sourceExcerpt({ filename: 'D\x1b[2J', ranges: lines(1), text: 'RUN \x1b]0;x\x07\r' })
    assert.equal(
      excerpt,
      'D\uFFFD[2J:1\n--------------------\n   1 | >>> RUN \uFFFD]0;x\uFFFD\n--------------------\n',
    )
  })
})
