import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'

const blobs = 'blobs/sha256/'

/**
 * Throws unless an `oci` archive is whole: each of its blobs has the digest that is its name, and one of
 * them is the layer, of at least `layerBytes`.
 */
export async function checkArchive(path: string, layerBytes: number): Promise<void> {
  let largest = 0
  const extract = tar.extract()
  const reading = pipeline(createReadStream(path), extract)
  for await (const entry of extract) {
    const hash = createHash('sha256')
    for await (const chunk of entry) hash.update(chunk as Buffer)
    const { name, size = 0 } = entry.header
    if (!name.startsWith(blobs) || entry.header.type !== 'file') continue
    const digest = hash.digest('hex')
    if (name !== `${blobs}${digest}`) throw new Error(`${path}: ${name} has the digest ${digest}`)
    largest = Math.max(largest, size)
  }
  await reading
  if (largest < layerBytes)
    throw new Error(`${path}: its largest blob has ${largest} bytes, not ${layerBytes}`)
}
