import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { digestOf, type Manifest } from '../../src/registry/client.ts'
import { mergeIndexes } from '../../src/registry/image-index.ts'

const ociIndex = 'application/vnd.oci.image.index.v1+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'
const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'

const hex = (letter: string) => `sha256:${letter.repeat(64)}`

function image(letter: string, architecture: string, mediaType = ociManifest) {
  return { mediaType, digest: hex(letter), size: 100, platform: { architecture, os: 'linux' } }
}

/** As BuildKit writes one for an image: of an unknown platform, and by its annotations about that image. */
function attestation(letter: string, of: string) {
  return {
    ...image(letter, 'unknown'),
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': hex(of),
    },
    platform: { architecture: 'unknown', os: 'unknown' },
  }
}

function index(manifests: unknown, more: object = {}, mediaType = ociIndex): Manifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests, ...more }))
  return { mediaType, digest: digestOf(bytes), bytes }
}

const contents = ({ bytes }: Manifest) => JSON.parse(bytes.toString())

describe('merging the indexes of several machines', () => {
  it('keeps images and attestations in order', () => {
    const amd64 = [image('a', 'amd64'), attestation('b', 'a')]
    const arm64 = [image('c', 'arm64'), attestation('d', 'c')]
    const merged = mergeIndexes([index(amd64), index(arm64)])
    assert.equal(merged.mediaType, ociIndex)
    assert.deepEqual(contents(merged), {
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [...amd64, ...arm64],
    })
  })

  it('writes the same bytes for the same input, whatever the order of its fields', () => {
    const { mediaType, digest, size, platform } = image('a', 'amd64')
    const shuffled = { platform, size, annotations: { b: '2', a: '1' }, digest, mediaType }
    const straight = { mediaType, digest, size, annotations: { a: '1', b: '2' }, platform }
    const merged = mergeIndexes([index([shuffled])])
    assert.equal(
      merged.bytes.toString(),
      `{
  "schemaVersion": 2,
  "mediaType": "${ociIndex}",
  "manifests": [
    {
      "mediaType": "${ociManifest}",
      "digest": "${hex('a')}",
      "size": 100,
      "annotations": {
        "a": "1",
        "b": "2"
      },
      "platform": {
        "architecture": "amd64",
        "os": "linux"
      }
    }
  ]
}`,
    )
    assert.deepEqual(mergeIndexes([index([straight])]), merged)
    const own = createHash('sha256').update(merged.bytes).digest('hex')
    assert.equal(merged.digest, `sha256:${own}`)
  })

  it('names each digest once, the first time', () => {
    const twice = { ...image('a', 'arm64'), annotations: { which: 'second' } }
    const merged = mergeIndexes([index([image('a', 'amd64')]), index([twice, image('b', 'arm64')])])
    assert.deepEqual(contents(merged).manifests, [image('a', 'amd64'), image('b', 'arm64')])
  })

  it('is a manifest list of Docker’s if all members are of Docker’s types, and has no annotations then', () => {
    const docker = (letter: string, arch: string) =>
      index([image(letter, arch, dockerManifest)], { annotations: { a: '1' } }, dockerList)
    const merged = mergeIndexes([docker('a', 'amd64'), docker('b', 'arm64')])
    assert.equal(merged.mediaType, dockerList)
    assert.deepEqual(Object.keys(contents(merged)), ['schemaVersion', 'mediaType', 'manifests'])
    const mixed = mergeIndexes([docker('a', 'amd64'), index([image('b', 'arm64')])])
    assert.equal(mixed.mediaType, ociIndex)
    assert.equal(contents(mixed).mediaType, ociIndex)
  })

  it('keeps the annotations of OCI indexes, the first where two differ', () => {
    const merged = mergeIndexes([
      index([image('a', 'amd64')], { annotations: { version: '1', b: 'b' } }),
      index([image('b', 'arm64')], { annotations: { version: '2', a: 'a' } }),
    ])
    assert.equal(JSON.stringify(contents(merged).annotations), '{"a":"a","b":"b","version":"1"}')
  })

  it('merges what has been merged to the same', () => {
    const once = mergeIndexes([index([image('a', 'amd64')]), index([image('b', 'arm64')])])
    assert.deepEqual(mergeIndexes([once, index([image('b', 'arm64')])]), once)
  })

  it('keeps every field of a member that the specification knows', () => {
    const full = {
      ...{ mediaType: ociManifest, digest: `sha512:${'a'.repeat(128)}`, size: 0 },
      ...{ urls: ['https://example.org/'], annotations: { a: 'b' }, data: 'e30=' },
      ...{ platform: { architecture: 'arm', os: 'linux', variant: 'v7' }, artifactType: 'application/x' },
    }
    assert.deepEqual(contents(mergeIndexes([index([{ ...full, more: 1 }])])).manifests, [full])
  })

  it('takes nothing that is no index', () => {
    const good = image('a', 'amd64')
    const cases: [Manifest, RegExp][] = [
      [index([], {}, ociManifest), /expected an index, got application\/vnd\.oci\.image\.manifest/],
      [{ ...index([good]), mediaType: dockerList }, /expected the type .*list\.v2\+json, got .*index\.v1/],
      [{ ...index([]), bytes: Buffer.from('{') }, /expected an index/],
      [{ ...index([]), bytes: Buffer.from('null') }, /expected an index/],
      [index({}), /expected manifests/],
      [index([null]), /expected a descriptor/],
      [index([{ ...good, digest: 'sha256:abc' }]), /expected a digest, got sha256:abc/],
      [index([{ ...good, mediaType: 7 }]), /expected a mediaType, got a number/],
      [index([{ ...good, size: -1 }]), /expected a size/],
      [index([{ ...good, annotations: { a: 1 } }]), /expected text for annotations/],
      [index([{ ...good, urls: 'x' }]), /expected urls/],
      [index([good], { annotations: [] }), /expected annotations/],
    ]
    for (const [bad, message] of cases)
      assert.throws(() => mergeIndexes([index([good]), bad]), {
        code: 'PROTOCOL_ERROR',
        subject: bad.digest,
        message,
      })
  })
})
