import { retry } from '../base/retry.ts'
import { RegistryClient } from '../registry/client.ts'
import { mergeIndexes } from '../registry/image-index.ts'
import { parseReference, type Reference } from '../registry/reference.ts'
import type { RegistryAuth } from '../registry/registry-auth.ts'

/**
 * Makes one image of the indexes that several builders have pushed by digest, under all of these names, and returns its
 * digest (depot/cli `pkg/buildx/imagetools/create.go`). A tag that stands for that image already is not written again.
 * Throws what {@link RegistryClient} does, after trying again what may pass.
 */
export async function pushMerged(
  digests: readonly string[],
  names: readonly string[],
  { auth, signal }: { readonly auth: RegistryAuth; readonly signal: AbortSignal },
): Promise<string> {
  await using client = new RegistryClient({ auth })
  const images = names.map((name) => parseReference(name))
  const [first] = images
  const parts = digests.map((digest) => ({ ...first!, tag: undefined, digest }))
  const merged = mergeIndexes(
    await Promise.all(parts.map((part) => retry(() => client.manifest(part, signal), { signal }))),
  )
  const push = async (image: Reference) => {
    // Where tags cannot be changed, writing the same once more is refused too.
    if ((await client.digest(image, signal)) !== merged.digest) await client.put(image, merged, signal)
  }
  for (const image of images) await retry(() => push(image), { signal })
  return merged.digest
}
