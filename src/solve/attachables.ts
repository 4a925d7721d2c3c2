import { type DirectoryTarget, type FileTarget, fileSend } from '../session/files/file-send.ts'
import { fileSync } from '../session/files/file-sync.ts'
import type { Contribution } from '../session/services.ts'
import { exporterOf, localMode } from './options/exporters.ts'
import type { DirectoryExport, Export, SolveOptions, StreamExport } from './options/options.ts'

/** What the session of a build serves: its directories, its export targets, and what the caller adds. */
export function contributionsOf(options: SolveOptions): Contribution[] {
  const { localDirs = {}, exports = [], session = [], onWarning } = options
  const targets = targetsOf(exports)
  return [
    ...(Object.keys(localDirs).length > 0
      ? [{ source: 'localDirs', attachable: fileSync(localDirs, { onWarning }) }]
      : []),
    ...(targets.size > 0 ? [{ source: 'exports', attachable: fileSend(targets, { onWarning }) }] : []),
    ...session.map((attachable, index) => ({ source: `session[${index}]`, attachable })),
  ]
}

/** By exporter id, which is the export's place in the list. */
function targetsOf(exports: readonly Export[]): Map<number, FileTarget | DirectoryTarget> {
  const targets = new Map<number, FileTarget | DirectoryTarget>()
  for (const [id, entry] of exports.entries()) {
    const { sends } = exporterOf(entry)
    const { outputDir, output } = entry as Partial<DirectoryExport & StreamExport>
    if (sends === 'directory' && outputDir !== undefined)
      targets.set(id, { outputDir, mode: localMode(entry) ?? 'copy' })
    if (sends === 'stream' && output !== undefined) targets.set(id, { output })
  }
  return targets
}
