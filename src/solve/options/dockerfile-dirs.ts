/** What the Dockerfile frontend's attributes say of where its context and its Dockerfile are. */
export interface DockerfileDirs {
  /** True where the context is a URL: then no directory need be served. */
  readonly isRemote: boolean
  /** The names by which it may ask for a local context; the first is what current ones ask for. */
  readonly context: readonly string[]
  /** The name by which it asks for the Dockerfile. */
  readonly dockerfile: string
}

/**
 * Reads `contextkey` and `dockerfilekey` (moby/buildkit `frontend/dockerui/context.go`). The first names the attribute
 * that holds a remote context; only frontends before BuildKit v0.12 ask for a local context by it too.
 */
export function dockerfileDirs(attrs: Readonly<Record<string, string>>): DockerfileDirs {
  const { contextkey = 'context', dockerfilekey = 'dockerfile' } = attrs
  return {
    isRemote: attrs[contextkey] !== undefined,
    context: contextkey === 'context' ? ['context'] : ['context', contextkey],
    dockerfile: dockerfilekey,
  }
}
