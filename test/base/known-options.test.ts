import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkKnownOptions, type OptionNames, pickOptions } from '../../src/base/known-options.ts'

interface Options {
  readonly caFile?: string
  readonly serverName?: string
}
const names: OptionNames<Options> = { caFile: true, serverName: true }

describe('the names of options', () => {
  it('are taken as they are known, also without a value', () => {
    checkKnownOptions<Options>({}, names)
    checkKnownOptions<Options>({ caFile: 'ca.pem', serverName: 'host' }, names)
    checkKnownOptions({ other: undefined } as Options, names)
  })

  it('are refused where they are not, with the one that may have been meant', () => {
    assert.throws(() => checkKnownOptions({ caFiles: 'ca.pem' } as Options, names, 'tls.'), {
      code: 'INVALID_OPTION',
      subject: 'tls.caFiles',
      message: 'unknown option tls.caFiles: expected one of caFile, serverName. Did you mean tls.caFile?',
    })
  })

  it('are listed where none is near', () => {
    assert.throws(() => checkKnownOptions({ insecure: true } as Options, names, 'tls.'), {
      subject: 'tls.insecure',
      message: 'unknown option tls.insecure: expected one of caFile, serverName',
    })
  })

  it('belong to an object', () => {
    for (const wrong of [null, 'caFile', ['caFile'], 5])
      assert.throws(() => checkKnownOptions(wrong as never, names, 'tls.'), {
        code: 'INVALID_OPTION',
        subject: 'tls',
        expected: 'an object',
      })
  })

  it('that come with every object are no options', () => {
    assert.throws(() => checkKnownOptions({ toString: 1 } as never, names), { subject: 'toString' })
  })

  it('pick those options out of others', () => {
    const more = { caFile: 'ca.pem', other: 1 }
    assert.deepEqual(pickOptions<Options>(more, names), { caFile: 'ca.pem' })
  })
})
