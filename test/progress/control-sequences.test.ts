import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ControlFilter, oneLine } from '../../src/progress/control-sequences.ts'
import { growth } from './growth.ts'

const cases: [name: string, input: string, output: string][] = [
  ['plain text', 'grün 日本 👍 ok', 'grün 日本 👍 ok'],
  ['tabs and line ends', 'a\tb\r\nc\n', 'a\tb\r\nc\n'],
  ['colours', '\x1b[31mred\x1b[0m and \x1b[38;5;200mpink\x1b[m', 'red and pink'],
  ['cursor movement and erasing', 'a\x1b[2A\x1b[Kb\x1b[?25lc\x1b[10;20Hd', 'abcd'],
  ['a window title ended by BEL', 'a\x1b]0;evil\x07b', 'ab'],
  ['a hyperlink ended by ST', '\x1b]8;;https://example.org\x1b\\text\x1b]8;;\x1b\\', 'text'],
  [
    'device control, privacy message, application command',
    '\x1bPq#0\x1b\\a\x1b^x\x1b\\b\x1b_y\x1b\\c',
    'abc',
  ],
  ['character sets and keypad modes', '\x1b(B\x1b=a\x1b#8b\x1bc', 'ab'],
  ['one-character forms', 'a\x9b31mb\x9d0;title\x9cc\x85d', 'abcd'],
  ['bells, backspaces, NUL and DEL', 'a\x07b\x08c\x00d\x7fe\x0e\x0f', 'abcde'],
  ['a sequence cut off by the end of the line', 'a\x1b]0;never ended\nb\x1b[12\nc\x1b\nd', 'a\nb\nc\nd'],
  ['a sequence broken off by CAN', 'a\x1b[31\x18b\x1b]0;x\x1ac', 'abc'],
  ['a sequence begun anew', 'a\x1b[31\x1b[32mb\x1b\x1b[0mc\x1b]0;x\x1b[1md', 'abcd'],
  ['what is no part of a sequence', 'a\x1bäb\x1b[1日c', 'aäb日c'],
]

describe('ControlFilter', () => {
  for (const [name, input, output] of cases) {
    it(`handles ${name}, in one piece and character by character`, () => {
      assert.equal(new ControlFilter().write(input), output)
      const filter = new ControlFilter()
      assert.equal(Array.from(input, (char) => filter.write(char)).join(''), output)
    })
  }

  it('lets no control character through, whatever comes (random)', () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const alphabet = [
      '\x1b',
      '\x1b[',
      '\x1b]',
      '\x9b',
      '\x9d',
      '\x07',
      '\\',
      '\n',
      '\r',
      'm',
      '3',
      ';',
      ' ',
      'ä',
      '\x18',
      '\x90',
    ]
    const filter = new ControlFilter()
    for (let round = 0; round < 2000; round++) {
      const piece = Array.from({ length: random(20) }, () => alphabet[random(alphabet.length)]).join('')
      assert.doesNotMatch(filter.write(piece), /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/, `seed ${seed}`)
    }
    assert.equal(filter.write('\nstill here'), '\nstill here', `seed ${seed}`)
  })

  it('takes work in proportion to the length of hostile text', () => {
    const job = (length: number) => {
      for (const hostile of ['\x1b]', '\x1b[1', '\x9d', '\x1b]x\n', 'x\x07']) {
        const text = new ControlFilter().write(hostile.repeat(length))
        assert.match(text, /^[x\n]*$/)
      }
    }
    const grown = growth(job, 20_000)
    assert.ok(grown < 32, String(grown))
  })
})

describe('oneLine', () => {
  it('leaves no way to begin a line', () => {
    assert.equal(oneLine('RUN a\n#1 DONE\r\nb\tc\x1b[2J'), 'RUN a #1 DONE b c')
  })
})
