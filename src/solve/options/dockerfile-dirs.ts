/**
 * The names under which the Dockerfile frontend asks for its directories (moby/buildkit
 * `frontend/dockerui/config.go`: `contextkey` and `dockerfilekey`).
 */
export function dockerfileDirs({
  contextkey = 'context',
  dockerfilekey = 'dockerfile',
}: Readonly<Record<string, string>>): { readonly context: string; readonly dockerfile: string } {
  return { context: contextkey, dockerfile: dockerfilekey }
}
