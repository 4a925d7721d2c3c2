import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseReference, type Reference } from '../../src/registry/reference.ts'

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`

function parts(domain: string, path: string, more: Partial<Reference> = {}): Reference {
  return { domain, path, tag: undefined, digest: undefined, ...more }
}

describe('parseReference', () => {
  const names: [string, Reference][] = [
    ['alpine', parts('docker.io', 'library/alpine')],
    ['alpine:3.20', parts('docker.io', 'library/alpine', { tag: '3.20' })],
    ['docker.io/alpine', parts('docker.io', 'library/alpine')],
    ['index.docker.io/alpine', parts('docker.io', 'library/alpine')],
    ['docker.io/library/alpine', parts('docker.io', 'library/alpine')],
    ['me/app', parts('docker.io', 'me/app')],
    ['index.docker.io/me/app', parts('docker.io', 'me/app')],
    ['localhost/app', parts('localhost', 'app')],
    ['localhost:5000/me/app:1', parts('localhost:5000', 'me/app', { tag: '1' })],
    ['registry.example/a/b/c', parts('registry.example', 'a/b/c')],
    ['Registry.Example/app', parts('Registry.Example', 'app')],
    ['UPPER/app', parts('UPPER', 'app')],
    ['host:1/app', parts('host:1', 'app')],
    ['[::1]:5000/app:x', parts('[::1]:5000', 'app', { tag: 'x' })],
    ['127.0.0.1:5000/app', parts('127.0.0.1:5000', 'app')],
    ['my_registry.local/app', parts('my_registry.local', 'app')],
    ['a.b-c/d__e.f_g-----h', parts('a.b-c', 'd__e.f_g-----h')],
    ['app:Tag_.-1', parts('docker.io', 'library/app', { tag: 'Tag_.-1' })],
    [`app:${'t'.repeat(128)}`, parts('docker.io', 'library/app', { tag: 't'.repeat(128) })],
    [`app@${sha256}`, parts('docker.io', 'library/app', { digest: sha256 })],
    [`${'ab'.repeat(32)}@${sha256}`, parts('docker.io', `library/${'ab'.repeat(32)}`, { digest: sha256 })],
    [`h:5/app:1@${sha512}`, parts('h:5', 'app', { tag: '1', digest: sha512 })],
    [`h.x/${'a'.repeat(255)}`, parts('h.x', 'a'.repeat(255))],
    ['abcdef0123', parts('docker.io', 'library/abcdef0123')],
  ]
  for (const [text, expected] of names) {
    it(`reads ${text.slice(0, 60)}`, () => assert.deepEqual(parseReference(text), expected))
  }

  const bad: [string, RegExp][] = [
    ['', /parts between slashes/],
    ['App', /lower case/],
    ['me/App:1', /lower case/],
    ['localhost:5000/Me/app', /lower case/],
    ['https://registry.example/app', /Leave out the scheme/],
    ['registry.example/', /parts between slashes/],
    ['registry.example//app', /parts between slashes/],
    ['/app', /parts between slashes/],
    ['-host.x/app', /registry host/],
    ['host.x:port/app', /registry host/],
    ['my_registry:5000/app', /registry host/],
    ['me/-app', /parts between slashes/],
    ['me/app-', /parts between slashes/],
    ['me/a___b', /parts between slashes/],
    ['me/a..b', /parts between slashes/],
    ['me/ü', /parts between slashes/],
    ['me/app\n', /parts between slashes/],
    ['../app', /registry host/],
    ['me/../app', /parts between slashes/],
    [`h.x/${'a'.repeat(256)}`, /at most 255/],
    ['app:', /A tag/],
    ['app:-1', /A tag/],
    ['app:.1', /A tag/],
    ['app:a:b', /A tag/],
    ['app:1\n', /A tag/],
    [`app:${'t'.repeat(129)}`, /A tag/],
    ['app@', /A digest/],
    ['app@sha256:abc', /A digest/],
    ['app@sha1:0123456789012345678901234567890123456789', /A digest/],
    [`app@${sha256.toUpperCase().replace('SHA', 'sha')}`, /A digest/],
    [`app@${sha256}@${sha256}`, /A digest/],
    ['0123456789abcdef'.repeat(4), /image ID/],
  ]
  for (const [text, advice] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.throws(() => parseReference(text, 'exports[0].attrs.name'), {
        code: 'INVALID_OPTION',
        subject: 'exports[0].attrs.name',
        expected: 'an image name such as registry.example/team/app:1.0',
        advice,
      })
    })
  }

  it('does not repeat what stands before an @ that begins no digest', () => {
    for (const text of ['https://me:hunter2@registry.example/app', 'me:hunter2@registry.example/app']) {
      assert.throws(
        () => parseReference(text),
        (error: Error) => {
          assert.doesNotMatch(error.message, /hunter2/)
          assert.match(error.message, /…@registry\.example\/app/)
          return true
        },
      )
    }
  })

  it('names an option of its own where the caller names none', () => {
    assert.throws(() => parseReference('App'), { subject: 'reference' })
  })
})
