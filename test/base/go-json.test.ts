import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GoJsonError, GoObject, type GoValue, objectOf, parseGoJson, textIn } from '../../src/base/go-json.ts'

/** As `JSON.parse` has it, where no key is repeated. */
function plain(value: GoValue): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof GoObject)) return value
  return Object.fromEntries(
    [...new GoObject([['x', value]]).map('x')].map(([key, entry]) => [key, plain(entry)]),
  )
}

const object = (text: string) => objectOf(parseGoJson(text)?.value)

describe('parseGoJson', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of [
      '{}',
      '[]',
      ' [1, -0.5e+3, 0, true, false, null, ""] ',
      '{"a":{"b":[{}, {"c":"d"}]},"e":"\\u00e9\\n\\"\\\\/"}',
      '"\\ud83d\\ude00"',
    ]) {
      const parsed = parseGoJson(text)
      assert.deepEqual(plain(parsed!.value), JSON.parse(text), text)
      assert.equal(parsed!.rest.trim(), '', text)
    }
  })

  it('refuses what JSON.parse refuses, naming the place and nothing of the text', () => {
    for (const [text, received] of [
      ['secret', 'a mistake at position 0'],
      ['{"a":secret}', 'a mistake at position 5'],
      ['{"a" "secret"}', 'a mistake at position 5'],
      ['{"a":1,}', 'a mistake at position 7'],
      ['[1 2]', 'a mistake at position 3'],
      ['{secret:1}', 'a mistake at position 1'],
      ['["\\x"]', 'a mistake at position 1'],
      ['["\t"]', 'a mistake at position 1'],
      ['{"secret', 'an early end'],
      ['{"a":', 'an early end'],
      ['["\\', 'an early end'],
      ['[', 'an early end'],
      ['[+1]', 'a mistake at position 1'],
      ['[01]', 'a mistake at position 2'],
    ] as const) {
      assert.throws(() => JSON.parse(text), SyntaxError, text)
      assert.throws(() => parseGoJson(text), { message: `expected JSON, got ${received}` }, text)
    }
  })

  it('leaves what follows the first value', () => {
    assert.equal(parseGoJson('{} secret')?.rest, ' secret')
    assert.equal(parseGoJson('[]{}')?.rest, '{}')
    assert.equal(parseGoJson(' \r\n\t'), undefined)
    assert.equal(parseGoJson('\uFEFF{}')?.rest, '')
  })

  it('takes half a surrogate pair as U+FFFD', () => {
    assert.equal(parseGoJson('"\\ud83d"')?.value, '\uFFFD')
  })

  it('bounds its depth', () => {
    assert.ok(parseGoJson('['.repeat(500) + ']'.repeat(500)))
    assert.throws(() => parseGoJson('['.repeat(100_000)), GoJsonError)
  })

  it('reads a long text in time that grows with its length', () => {
    const text = `["${'\\"'.repeat(2_000_000)}"${',"x"'.repeat(500_000)}]`
    assert.equal((parseGoJson(text)!.value as GoValue[]).length, 500_001)
  })
})

describe('a field of Go', () => {
  it('is found without regard to case, the last one counts', () => {
    assert.equal(object('{"credsstore":"a","CREDSSTORE":"b"}').text('credsStore'), 'b')
    assert.equal(object('{"credsStore":"a","creds\u017Ftore":"b","credsStore":null}').text('credsStore'), 'b')
    assert.equal(object('{"credsStores":"a"}').text('credsStore'), '')
  })

  it('that is a map is merged with its repetitions, and emptied by null', () => {
    const auths = (text: string) => [...object(text).map('auths')]
    assert.deepEqual(auths('{"auths":{"a":1,"b":2},"AUTHS":{"a":3,"A":4}}'), [
      ['a', 3],
      ['b', 2],
      ['A', 4],
    ])
    assert.deepEqual(auths('{"auths":{"a":1},"auths":null,"auths":{"b":2}}'), [['b', 2]])
    assert.deepEqual(auths('{"auths":{"__proto__":1}}'), [['__proto__', 1]])
  })

  it('of another type is refused, naming what was expected', () => {
    assert.throws(() => object('{"a":7}').text('a', 'x.a'), {
      message: 'expected x.a to be text, got a number',
    })
    assert.throws(() => object('{"a":[]}').map('a'), { message: 'expected a to be an object, got a list' })
    assert.throws(() => objectOf([]), { message: 'expected a JSON object, got a list' })
    assert.throws(() => objectOf('secret', 'x'), { message: 'expected x to be an object, got a string' })
    assert.throws(() => textIn(true, 'x'), { message: 'expected x, got a boolean' })
    assert.throws(() => textIn(new GoObject([]), 'x'), { message: 'expected x, got an object' })
  })
})
