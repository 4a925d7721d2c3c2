import { randomBytes } from 'node:crypto'
import type { OnWarning } from '../base/warning.ts'
import { type CredentialUse, withUses } from '../session/auth/auth-service.ts'
import { type DirectoryTarget, type FileTarget, fileSend } from '../session/files/file-send.ts'
import { type FileSyncOptions, fileSync } from '../session/files/file-sync.ts'
import type { Contribute, SolveScope } from './contribution.ts'
import { exporterOf, localMode } from './options/exporters.ts'
import type { DirectoryExport, Export, SolveOptions, StreamExport } from './options/options.ts'

/** What a build's own options contribute: its directories, its export targets, and the attachables of its caller. */
export function optionContributions(
  { localDirs = {}, exports = [], session = [] }: SolveOptions,
  onWarning: OnWarning | undefined,
): Contribute[] {
  const targets = targetsOf(exports)
  return [
    (scope) => ({
      attachables:
        Object.keys(localDirs).length === 0
          ? []
          : [
              {
                source: 'localDirs',
                attachable: fileSync(localDirs, { onWarning, onSent: reportSent(scope) }),
              },
            ],
    }),
    () => ({
      attachables:
        targets.size === 0 ? [] : [{ source: 'exports', attachable: fileSend(targets, { onWarning }) }],
    }),
    (scope) => ({
      attachables: session.map((attachable, index) => ({
        source: `session[${index}]`,
        attachable: withUses(attachable, reportUse(scope)),
      })),
    }),
  ]
}

/**
 * A use of credentials as a step of this side, named as the reference does (moby/buildkit
 * `session/auth/authprovider/authprovider.go`): of those that the daemon gets, the first one for each registry.
 */
function reportUse({ report }: SolveScope): (use: CredentialUse) => void {
  const shared = new Set<string>()
  return ({ host, kind, scopes }) => {
    if (kind === 'credentials' && shared.has(host)) return
    if (kind === 'credentials') shared.add(host)
    const subjects = scopes.map((scope) => scope.replace(/^repository:/, '')).join(' ')
    const name =
      kind === 'token' ? `[auth] ${subjects} token for ${host}` : `[auth] sharing credentials for ${host}`
    const now = new Date()
    const digest = `sha256:${randomBytes(32).toString('hex')}`
    report({ vertexes: [{ digest, name, started: now, completed: now }] })
  }
}

/**
 * How much of each directory went over so far, as amounts that belong to no step: the daemon has a step of its own for it,
 * and may ask for parts of a directory one after the other.
 */
function reportSent({ report }: SolveScope): NonNullable<FileSyncOptions['onSent']> {
  const soFar = new Map<string, { bytes: number; files: number; started: Date }>()
  return (dirName, sent, startedAt) => {
    const { bytes = 0, files = 0, started = startedAt } = soFar.get(dirName) ?? {}
    const now = { bytes: bytes + sent.bytes, files: files + sent.requested, started }
    soFar.set(dirName, now)
    const times = { started, completed: new Date() }
    report({
      statuses: [
        { id: `sent ${dirName}`, name: 'bytes', current: now.bytes, ...times },
        { id: `sent ${dirName} files`, name: 'files', current: now.files, ...times },
      ],
    })
  }
}

/** By exporter id, which is the export's place in the list. */
function targetsOf(exports: readonly Export[]): Map<number, FileTarget | DirectoryTarget> {
  const targets = new Map<number, FileTarget | DirectoryTarget>()
  for (const [id, entry] of exports.entries()) {
    const { sends } = exporterOf(entry)
    const { outputDir, output } = entry as Partial<DirectoryExport & StreamExport>
    if (sends === 'directory' && outputDir !== undefined)
      targets.set(id, { outputDir, mode: localMode(entry) ?? 'copy' })
    if (sends === 'stream' && output !== undefined)
      targets.set(id, { output, isAlwaysSent: entry.type === 'tar' })
  }
  return targets
}
