import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Flags, parseFlags } from '../../src/cli/flags.ts'

const flags = {
  tag: { type: 'string', short: 't', multiple: true, hint: 'NAME', description: '' },
  target: { type: 'string', hint: 'STAGE', description: '' },
  push: { type: 'boolean', short: 'p', description: '' },
  'no-cache': { type: 'boolean', description: '' },
  progress: {
    type: 'string',
    choices: ['auto', 'plain'],
    env: 'PROGRESS',
    default: 'auto',
    description: '',
  },
} as const satisfies Flags

const nothing = { tag: [], target: undefined, push: false, 'no-cache': false, progress: 'auto' }

describe('parseFlags', () => {
  const good: [string[], object, string[]?][] = [
    [[], {}],
    [['--tag', 'a', '-t', 'b', '-tc', '--tag=d'], { tag: ['a', 'b', 'c', 'd'] }],
    [['--target', 'one', '--target', 'two'], { target: 'two' }],
    [['--target=-x'], { target: '-x' }],
    [['--target', '-'], { target: '-' }],
    [['-p', '--no-cache'], { push: true, 'no-cache': true }],
    [['dir', '--push', 'other'], { push: true }, ['dir', 'other']],
    [['--', '--push'], {}, ['--push']],
    [['--progress', 'plain'], { progress: 'plain' }],
  ]
  for (const [args, values, positionals = []] of good) {
    it(`reads ${args.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(parseFlags(flags, args), { values: { ...nothing, ...values }, positionals })
    })
  }

  it('takes a default from the environment, which a flag overrides and an empty variable does not set', () => {
    assert.equal(parseFlags(flags, [], { PROGRESS: 'plain' }).values.progress, 'plain')
    assert.equal(parseFlags(flags, ['--progress', 'auto'], { PROGRESS: 'plain' }).values.progress, 'auto')
    assert.equal(parseFlags(flags, [], { PROGRESS: '' }).values.progress, 'auto')
  })

  const bad: [string[], string, Record<string, string>?][] = [
    [['--tagg', 'x'], 'unknown option --tagg. Did you mean --tag?'],
    [['--secret', 'id=x'], 'unknown option --secret. --help lists what there is'],
    [['-z'], 'unknown option -z. --help lists what there is'],
    [['--toString'], 'unknown option --toString. --help lists what there is'],
    [['--push=true'], 'option --push cannot be used: expected no value, got "true"'],
    [['--tag'], 'option --tag cannot be used: expected NAME, got nothing'],
    [['-t'], 'option --tag cannot be used: expected NAME, got nothing'],
    [['--tag', ''], 'option --tag cannot be used: expected NAME, got nothing'],
    [['--target='], 'option --target cannot be used: expected STAGE, got nothing'],
    [
      ['--tag', '--push'],
      'option --tag cannot be used: expected NAME, got "--push". A value that begins with a dash is written --tag=VALUE',
    ],
    [['--progress', 'fancy'], 'option --progress cannot be used: expected one of auto, plain, got "fancy"'],
    [[], 'option PROGRESS cannot be used: expected one of auto, plain, got "fancy"', { PROGRESS: 'fancy' }],
  ]
  for (const [args, message, env] of bad) {
    it(`refuses ${args.join(' ') || 'what the environment says'}`, () => {
      assert.throws(() => parseFlags(flags, args, env), { code: 'INVALID_OPTION', message })
    })
  }
})
