import { BuildkitError } from '../../base/errors.ts'
import { parseReference, type Reference } from '../../registry/reference.ts'
import type { RegistryGrant } from '../../session/auth/granted-auth.ts'
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
  const references = tags.map((tag) => (adopted ? parseReference(tag, 'saveTags') : referenceOf(tag)))
  const credentials = adopted
    ? [{ host: depotRegistry, username: tokenUser, password: token }]
    : registration.credentials
  return {
    tags,
    grants: credentials.map(({ host, username, password }) => ({
      host,
      credentials: { username, password },
      repositories: [...new Set([projectId, ...repositoriesAt(host, references)])],
    })),
  }
}

/** Checked, since all of them go into one attribute of an export, and the caller's credentials open any registry. */
function referenceOf(tag: string): Reference {
  try {
    return parseReference(tag)
  } catch (cause) {
    throw new BuildkitError('API_FAILED', 'Depot wants the image saved under a name that is none', {
      expected: 'image names such as registry.depot.dev/project:build',
      received: JSON.stringify(tag.slice(0, 120)),
      cause,
    })
  }
}

function repositoriesAt(host: string, references: readonly Reference[]): string[] {
  return references.filter(({ domain }) => domain === host).map(({ path }) => path)
}
