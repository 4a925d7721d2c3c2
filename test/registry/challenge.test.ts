import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseChallenge } from '../../src/registry/challenge.ts'

describe('a challenge of a registry', () => {
  it('names the token server, the service and the scopes', () => {
    assert.deepEqual(
      parseChallenge(
        'Bearer realm="https://auth.example/token",service="the registry",scope="repository:a/b:pull,push repository:c:pull"',
      ),
      {
        scheme: 'bearer',
        realm: 'https://auth.example/token',
        service: 'the registry',
        scopes: ['repository:a/b:pull,push', 'repository:c:pull'],
      },
    )
  })

  it('may leave out all but the token server', () => {
    assert.deepEqual(parseChallenge('bearer realm=https://auth.example/t'), {
      scheme: 'bearer',
      realm: 'https://auth.example/t',
      service: '',
      scopes: [],
    })
  })

  it('may ask for a password', () => {
    assert.deepEqual(parseChallenge('Basic realm="a \\"quoted\\" realm"'), { scheme: 'basic' })
  })

  it('is answered with a token rather than a password, wherever that is offered', () => {
    const token = { scheme: 'bearer', realm: 'https://t/', service: '', scopes: [] }
    assert.deepEqual(parseChallenge('Basic realm="x", Bearer realm="https://t/"'), token)
    assert.deepEqual(parseChallenge(['Basic realm="x"', 'Bearer realm="https://t/"']), token)
  })

  it('is answered with a password where the token server has no URL, if that is offered', () => {
    for (const broken of ['Bearer', 'Bearer realm=""', 'Bearer realm="token"', 'Bearer realm="ftp://t/"']) {
      assert.deepEqual(parseChallenge(`${broken}, Basic realm="x"`), { scheme: 'basic' }, broken)
      assert.deepEqual(parseChallenge(['Basic realm="x"', broken]), { scheme: 'basic' }, broken)
    }
    const whole = { scheme: 'bearer', realm: 'https://t/', service: '', scopes: [] }
    assert.deepEqual(parseChallenge('Bearer realm="token", Basic, Bearer realm="https://t/"'), whole)
    const broken = { scheme: 'bearer', realm: 'token', service: '', scopes: [] }
    assert.deepEqual(parseChallenge('Bearer realm="token"'), broken)
  })

  it('reads escapes and commas inside quotes', () => {
    const challenge = parseChallenge(
      'Bearer realm="https://t/\\"a\\"",service="x, y" , error="invalid_token"',
    )
    assert.deepEqual(challenge, { scheme: 'bearer', realm: 'https://t/"a"', service: 'x, y', scopes: [] })
  })

  it('is none without a scheme that we know', () => {
    for (const header of [
      undefined,
      '',
      [],
      'Negotiate YWJj==',
      'realm="https://t/"',
      'Bearer',
      '=,="',
      'Digest realm="x"',
    ])
      assert.equal(parseChallenge(header), undefined, JSON.stringify(header))
  })

  it('is read in time that grows with its length, not its square', () => {
    // A hang would show as the runner's time-out.
    assert.equal(parseChallenge(`Bearer realm="${'\\'.repeat(1_000_001)}`), undefined)
    assert.equal(parseChallenge(`${' ,'.repeat(500_000)}=`), undefined)
  })
})
