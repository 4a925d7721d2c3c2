import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import * as tar from 'tar-stream'
import { Agent, request } from 'undici'
import { loadImages } from '../../src/engine/images.ts'
import { engineAt } from '../../src/transport/route-to.ts'
import { engineAddress } from '../support/engine.ts'
import { skipWithout } from '../support/skip.ts'

/** The Engine's own word on an image. */
async function inspect(name: string): Promise<{ Id: string; Config: { Labels: unknown } }> {
  const agent = new Agent({ connect: { socketPath: engineAddress().slice('docker://'.length) } })
  try {
    const { body } = await request(`http://localhost/images/${name}/json`, { dispatcher: agent })
    return (await body.json()) as Awaited<ReturnType<typeof inspect>>
  } finally {
    await agent.close()
  }
}

/** An image of one file, laid out as BuildKit's exporter `docker` does: for old Engines and as OCI image. */
async function imageArchive(names: readonly string[], labels: Record<string, string>): Promise<Readable> {
  const blobs = new Map<string, Buffer>()
  const blob = (mediaType: string, content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = createHash('sha256').update(bytes).digest('hex')
    blobs.set(`blobs/sha256/${digest}`, bytes)
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length }
  }
  const file = (digest: string) => `blobs/${digest.replace(':', '/')}`
  const layerType = 'application/vnd.oci.image.layer.v1.tar'
  const layer = blob(layerType, await tarOf(new Map([['contents', randomBytes(3 << 20)]])))
  const config = blob('application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = blob(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] })
  const manifests = names.map((name) => ({
    ...manifest,
    annotations: {
      'io.containerd.image.name': `docker.io/${name}`,
      'org.opencontainers.image.ref.name': name.split(':')[1],
    },
  }))
  const json = (value: object) => Buffer.from(JSON.stringify(value))
  const entries = new Map([
    ...blobs,
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json({ schemaVersion: 2, manifests })],
    ['manifest.json', json([{ Config: file(config.digest), RepoTags: names, Layers: [file(layer.digest)] }])],
  ])
  return Readable.from([await tarOf(entries)])
}

async function tarOf(entries: Map<string, Buffer>): Promise<Buffer> {
  const pack = tar.pack()
  for (const [name, bytes] of entries) pack.entry({ name }, bytes)
  pack.finalize()
  return await buffer(pack as AsyncIterable<Buffer>)
}

describe('loading images into a real Engine', { skip: skipWithout('engine') }, () => {
  it('has them there under their names, and tells their ids', async () => {
    const { archive, images } = loadImages(await engineAt(engineAddress()))
    await pipeline(await imageArchive(['me/streamed:1', 'me/streamed:2'], { loaded: 'here' }), archive)
    const loaded = await images
    assert.deepEqual(loaded.map(({ name }) => name?.replace('docker.io/', '')).sort(), [
      'me/streamed:1',
      'me/streamed:2',
    ])
    for (const { id, name } of loaded) {
      const inspected = await inspect(name!)
      assert.equal(inspected.Id, id)
      assert.deepEqual(inspected.Config.Labels, { loaded: 'here' })
    }
  })

  it('fails when the archive holds no image', async () => {
    const { archive, images } = loadImages(await engineAt(engineAddress()))
    await assert.rejects(pipeline(Readable.from([randomBytes(100_000)]), archive), { code: 'EXPORT_FAILED' })
    await assert.rejects(images, { code: 'EXPORT_FAILED' })
  })
})
