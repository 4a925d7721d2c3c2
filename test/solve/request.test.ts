import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { moby, pb } from '../../src/gen/buildkit.js'
import type { SolveOptions } from '../../src/solve/options/options.ts'
import { solveRequest } from '../../src/solve/request.ts'

const { SolveRequest } = moby.buildkit.v1
const decode = (options: SolveOptions) => SolveRequest.decode(solveRequest('the-ref', 'the-session', options))

describe('solveRequest', () => {
  it('carries frontend, attributes, session and ref', () => {
    const request = decode({
      frontend: 'dockerfile.v0',
      frontendAttrs: { target: 'x' },
      entitlements: ['network.host'],
    })
    assert.equal(request.Ref, 'the-ref')
    assert.equal(request.Session, 'the-session')
    assert.equal(request.Frontend, 'dockerfile.v0')
    assert.deepEqual(request.FrontendAttrs, { target: 'x' })
    assert.deepEqual(request.Entitlements, ['network.host'])
    assert.equal(request.Internal, false)
  })

  it('names every exporter in order, and the first one in the old fields too', () => {
    const request = decode({
      frontend: 'dockerfile.v0',
      exports: [
        { type: 'image', attrs: { name: 'a/b:1', push: 'true' } },
        { type: 'local', outputDir: 'out' },
      ],
    })
    assert.deepEqual(
      request.Exporters.map(({ Type, Attrs }) => [Type, Attrs]),
      [
        ['image', { name: 'a/b:1', push: 'true' }],
        ['local', {}],
      ],
    )
    assert.equal(request.ExporterDeprecated, 'image')
    assert.deepEqual(request.ExporterAttrsDeprecated, { name: 'a/b:1', push: 'true' })
  })

  it('always sends the cache message, even empty', () => {
    const bytes = Buffer.from(solveRequest('r', 's', { frontend: 'dockerfile.v0' }))
    assert.ok(bytes.includes(Buffer.from([0x42, 0x00])), 'field 8 with length 0')
  })

  it('sends cache imports to the daemon and, with a frontend, to the frontend', () => {
    const cacheImports = [{ type: 'registry', attrs: { ref: 'localhost:5000/c' } }]
    const request = decode({ frontend: 'dockerfile.v0', cacheImports, cacheExports: [{ type: 'inline' }] })
    assert.deepEqual(
      request.Cache?.Imports?.map(({ Type, Attrs }) => [Type, Attrs]),
      [['registry', { ref: 'localhost:5000/c' }]],
    )
    assert.deepEqual(
      request.Cache?.Exports?.map(({ Type }) => Type),
      ['inline'],
    )
    const attr = '[{"Type":"registry","Attrs":{"ref":"localhost:5000/c"}}]'
    assert.equal(request.FrontendAttrs['cache-imports'], attr)
  })

  it('carries a definition as it is', () => {
    const definition = pb.Definition.encode({ def: [Buffer.from('op one'), Buffer.from('op two')] }).finish()
    const request = decode({ definition })
    assert.deepEqual(
      request.Definition?.def?.map((op) => Buffer.from(op).toString()),
      ['op one', 'op two'],
    )
    assert.equal(request.Frontend, '')
  })
})
