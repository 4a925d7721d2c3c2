import { parseReference } from '../registry/reference.ts'
import type { RegistryGrant } from '../session/granted-auth.ts'
import type { Registration } from './registration.ts'

/** Where a build saves its image, and with what. */
export interface SavedImages {
  /** The names under which Depot keeps the image; none for a build that is not to be saved. */
  readonly tags: readonly string[]
  /** The build's own credentials, for the repositories of its project and for no other. */
  readonly grants: readonly RegistryGrant[]
}

/** Depot's registry, for a build that somebody else has registered (depot/cli `pkg/load`). */
const depotRegistry = 'registry.depot.dev'
/** The user name that it wants with each of Depot's tokens. */
const tokenUser = 'x-token'

/**
 * What Depot has said when the build was registered. A build that somebody else has registered is saved under its id and
 * under `saveTags`, as Depot's own CLI does it.
 */
export function savedImages(registration: Registration, saveTags: readonly string[] = []): SavedImages {
  const { buildId, projectId, token, savedTags } = registration
  const adopted = savedTags === undefined
  const own = [...new Set([buildId, ...saveTags])].map((tag) => `${depotRegistry}/${projectId}:${tag}`)
  const tags = adopted ? own : savedTags
  const credentials = adopted
    ? [{ host: depotRegistry, username: tokenUser, password: token }]
    : registration.credentials
  return {
    tags,
    grants: credentials.map(({ host, username, password }) => ({
      host,
      credentials: { username, password },
      repositories: [...new Set([projectId, ...repositoriesAt(host, tags)])],
    })),
  }
}

function repositoriesAt(host: string, tags: readonly string[]): string[] {
  const names = tags.map((tag) => parseReference(tag))
  return names.filter(({ domain }) => domain === host).map(({ path }) => path)
}
