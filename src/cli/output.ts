import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { closestMatch } from '../base/closest-match.ts'
import { invalidOption } from '../base/errors.ts'
import { exporterOf, exporterTypes } from '../solve/options/exporters.ts'
import type { Export } from '../solve/options/options.ts'
import { csvFields } from './csv.ts'

/** What an `--output` is relative to. */
export interface OutputSurroundings {
  readonly cwd: string
  readonly stdout: Writable & { readonly isTTY?: boolean }
}

/**
 * Reads one `--output`: `type=TYPE,dest=PATH,KEY=VALUE...` as CSV with quotes, a bare path for
 * `type=local,dest=PATH`, or `-` for a tar on standard output. Throws INVALID_OPTION.
 */
export function exportOf(text: string, surroundings: OutputSurroundings): Export {
  const { type, dest, ...rest } = attrsOf(text)
  checkKeys(text, Object.keys(rest))
  if (type === undefined || !exporterTypes.includes(type))
    throw refuse(text, 'type=local, tar, oci, docker or image', typeMeantBy(type))
  const entry = { type, attrs: rest }
  switch (exporterOf(entry).sends) {
    case 'directory':
      if (!dest || dest === '-') throw refuse(text, 'dest=DIRECTORY for a local output')
      return { ...entry, outputDir: resolve(surroundings.cwd, dest) }
    case 'stream':
      return { ...entry, output: archive(text, dest, surroundings) }
    case 'nothing':
      if (dest !== undefined) throw refuse(text, `no dest for type=${type}, which writes nothing here`)
      return entry
  }
}

/**
 * Exporters take keys that only they know, and ignore all others; but with `dst` for `dest` the result would go
 * somewhere else.
 */
function checkKeys(text: string, keys: readonly string[]): void {
  for (const key of keys) {
    const meant = key === 'destination' ? 'dest' : closestMatch(key, ['type', 'dest'])
    if (meant !== undefined) throw refuse(text, `no ${key}`, meant)
  }
}

function typeMeantBy(type = ''): string | undefined {
  const meant = closestMatch(type, exporterTypes)
  return meant === undefined ? undefined : `type=${meant}`
}

function attrsOf(text: string): Record<string, string> {
  const fields = csvFields(text)
  if (fields === undefined) throw refuse(text, 'CSV: quotes around a whole KEY=VALUE, doubled inside')
  if (text === '-') return { type: 'tar', dest: '-' }
  if (fields.length === 1 && !fields[0]!.includes('=')) return { type: 'local', dest: fields[0]! }
  return Object.fromEntries(fields.map((field) => pair(text, field)))
}

function pair(text: string, field: string): [string, string] {
  const equals = field.indexOf('=')
  if (equals < 1) throw refuse(text, 'KEY=VALUE between the commas')
  return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)]
}

function archive(
  text: string,
  dest: string | undefined,
  { cwd, stdout }: OutputSurroundings,
): string | Writable {
  if (dest && dest !== '-') return resolve(cwd, dest)
  if (!stdout.isTTY) return stdout
  throw refuse(text, 'dest=FILE, or standard output redirected: an archive is not for a terminal')
}

function refuse(received: string, expected: string, meant?: string): Error {
  const advice = meant === undefined ? {} : { advice: `Did you mean ${meant}?` }
  return invalidOption('--output', { expected, received, ...advice })
}
