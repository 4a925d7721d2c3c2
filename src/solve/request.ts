import { moby, pb } from '../gen/buildkit.js'
import type { RequestParts } from './contribution.ts'
import type { CacheEntry, SolveOptions } from './options/options.ts'

/** Builds the bytes of a `SolveRequest`, without looking at disk or network. */
export function solveRequest(
  ref: string,
  sessionId: string,
  options: SolveOptions,
  parts: RequestParts = {},
): Uint8Array {
  const exporters = (options.exports ?? []).map(({ type, attrs = {} }) => ({
    Type: type,
    Attrs: { ...attrs },
  }))
  const first = exporters[0]
  return moby.buildkit.v1.SolveRequest.encode({
    Ref: ref,
    Session: sessionId,
    Frontend: options.frontend ?? '',
    FrontendAttrs: { ...frontendAttrs(options), ...parts.frontendAttrs },
    ...(options.definition === undefined ? {} : { Definition: pb.Definition.decode(options.definition) }),
    Exporters: exporters,
    // All that a daemon before v0.13 reads; later ones ignore it.
    ...(first === undefined ? {} : { ExporterDeprecated: first.Type, ExporterAttrsDeprecated: first.Attrs }),
    // Daemons v0.17.0 to v0.21.0 crash when this message is absent.
    Cache: {
      Exports: (options.cacheExports ?? []).map(cacheEntry),
      Imports: (options.cacheImports ?? []).map(cacheEntry),
    },
    Entitlements: [...(options.entitlements ?? [])],
    Internal: options.internal ?? false,
    SourcePolicySession: parts.sourcePolicySession ?? '',
  }).finish()
}

/** The frontend reads cache imports from an attribute of its own (moby/buildkit `client/solve.go`). */
function frontendAttrs({
  frontend,
  frontendAttrs = {},
  cacheImports = [],
}: SolveOptions): Record<string, string> {
  if (frontend === undefined || cacheImports.length === 0) return { ...frontendAttrs }
  const entries = cacheImports.map(cacheEntry)
  return { ...frontendAttrs, 'cache-imports': JSON.stringify(entries) }
}

function cacheEntry({ type, attrs = {} }: CacheEntry): { Type: string; Attrs: Record<string, string> } {
  return { Type: type, Attrs: { ...attrs } }
}
