import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import {
  BuildkitError,
  cancelled,
  causes,
  invalidOption,
  isBuildkitError,
  messageOf,
  systemCode,
  withoutAdvice,
} from '../../src/base/errors.ts'
import { newId } from '../../src/base/id.ts'
import { redactUrls } from '../../src/base/redact.ts'

describe('BuildkitError', () => {
  it('says what was expected, what came and what to do, and keeps the cause', () => {
    const cause = new Error('underneath')
    const error = new BuildkitError('UNREACHABLE', 'no way', {
      expected: 'a',
      received: 'b',
      advice: 'Do c',
      cause,
    })
    assert.equal(error.message, 'no way: expected a, got b. Do c')
    assert.equal(error.cause, cause)
    assert.equal(error.name, 'BuildkitError')
    assert.equal(new BuildkitError('CLOSED', 'over').message, 'over')
    assert.equal(
      new BuildkitError('NO_DAEMON', 'no\n- x\n- y', { advice: 'Do z' }).message,
      'no\n- x\n- y\nDo z',
    )
    assert.equal(new BuildkitError('CLOSED', 'over', { received: 'x' }).message, 'over: got x')
  })

  it('is recognised also when another copy of the package has thrown it', () => {
    const brand = Symbol.for('buildkit-client.error')
    assert.ok(isBuildkitError(Object.assign(new Error('x'), { code: 'CANCELLED', [brand]: true })))
    assert.ok(!isBuildkitError(Object.assign(new Error('x'), { code: 'ENOENT' })))
    assert.ok(!isBuildkitError('CANCELLED'))
  })

  it('describes what an option got without printing it whole', () => {
    const received = (value: unknown) => invalidOption('o', { expected: 'e', received: value }).received
    assert.equal(received(undefined), 'nothing')
    assert.equal(received('a"b'), '"a\\"b"')
    assert.equal(received('x'.repeat(1000))!.length, 122)
    assert.equal(received([]), 'an empty list')
    assert.equal(received([1, 2]), 'a list of 2')
    assert.equal(received(new Map()), 'a Map')
    assert.equal(received(Object.create(null)), 'an object')
    assert.equal(received(null), 'null')
    assert.equal(received(4n), '4')
    assert.equal(
      received(() => {}),
      'a function',
    )
  })

  it('finds the message and the system’s code in what was caught', () => {
    assert.equal(messageOf(new AggregateError([new Error('a'), 'b'])), 'a; b')
    assert.equal(messageOf('text'), 'text')
    assert.equal(systemCode(Object.assign(new Error(), { code: 'ENOENT' })), 'ENOENT')
    assert.equal(systemCode(undefined), undefined)
  })
})

describe('docs/errors.md', () => {
  it('lists every error and warning code there is, and no other', async () => {
    const root = new URL('../../', import.meta.url)
    const source = async (path: string) => (await readFile(new URL(path, root), 'utf8')).toString()
    const declared = (text: string) => [...text.matchAll(/\| '([A-Z_]+)'/g)].map((match) => match[1]!)
    const codes = declared((await source('src/base/errors.ts')).split('/** What an error is about')[0]!)
    const warnings = declared((await source('src/base/warning.ts')).replace('= ', '= | '))
    const documented = [...(await source('docs/errors.md')).matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
      (match) => match[1]!,
    )
    assert.ok(codes.length > 15 && warnings.length > 0)
    assert.deepEqual(documented.sort(), [...codes, ...warnings].sort())
  })
})

describe('newId', () => {
  it('makes 25 characters of base 36, never the same', () => {
    const ids = Array.from({ length: 1000 }, newId)
    for (const id of ids) assert.match(id, /^[0-9a-z]{25}$/)
    assert.equal(new Set(ids).size, 1000)
  })
})

describe('redactUrls', () => {
  it('hides the user info of every URL, and nothing else', () => {
    assert.equal(
      redactUrls('pull https://me:tok@host/a?b=c and git+ssh://user@h:1/x, mail me@host or http://h/@x'),
      'pull https://***@host/a?b=c and git+ssh://***@h:1/x, mail me@host or http://h/@x',
    )
  })
})

describe('identity', () => {
  it('recognises errors of another copy of this package, and no others', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('buildkit-client.error')]: true })
    assert.ok(isBuildkitError(foreign))
    assert.ok(foreign instanceof BuildkitError)
    const similar = Object.assign(new Error('x'), { code: 'TIMEOUT', advice: undefined })
    assert.ok(!isBuildkitError(similar))
    assert.ok(!(similar instanceof BuildkitError))
  })

  it('has a short message beside the whole one', () => {
    const error = new BuildkitError('TIMEOUT', 'it failed', { expected: 'a', received: 'b', advice: 'Do c' })
    assert.equal(error.shortMessage, 'it failed')
    assert.equal(error.message, 'it failed: expected a, got b. Do c')
    assert.equal(withoutAdvice(error), 'it failed: expected a, got b')
  })
})

describe('cancelled', () => {
  it('says what was cancelled and why, with the reason as the cause', () => {
    const reason = new Error('enough')
    const error = cancelled('the build', reason)
    assert.equal(error.code, 'CANCELLED')
    assert.equal(error.message, 'the build was cancelled: enough')
    assert.equal(error.cause, reason)
    assert.equal(cancelled('the build', undefined).message, 'the build was cancelled')
  })
})

describe('causes', () => {
  it('follows the chain of causes, and not a circle for ever', () => {
    const root = new Error('root')
    const outer = new Error('outer', { cause: new Error('middle', { cause: root }) })
    assert.deepEqual(
      causes(outer).map(({ message }) => message),
      ['outer', 'middle', 'root'],
    )
    root.cause = outer
    assert.equal(causes(outer).length, 8)
    assert.deepEqual(causes('text'), [])
  })
})
