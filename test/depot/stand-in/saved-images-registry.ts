import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { startRegistry } from '../../../scripts/parts/registry.ts'
import {
  type Access,
  type Credentials,
  startTokenServer,
  type TokenRequest,
  type TokenServerOptions,
} from '../../support/token-server.ts'
import type { Authorize, SavedImage, SavedImages } from './saved-images.ts'

/** A real registry of saved images, and what its token server was asked for. */
export interface SavedImagesRegistry extends SavedImages {
  readonly tokenRequests: readonly TokenRequest[]
}

/** Starts one, with the registry program given, on a loopback address without TLS; its token server may have it. */
export async function startSavedImagesRegistry(
  command: string,
  authorize: Authorize,
  { tls }: Pick<TokenServerOptions, 'tls'> = {},
): Promise<SavedImagesRegistry> {
  const tokens = await startTokenServer((credentials) => accessWith(credentials, authorize), { tls })
  const { realm, service, issuer, keys } = tokens
  try {
    const server = await startRegistry(command, { type: 'token', realm, service, issuer, keys })
    const storage = join(server.folder, 'data/docker/registry/v2')
    return {
      host: server.ready,
      tokenRequests: tokens.requests,
      list: (projectId) => list(storage, projectId),
      async delete(projectId, tags) {
        for (const tag of tags.filter(isTag))
          await rm(join(tagsFolder(storage, projectId), tag), { recursive: true, force: true })
      },
      async [Symbol.asyncDispose]() {
        await server.stop()
        await tokens[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await tokens[Symbol.asyncDispose]()
    throw error
  }
}

/** The user name that Depot's registry wants with each of its tokens. */
const username = 'x-token'

function accessWith(credentials: Credentials, authorize: Authorize): Access | undefined {
  if (credentials.shown !== 'password' || credentials.username !== username) return undefined
  const granted = authorize(credentials.secret ?? '')
  if (granted === undefined) return undefined
  const { projectId, push } = granted
  return (repository, action) =>
    (projectId === undefined || repository === projectId) &&
    (action === 'pull' || (action === 'push' && push))
}

/** distribution, "Reference grammar". */
function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text)
}

/** From the registry's files: its API does not tell when something was pushed (distribution, `registry/storage/paths.go`). */
async function list(storage: string, projectId: string): Promise<SavedImage[]> {
  const folder = tagsFolder(storage, projectId)
  const tags = await readdir(folder).catch(() => [])
  const images = await Promise.all(
    tags.map(async (tag) => {
      const link = join(folder, tag, 'current/link')
      const digest = await readFile(link, 'utf8')
      return { tag, digest, pushedAt: (await stat(link)).mtime, sizeBytes: await size(storage, digest) }
    }),
  )
  return images.sort((a, b) => b.pushedAt.getTime() - a.pushedAt.getTime())
}

function tagsFolder(storage: string, projectId: string): string {
  return join(storage, 'repositories', projectId, '_manifests/tags')
}

/** What a manifest or an index refers to. */
interface Content {
  readonly manifests?: readonly { readonly digest: string }[]
  readonly config?: { readonly size: number }
  readonly layers?: readonly { readonly size: number }[]
}

/** Of the configurations and layers of all its manifests. */
async function size(storage: string, digest: string): Promise<number> {
  const [algorithm = '', hex = ''] = digest.split(':')
  const blob = join(storage, 'blobs', algorithm, hex.slice(0, 2), hex, 'data')
  const { manifests = [], config, layers = [] }: Content = JSON.parse(await readFile(blob, 'utf8'))
  const members = await Promise.all(manifests.map((manifest) => size(storage, manifest.digest)))
  const own = layers.map((layer) => layer.size)
  return [...members, config?.size ?? 0, ...own].reduce((sum, one) => sum + one, 0)
}
