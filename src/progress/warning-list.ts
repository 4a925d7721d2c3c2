import type { Graph } from './graph.ts'

/**
 * All warnings once more, in one list at the end, as `docker buildx build` prints them (docker/buildx
 * `commands/build.go`); empty where there are none.
 */
export function warningList(graph: Graph): string {
  const warnings = graph.steps.flatMap((step) => [...step.warnings.values()])
  if (warnings.length === 0) return ''
  const count = warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`
  return ['', ` ${count} found:`, ...warnings.map((text) => ` - ${text}`), ''].join('\n')
}
