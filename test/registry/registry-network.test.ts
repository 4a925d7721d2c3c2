import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TlsOptions } from '../../src/network/tls-options.ts'
import { RegistryNetwork } from '../../src/registry/registry-network.ts'
import { createAuthority } from '../support/certificates.ts'

const { ca } = await createAuthority()

describe('the TLS options of registries', () => {
  it('belong to exactly one host each', async () => {
    const network = new RegistryNetwork({
      tls: { 'a.example': { ca }, 'a.example:5000': { ca }, 'docker.io': {} },
    })
    const option = async (...hosts: string[]) => (await network.identityFor(...hosts))?.option
    assert.equal(await option('a.example'), 'tls["a.example"]')
    assert.equal(await option('A.Example:443'), 'tls["a.example"]')
    assert.equal(await option('a.example:5000'), 'tls["a.example:5000"]')
    assert.equal(await option('registry-1.docker.io'), 'tls["docker.io"]')
    assert.equal(await option('b.example', 'a.example', 'docker.io'), 'tls["a.example"]')
    for (const host of ['a.example:5001', 'x.a.example', 'example', 'auth.docker.io', ''])
      assert.equal(await option(host), undefined, host)
  })

  it('are checked: at once for hosts, before a build for what is in them', async () => {
    for (const tls of [{ 'a b': {} }, { 'a.example/x': {} }, { 'https://a.example': {} }])
      assert.throws(() => new RegistryNetwork({ tls }), { code: 'INVALID_OPTION', subject: 'tls' })
    for (const options of [null, 'x', 7])
      assert.throws(() => new RegistryNetwork({ tls: { 'a.example': options as never } }), {
        code: 'INVALID_OPTION',
        subject: 'tls["a.example"]',
      })
    for (const [options, subject] of [
      [{ caFile: '/no/such/file' }, 'caFile'],
      [{ ca: 'x' }, 'ca'],
      [{ cafile: 'x' }, 'cafile'],
    ] as const)
      await assert.rejects(new RegistryNetwork({ tls: { 'a.example': options as TlsOptions } }).check(), {
        code: 'INVALID_OPTION',
        subject: `tls["a.example"].${subject}`,
      })
    await new RegistryNetwork({ tls: { 'a.example': { ca }, 'b.example': {} } }).check()
  })
})
