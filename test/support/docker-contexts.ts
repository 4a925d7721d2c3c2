import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A context in a store. */
export interface StoredContext {
  /** Of `meta.json`: text, or what becomes JSON. */
  readonly meta: unknown
  /** The names of its files of certificates, which are empty. */
  readonly tls?: readonly string[]
}

/** Writes contexts into a folder of Docker's configuration, and what else is to stand in `config.json`. */
export async function storeContexts(
  folder: string,
  contexts: Readonly<Record<string, StoredContext>>,
  config?: string,
): Promise<void> {
  if (config !== undefined) await writeFile(join(folder, 'config.json'), config)
  for (const [name, { meta, tls = [] }] of Object.entries(contexts)) {
    const [metaFolder, tlsFolder] = [
      join(folder, 'contexts/meta', contextId(name)),
      join(folder, 'contexts/tls', contextId(name), 'docker'),
    ]
    await mkdir(metaFolder, { recursive: true })
    await writeFile(join(metaFolder, 'meta.json'), typeof meta === 'string' ? meta : JSON.stringify(meta))
    await mkdir(tlsFolder, { recursive: true })
    for (const file of tls) await writeFile(join(tlsFolder, file), '')
  }
}

/** The name of a context's folders. */
export function contextId(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

/** What `docker context create` writes into `meta.json`. */
export function dockerContext(Host: string, more = {}): object {
  return {
    Name: 'any',
    Metadata: { Description: 'an Engine' },
    Endpoints: { docker: { Host, SkipTLSVerify: false, ...more }, kubernetes: {} },
  }
}
