import { invalidOption } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'
import type { CacheEntry, DirectoryExport, SolveOptions, StreamExport } from './options.ts'

export const solveOptionNames: OptionNames<SolveOptions> = {
  frontend: true,
  frontendAttrs: true,
  definition: true,
  localDirs: true,
  exports: true,
  cacheExports: true,
  cacheImports: true,
  entitlements: true,
  session: true,
  sharedKey: true,
  ref: true,
  internal: true,
  signal: true,
  livenessTimeoutMs: true,
  onWarning: true,
}

/** Those of all types of export: which of them goes with which is another question. */
type ExportOptions = Omit<DirectoryExport, 'type'> & StreamExport
const exportNames: OptionNames<ExportOptions> = { type: true, attrs: true, outputDir: true, output: true }
const cacheNames: OptionNames<CacheEntry> = { type: true, attrs: true }

/**
 * Finds what the compiler would find in a build's options, for callers without one: names that there are not, and
 * values of another kind. Throws INVALID_OPTION, naming the option.
 */
export function checkShape(options: SolveOptions): void {
  checkKnownOptions(options, solveOptionNames)
  eachOf<ExportOptions>(options, 'exports', (entry, path) => checkKnownOptions(entry, exportNames, path))
  for (const name of ['cacheExports', 'cacheImports'] as const)
    eachOf<CacheEntry>(options, name, (entry, path) => checkKnownOptions(entry, cacheNames, path))
}

function eachOf<Entry>(
  options: SolveOptions,
  name: 'exports' | 'cacheExports' | 'cacheImports',
  check: (entry: Entry, path: string) => void,
): void {
  const entries: unknown = options[name] ?? []
  if (!Array.isArray(entries)) throw invalidOption(name, { expected: 'a list', received: entries })
  for (const [index, entry] of entries.entries()) check(entry, `${name}[${index}].`)
}
