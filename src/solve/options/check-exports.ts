import { resolve } from 'node:path'
import { closestMatch } from '../../base/closest-match.ts'
import { invalidOption } from '../../base/errors.ts'
import { parseGoBool } from '../../base/go-bool.ts'
import { parseReference } from '../../registry/reference.ts'
import { booleanAttrs, exporterOf, exporterTypes, isOn, isPush, localMode, namesOf } from './exporters.ts'
import type { Export } from './options.ts'

/** Throws INVALID_OPTION for exports that the daemon would refuse, or that would do something else than they say. */
export function checkExports(exports: readonly Export[]): void {
  for (const [index, entry] of exports.entries()) {
    const option = `exports[${index}]`
    checkType(entry, `${option}.type`)
    checkTarget(entry, option)
    checkBooleans(entry, option)
    checkMode(entry, option)
    checkNames(entry, option)
  }
  checkTargetsDiffer(exports)
}

/** A daemon may have exporters that are newer than this client: only what looks like a slip is refused. */
function checkType({ type }: Export, option: string): void {
  if (typeof type !== 'string' || type === '') {
    throw invalidOption(option, { expected: `a type such as ${exporterTypes.join(', ')}`, received: type })
  }
  if (exporterTypes.includes(type)) return
  const meant = closestMatch(type, exporterTypes)
  if (meant === undefined) return
  throw invalidOption(option, {
    expected: `a type such as ${exporterTypes.join(', ')}`,
    received: type,
    advice: `Did you mean ${meant}?`,
  })
}

function checkTarget(entry: Export, option: string): void {
  const { outputDir, output } = entry as { outputDir?: unknown; output?: unknown }
  const { sends } = exporterOf(entry)
  if (sends === 'directory' && (typeof outputDir !== 'string' || outputDir === ''))
    throw invalidOption(`${option}.outputDir`, { expected: 'the path of a directory', received: outputDir })
  if (sends === 'stream' && !isOutput(output))
    throw invalidOption(`${option}.output`, {
      expected: 'the path of a file, a Writable, or a function that returns one',
      received: output,
    })
  const expected = 'none for this type of export'
  if (sends !== 'directory' && outputDir !== undefined)
    throw invalidOption(`${option}.outputDir`, { expected, received: outputDir })
  if (sends !== 'stream' && output !== undefined)
    throw invalidOption(`${option}.output`, { expected, received: output })
  if (sends === 'stream' && parseGoBool(entry.attrs?.tar ?? '') === false) {
    throw invalidOption(`${option}.attrs.tar`, {
      expected: 'an export as one stream',
      received: entry.attrs?.tar,
      advice: 'Exports into a content store are not supported yet',
    })
  }
}

function isOutput(output: unknown): boolean {
  if (typeof output === 'string') return output !== ''
  if (typeof output === 'function') return true
  return typeof output === 'object' && output !== null && 'write' in output && 'end' in output
}

function checkBooleans(entry: Export, option: string): void {
  if (!exporterOf(entry).canPush) return
  for (const name of booleanAttrs) {
    const value = entry.attrs?.[name]
    if (value === undefined || value === '' || parseGoBool(value) !== undefined) continue
    throw invalidOption(`${option}.attrs.${name}`, { expected: '"true" or "false"', received: value })
  }
}

function checkMode(entry: Export, option: string): void {
  if (entry.type !== 'local' || localMode(entry) !== undefined) return
  throw invalidOption(`${option}.attrs.mode`, { expected: 'copy or delete', received: entry.attrs?.mode })
}

/** `*` stands for the name that the frontend gives; without any name an image is pushed nowhere. */
function checkNames(entry: Export, option: string): void {
  const { name = '', 'dangling-name-prefix': prefix = '' } = entry.attrs ?? {}
  const pushesByDigest = exporterOf(entry).canPush && isOn(entry.attrs?.['push-by-digest'])
  if (isPush(entry) && name === '' && prefix === '')
    throw invalidOption(`${option}.attrs.name`, {
      expected: 'a name to push the image to',
      received: entry.attrs?.name,
    })
  if (pushesByDigest && !isPush(entry))
    throw invalidOption(`${option}.attrs.push-by-digest`, {
      expected: 'push as well: alone it pushes nothing',
      received: entry.attrs?.['push-by-digest'],
      advice: 'Add push: "true"',
    })
  if (name === '*' || !exporterOf(entry).isImage) return
  for (const one of namesOf(entry)) parseReference(one, `${option}.attrs.name`)
}

function checkTargetsDiffer(exports: readonly Export[]): void {
  const taken = new Map<unknown, number>()
  for (const [index, entry] of exports.entries()) {
    const { outputDir, output = outputDir } = entry as { outputDir?: string; output?: unknown }
    if (output === undefined || typeof output === 'function') continue
    const target = typeof output === 'string' ? resolve(output) : output
    const other = taken.get(target)
    if (other !== undefined) {
      throw invalidOption(`exports[${index}]`, {
        expected: 'a target of its own',
        received: `the target of exports[${other}]`,
      })
    }
    taken.set(target, index)
  }
}
