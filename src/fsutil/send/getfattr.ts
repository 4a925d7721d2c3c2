import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { BuildkitError, messageOf } from '../../base/errors.ts'
import { type ByteString, bytesOf } from '../byte-string.ts'

/** Extended attributes by name. */
export type Xattrs = ReadonlyMap<ByteString, Buffer>

/** Whether {@link readXattrs} can be used: the tool is in the package `attr` of most systems. */
export async function hasXattrTool(): Promise<boolean> {
  const path = process.env.PATH ?? ''
  if (foundOn.has(path)) return true
  const found = (await isInstalled('getfattr', path)) && (await isInstalled('xargs', path))
  if (found) foundOn.add(path)
  return found
}

/** Every transfer asks, and a build has several. Where it is missing, it may be installed meanwhile. */
const foundOn = new Set<string>()

/**
 * Reads the extended attributes of the entries at these absolute paths, links themselves included, with the
 * system's own tool, `getfattr`: Node has no call for them. Entries without any are left out, and so are those
 * that cannot be asked. Throws CONTEXT_FAILED when the tool does not run, and the signal's reason.
 */
export async function readXattrs(
  paths: readonly ByteString[],
  signal: AbortSignal,
): Promise<ReadonlyMap<ByteString, Xattrs>> {
  // Names are bytes and may be many: they go through a pipe and xargs, which makes arguments of them.
  const command = [
    '-0',
    '-s',
    maxArgumentBytes,
    'getfattr',
    '--absolute-names',
    '-h',
    '-d',
    '-m',
    '-',
    '-e',
    'base64',
    '--',
  ]
  const child = spawn('xargs', command, { stdio: ['pipe', 'pipe', 'ignore'], signal })
  // It may end before it has read everything; then its exit code says why.
  child.stdin.on('error', () => {})
  child.stdin.end(bytesOf(paths.map((path) => `${path}\0`).join('')))
  const dump: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => dump.push(chunk))
  const code = await endOf(child, signal)
  if (code !== 0 && code !== someFailed)
    throw toolFailed(code === null ? 'an end by a signal' : `exit code ${code}`)
  return parseDump(Buffer.concat(dump).toString('latin1'))
}

/** For one process: half of what Linux allows with its usual limits; where that is less, xargs takes what there is. */
const maxArgumentBytes = String(1 << 20)

/** How xargs ends when a call has failed; getfattr fails when one of its files has vanished. */
const someFailed = 123

/**
 * Reads what `getfattr -d -e base64` prints: for each entry a line `# file: <path>`, then a line
 * `<name>=0s<base64>` for each attribute, then an empty one. In paths and names a newline, a backslash and, in
 * names, an equals sign stand as a backslash and three octal digits.
 */
export function parseDump(dump: ByteString): Map<ByteString, Xattrs> {
  const entries = new Map<ByteString, Xattrs>()
  let xattrs = new Map<ByteString, Buffer>()
  for (const line of dump.split('\n')) {
    if (line.startsWith(fileLine)) {
      xattrs = new Map()
      entries.set(unescaped(line.slice(fileLine.length)), xattrs)
      continue
    }
    const equals = line.indexOf('=')
    if (equals < 0) continue
    const value = line.slice(equals + 1)
    if (!value.startsWith(base64Mark)) continue
    const name = unescaped(line.slice(0, equals))
    if (!name.startsWith(skippedPrefix))
      xattrs.set(name, Buffer.from(value.slice(base64Mark.length), 'base64'))
  }
  return entries
}

const fileLine = '# file: '
const base64Mark = '0s'

/** Of use only to the system that has made them; the Go client leaves them out as well. */
const skippedPrefix = 'com.apple.'

function unescaped(text: ByteString): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

async function endOf(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return code
  } catch (cause) {
    signal.throwIfAborted()
    throw toolFailed(messageOf(cause), cause)
  }
}

async function isInstalled(program: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter)) {
    const isThere = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return true
  }
  return false
}

function toolFailed(received: string, cause?: unknown): BuildkitError {
  return new BuildkitError('CONTEXT_FAILED', 'extended attributes cannot be read', {
    expected: 'xargs and getfattr to run and to end with 0',
    received,
    cause,
  })
}
