import { access, constants, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BuildkitError, invalidOption, isBuildkitError, systemCode, withoutAdvice } from '../base/errors.ts'
import { writeOutput } from '../fsutil/receive/receive-stream.ts'

const option = '--metadata-file'

/** Throws INVALID_OPTION where no file can be written: better before a build than after it. */
export async function checkMetadataFile(path: string): Promise<void> {
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory()) throw invalidOption(option, { expected: 'a file', received: path })
  // A device or a pipe is written to as it is, whatever its directory allows.
  if (existing !== undefined && !existing.isFile()) return
  try {
    const folder = dirname(existing === undefined ? path : await realpath(path))
    await access(folder, constants.W_OK)
    if (!(await stat(folder)).isDirectory())
      throw invalidOption(option, { expected: 'a file in a directory', received: path })
  } catch (cause) {
    if (isBuildkitError(cause)) throw cause
    const received = `${path} (${systemCode(cause) ?? 'unwritable'})`
    throw invalidOption(option, { expected: 'a file in a writable directory', received, cause })
  }
}

/**
 * Writes the exporters' response as JSON; a file appears whole or not at all, a symlink to one stays, and a device or
 * pipe is written to as it is. Throws EXPORT_FAILED.
 */
export async function writeMetadataFile(
  path: string,
  response: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await writeOutput(path, metadataJson(response), signal)
  } catch (cause) {
    throw new BuildkitError('EXPORT_FAILED', `the build is done, but ${option} cannot be written`, {
      subject: path,
      received: withoutAdvice(cause),
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
