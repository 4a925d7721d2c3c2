import { retry } from '../base/retry.ts'
import { RegistryClient } from '../registry/client.ts'
import { mergeIndexes } from '../registry/image-index.ts'
import { parseReference, type Reference } from '../registry/reference.ts'
import type { RegistryAuth } from '../registry/registry-auth.ts'

export interface MergeOptions {
  readonly auth: RegistryAuth
  /** Those of the names whose registry is insecure, see {@link RegistryClient}. None by default. */
  readonly insecure?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Makes one image of the indexes that several builders have pushed by digest, under all of these names, and returns its
 * digest (depot/cli `pkg/buildx/imagetools/create.go`). A tag that stands for that image already is not written again.
 * Throws what {@link RegistryClient} does, after trying again what may pass.
 */
export async function pushMerged(
  digests: readonly string[],
  names: readonly string[],
  { auth, insecure = [], signal }: MergeOptions,
): Promise<string> {
  await using strict = new RegistryClient({ auth })
  await using lax = new RegistryClient({ auth, insecure: true })
  const images = names.map((name) => parseReference(name))
  const clients = names.map((name) => (insecure.includes(name) ? lax : strict))
  const parts = digests.map((digest) => ({ ...images[0]!, tag: undefined, digest }))
  const merged = mergeIndexes(
    await Promise.all(parts.map((part) => retry(() => clients[0]!.manifest(part, signal), { signal }))),
  )
  const push = async (client: RegistryClient, image: Reference) => {
    // Where tags cannot be changed, writing the same once more is refused too.
    if ((await client.digest(image, signal)) !== merged.digest) await client.put(image, merged, signal)
  }
  for (const [index, image] of images.entries()) await retry(() => push(clients[index]!, image), { signal })
  return merged.digest
}
