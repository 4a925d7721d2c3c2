import { checkCallback } from '../../base/callback.ts'
import { checkSignal } from '../../base/check-signal.ts'
import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type { Attachable } from '../../session/attachable.ts'
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
  checkSignal(options.signal)
  checkCallback('onWarning', options.onWarning)
  checkName(options.frontend, 'frontend', 'dockerfile.v0')
  checkTexts(options.frontendAttrs, 'frontendAttrs')
  for (const [path, entry] of entriesOf(options, 'exports')) {
    checkKnownOptions(entry as ExportOptions, exportNames, `${path}.`)
    checkTexts((entry as ExportOptions).attrs, `${path}.attrs`)
  }
  for (const name of ['cacheExports', 'cacheImports'] as const)
    for (const [path, entry] of entriesOf(options, name)) {
      checkKnownOptions(entry as CacheEntry, cacheNames, `${path}.`)
      checkName((entry as CacheEntry).type ?? null, `${path}.type`, 'registry')
      checkTexts((entry as CacheEntry).attrs, `${path}.attrs`)
    }
  checkText(options.sharedKey, 'sharedKey', maxSharedKeyLength)
  checkText(options.ref, 'ref', maxRefLength)
  if (options.ref === '') throw invalidOption('ref', { expected: 'an id of its own', received: options.ref })
  if (options.internal !== undefined && typeof options.internal !== 'boolean')
    throw invalidOption('internal', { expected: 'true or false', received: options.internal })
  for (const [path, entry] of entriesOf(options, 'entitlements'))
    if (typeof entry !== 'string')
      throw invalidOption(path, { expected: 'text such as network.host', received: entry })
  for (const [path, entry] of entriesOf(options, 'session')) checkAttachable(path, entry)
}

/** Each with its name, such as `exports[0]`. */
function entriesOf(
  options: SolveOptions,
  name: 'exports' | 'cacheExports' | 'cacheImports' | 'entitlements' | 'session',
): [string, unknown][] {
  const entries: unknown = options[name] ?? []
  if (!Array.isArray(entries)) throw invalidOption(name, { expected: 'a list', received: entries })
  return entries.map((entry, index) => [`${name}[${index}]`, entry])
}

/** Anything else would be sent as empty text, by which BuildKit means true: `push: false` would push. */
function checkTexts(attrs: Readonly<Record<string, unknown>> = {}, path: string): void {
  for (const [name, value] of Object.entries(attrs))
    if (typeof value !== 'string')
      throw invalidOption(`${path}.${name}`, { expected: 'text, such as "true"', received: value })
}

/** Sent as empty text, a frontend would leave the daemon waiting for ever, and a cache would be none. */
function checkName(value: unknown, option: string, example: string): void {
  if (value === undefined || (typeof value === 'string' && value !== '')) return
  throw invalidOption(option, { expected: `a name such as ${example}`, received: value ?? undefined })
}

/** It travels in a header: a longer one, or another character, ends the connection of every build. */
const maxSharedKeyLength = 4096
const maxRefLength = 256

function checkText(value: unknown, option: string, maxLength: number): void {
  if (value === undefined) return
  if (typeof value === 'string' && value.length <= maxLength && /^[\x20-\x7e]*$/.test(value)) return
  throw invalidOption(option, {
    expected: `at most ${maxLength} characters of printable ASCII`,
    received: typeof value === 'string' ? `${value.length} characters: ${value}` : value,
  })
}

function checkAttachable(path: string, value: unknown): void {
  const methods: unknown = (value as Partial<Attachable> | null | undefined)?.methods
  const isAttachable =
    typeof methods === 'object' &&
    methods !== null &&
    Object.values(methods).every((handler) => typeof handler === 'function')
  if (isAttachable) return
  throw invalidOption(path, {
    expected: 'an attachable, such as dockerConfigAuth() returns',
    received: value,
    ...(typeof value === 'function' && { advice: `Call it: ${value.name}()` }),
  })
}
