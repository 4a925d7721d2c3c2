import { constants, type FileHandle, open } from 'node:fs/promises'
import { parse, YAMLParseError } from 'yaml'
import { BuildkitError, messageOf, systemCode } from '../../base/errors.ts'

/** What stands at the top of a configuration file. */
export type ConfigFile = Readonly<Record<string, unknown>>

/**
 * Reads a configuration file of Depot's tools, YAML or JSON, of 8 KiB at most; undefined where there is none.
 * Every scalar is text, as it stands in the file: an id may look like a number.
 *
 * Throws INVALID_OPTION for what cannot be read or is malformed, naming the file and the place in it, and never
 * what stands there.
 */
export async function readConfigFile(path: string): Promise<ConfigFile | undefined> {
  const text = await contents(path)
  return text === undefined ? undefined : parsed(text, path)
}

/**
 * Ten times what these files hold. The parser needs time with the square of it for text such as `{}{}`, in which
 * nothing else happens: 8 s for 64 KiB.
 */
const maxBytes = 8 << 10

/** `ENOTDIR`: a file stands where its folder was expected. */
const absent: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR'])

async function contents(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined
  try {
    // Without waiting: the folder may be a tenant's, and the name in it a pipe to which nobody writes.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if (!(await file.stat()).isFile()) throw malformed(path, 'a file', 'something else of that name')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1))
    if (bytesRead > maxBytes) throw malformed(path, `at most ${maxBytes} bytes`, 'more')
    return buffer.toString('utf8', 0, bytesRead)
  } catch (cause) {
    if (cause instanceof BuildkitError) throw cause
    if (absent.has(systemCode(cause))) return undefined
    throw malformed(path, 'a file that can be read', systemCode(cause) ?? messageOf(cause), cause)
  } finally {
    await file?.close()
  }
}

function parsed(text: string, path: string): ConfigFile {
  let values: unknown
  try {
    values = parse(text, { schema: 'failsafe', logLevel: 'error' })
  } catch (error) {
    // The parser's own message quotes the text, which may be a token: only the place is safe to tell.
    const [start] = (error instanceof YAMLParseError && error.linePos) || []
    const place =
      start === undefined ? 'something else' : `a mistake in line ${start.line}, column ${start.col}`
    throw malformed(path, 'YAML or JSON', place)
  }
  // An empty file is empty text in this schema.
  if (values === '' || values === null) return {}
  if (typeof values !== 'object' || Array.isArray(values))
    throw malformed(path, 'keys and values', 'something else')
  return values as ConfigFile
}

/** INVALID_OPTION for a configuration file. */
export function malformed(path: string, expected: string, received: string, cause?: unknown): BuildkitError {
  return new BuildkitError('INVALID_OPTION', `${path} cannot be used`, {
    subject: path,
    expected,
    received,
    advice: 'Mend it, or move it away',
    ...(cause !== undefined && { cause }),
  })
}
