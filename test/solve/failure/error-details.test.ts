import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { google } from '../../../src/gen/buildkit.js'
import { readDetails } from '../../../src/solve/failure/error-details.ts'

function status(details: [string, unknown][]): Uint8Array {
  return google.rpc.Status.encode({
    code: 2,
    details: details.map(([type_url, value]) => ({
      type_url,
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    })),
  }).finish()
}

describe('readDetails', () => {
  it('reads vertex, source and exit code', () => {
    const details = readDetails(
      status([
        ['github.com/moby/buildkit/stack.Stack+json', { frames: [] }],
        ['github.com/moby/buildkit/gatewayapi.ExitMessage+json', { Code: 7 }],
        [
          'github.com/moby/buildkit/errdefs.Source+json',
          {
            info: { filename: 'Dockerfile', data: Buffer.from('FROM x\nRUN y\n').toString('base64') },
            ranges: [{ start: { line: 2 }, end: { line: 2, character: 4 } }],
          },
        ],
        ['github.com/moby/buildkit/errdefs.Vertex+json', { digest: 'sha256:1' }],
      ]),
    )
    assert.deepEqual(details, {
      exitCode: 7,
      sources: [
        {
          filename: 'Dockerfile',
          text: 'FROM x\nRUN y\n',
          ranges: [{ start: { line: 2 }, end: { line: 2, character: 4 } }],
        },
      ],
      vertex: 'sha256:1',
    })
  })

  it('takes the keys of daemons up to v0.10, in another case', () => {
    const ranges = [{ start: { Line: 3 }, end: { Line: 4, Character: 1 } }]
    const { sources } = readDetails(
      status([['github.com/moby/buildkit/errdefs.Source+json', { info: { filename: 'D' }, ranges }]]),
    )
    assert.deepEqual(sources[0]?.ranges, [{ start: { line: 3 }, end: { line: 4, character: 1 } }])
  })

  it('gives all places, in the order in which they came', () => {
    const place = (filename: string): [string, unknown] => [
      'github.com/moby/buildkit/errdefs.Source+json',
      { info: { filename } },
    ]
    const { sources } = readDetails(status([place('Dockerfile'), place('other')]))
    assert.deepEqual(
      sources.map(({ filename }) => filename),
      ['Dockerfile', 'other'],
    )
  })

  it('passes over what it does not know or cannot read', () => {
    assert.deepEqual(readDetails(undefined), { sources: [] })
    assert.deepEqual(readDetails(Buffer.from([255, 255, 255])), { sources: [] })
    const odd = readDetails(
      status([
        ['github.com/moby/buildkit/errdefs.Vertex+json', 'not json'],
        ['github.com/moby/buildkit/errdefs.Source+json', { info: { filename: 5 }, ranges: 'no' }],
        ['something/else', {}],
      ]),
    )
    assert.deepEqual(odd, { vertex: undefined, sources: [] })
  })
})
