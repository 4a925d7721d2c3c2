import { randomUUID } from 'node:crypto'
import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BuildkitError, invalidOption, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'

const option = '--metadata-file'

/** Throws INVALID_OPTION where no file can be written: better before a build than after it. */
export async function checkMetadataFile(path: string): Promise<void> {
  const folder = dirname(path)
  try {
    await access(folder, constants.W_OK)
    const existing = await stat(path).catch(() => undefined)
    if (existing?.isDirectory()) throw invalidOption(option, { expected: 'a file', received: path })
    if (!(await stat(folder)).isDirectory())
      throw invalidOption(option, { expected: 'a file in a directory', received: path })
  } catch (cause) {
    if (isBuildkitError(cause)) throw cause
    const received = `${path} (${systemCode(cause) ?? 'unwritable'})`
    throw invalidOption(option, { expected: 'a file in a writable directory', received, cause })
  }
}

/**
 * Writes the exporters' response as JSON; the file appears whole or not at all. Throws EXPORT_FAILED.
 */
export async function writeMetadataFile(
  path: string,
  response: Readonly<Record<string, string>>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, metadataJson(response), { flag: 'wx' })
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw new BuildkitError('EXPORT_FAILED', `the build is done, but ${option} cannot be written`, {
      subject: path,
      received: messageOf(cause),
      cause,
    })
  }
}

/** Keys in order; values that are base64 of a JSON object become that object, as in `buildctl`'s file. */
export function metadataJson(response: Readonly<Record<string, string>>): string {
  const entries = Object.entries(response).map(([key, value]) => [key, decoded(value)] as const)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`
}

function decoded(value: string): unknown {
  const bytes = Buffer.from(value, 'base64')
  if (value === '' || bytes.toString('base64') !== value) return value
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    return isFilledObject(json) ? json : value
  } catch {
    return value
  }
}

function isFilledObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length > 0
}
