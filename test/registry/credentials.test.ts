import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entryOf, isCredentials, registryHost } from '../../src/registry/credentials.ts'

describe('entryOf', () => {
  const matches: [string, string][] = [
    ['registry.example', 'registry.example'],
    ['registry.example:5000', 'registry.example:5000'],
    ['https://registry.example', 'registry.example'],
    ['http://registry.example:5000/v1/', 'registry.example:5000'],
    ['https://registry.example/some/path', 'registry.example'],
    ['Registry.Example', 'registry.example'],
    ['registry.example', 'REGISTRY.example'],
    ['[::1]:5000', '[::1]:5000'],
    ['my_registry:5000', 'my_registry:5000'],
    ['https://index.docker.io/v1/', 'registry-1.docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'registry-1.docker.io'],
    ['index.docker.io', 'registry-1.docker.io'],
    ['registry-1.docker.io', 'index.docker.io'],
  ]
  for (const [key, host] of matches) {
    it(`gives ${host} what belongs to ${key}`, () => {
      assert.equal(entryOf(new Map([[key, 'own']]), host), 'own')
    })
  }

  const strangers: [string, string][] = [
    ['registry.example', 'registry.example:5000'],
    ['registry.example:5000', 'registry.example'],
    ['registry.example:5000', 'registry.example:50000'],
    ['registry.example:443', 'registry.example'],
    ['registry.example', 'evil-registry.example'],
    ['registry.example', 'sub.registry.example'],
    ['sub.registry.example', 'registry.example'],
    ['registry.example', 'registry.example.evil'],
    ['registry.example', 'registry.example.'],
    ['registry.example', 'registry.exampl'],
    ['registry.example', 'registryXexample'],
    ['registry.example', 'registry.example/'],
    ['registry.example', 'registry.example/v2/'],
    ['registry.example', 'https://registry.example'],
    ['registry.example', 'registry.example@evil'],
    ['registry.example', 'me@registry.example'],
    ['registry.example', 'registry.example\n'],
    ['registry.example', ' registry.example'],
    ['registry.example', ''],
    ['https://evil.example/registry.example', 'registry.example'],
    ['https://evil.example@registry.example', 'evil.example'],
    ['https://index.docker.io/v1/', 'ghcr.io'],
    ['https://index.docker.io/v1/', 'docker.io.evil'],
    ['https://index.docker.io/v1/', 'registry-2.docker.io'],
    ['https://index.docker.io/v1/', 'index.docker.io:443'],
    ['', ''],
    ['*', 'registry.example'],
  ]
  for (const [key, host] of strangers) {
    it(`keeps what belongs to ${JSON.stringify(key)} from ${JSON.stringify(host)}`, () => {
      assert.equal(entryOf(new Map([[key, 'own']]), host), undefined)
    })
  }

  it('prefers the exact key to one with a scheme or a path, wherever it stands', () => {
    const entries = new Map([
      ['https://registry.example/v1/', 'old'],
      ['registry.example', 'new'],
    ])
    assert.equal(entryOf(entries, 'registry.example'), 'new')
    const hub = new Map([
      ['docker.io', 'short'],
      ['https://index.docker.io/v1/', 'long'],
    ])
    assert.equal(entryOf(hub, 'registry-1.docker.io'), 'long')
  })

  it('finds nothing in what every object has', () => {
    for (const host of ['constructor', '__proto__', 'tostring', 'toString', 'valueOf'])
      assert.equal(entryOf(new Map(), host), undefined)
  })
})

describe('registryHost', () => {
  const hosts: [string, string | undefined][] = [
    ['Registry.Example:5000', 'registry.example:5000'],
    ['registry-1.docker.io', 'docker.io'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['::1', undefined],
    ['a:b', undefined],
    ['a:123456', undefined],
    ['a'.repeat(255), 'a'.repeat(255)],
    ['a'.repeat(256), undefined],
    ['a b', undefined],
    ['a\r\nget', undefined],
  ]
  for (const [text, expected] of hosts) {
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(registryHost(text), expected))
  }
})

describe('isCredentials', () => {
  const values: [unknown, boolean][] = [
    [{ username: 'me', password: 'p' }, true],
    [{ identityToken: 't' }, true],
    [{ registryToken: 't' }, true],
    [{ username: 'me', password: '' }, false],
    [{ username: 'me' }, false],
    [{ password: 'p' }, false],
    [{ identityToken: '' }, false],
    [{ identityToken: 1 }, false],
    [{ username: 'me', password: 'p', identityToken: 't' }, false],
    [{ identityToken: 't', registryToken: 't' }, false],
    [{}, false],
    [[], false],
    [null, false],
    ['me:p', false],
    [undefined, false],
  ]
  for (const [value, expected] of values) {
    it(`says ${expected} to ${JSON.stringify(value)}`, () => assert.equal(isCredentials(value), expected))
  }
})
