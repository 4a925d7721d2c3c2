import { constants, createWriteStream, open, type Stats } from 'node:fs'
import { realpath, rename, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { BuildkitError, systemCode } from '../../base/errors.ts'
import { Backlog } from './backlog.ts'
import { exportFailed, writing } from './export-failed.ts'
import { Monitor } from './monitor.ts'
import { StagedFile, stagingName } from './staged-file.ts'

/**
 * Writes an export that is one stream to the path of a file or to a Writable. Returns when all of it is there.
 *
 * A file is written under a staging name beside its own and renamed when the stream has ended well: until then what
 * was there before stays, and of a stream that breaks nothing is left. Its directory must exist. An existing file
 * keeps its permissions, a symlink to one stays a link, and a device or named pipe is written to as it is.
 *
 * A Writable is ended, and its end awaited; when anything fails it is destroyed with that error.
 *
 * Throws EXPORT_FAILED for what goes wrong on this side, and what the batches throw as it is.
 */
export async function receiveStream(
  batches: AsyncIterable<readonly Buffer[]>,
  output: string | Writable,
  signal: AbortSignal,
): Promise<void> {
  if (typeof output !== 'string') return await intoWritable(batches, output, 'the output', signal)
  const existing = await find(output)
  if (existing === undefined || existing.isFile()) await intoFile(batches, output, existing, signal)
  else await intoWritable(batches, await openSpecial(output, existing), output, signal)
}

async function intoWritable(
  batches: AsyncIterable<readonly Buffer[]>,
  writable: Writable,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  // Node's pipeline would wait forever for the end of a stream that has ended.
  if (writable.writable === false) throw exportFailed(target, new Error('it is over already'))
  let broken: { readonly error: unknown } | undefined
  async function* source(): AsyncGenerator<Buffer> {
    try {
      for await (const chunks of batches) yield* chunks
    } catch (error) {
      broken = { error }
      throw error
    }
  }
  try {
    await pipeline(source, writable, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw broken === undefined ? exportFailed(target, error) : (broken as { error: unknown }).error
  }
}

async function intoFile(
  batches: AsyncIterable<readonly Buffer[]>,
  path: string,
  existing: Stats | undefined,
  signal: AbortSignal,
): Promise<void> {
  const target = existing === undefined ? path : await writing(path, realpath(path))
  const staging = join(dirname(target), stagingName())
  const monitor = new Monitor()
  const backlog = new Backlog(monitor)
  const file = new StagedFile(staging, {
    mode: existing === undefined ? 0o666 : 0o600,
    backlog,
    gatherBytes: 1 << 20,
    onFailure: (error) => monitor.fail(exportFailed(path, error)),
  })
  try {
    for await (const chunks of batches) {
      for (const chunk of chunks) file.append(chunk)
      await backlog.room()
    }
    await writing(path, file.complete(existing === undefined ? {} : { mode: existing.mode & 0o777 }))
    signal.throwIfAborted()
    await writing(path, rename(staging, target))
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** What is at the path, or nothing if a file can be made there. */
async function find(path: string): Promise<Stats | undefined> {
  const existing = await statOf(path)
  if (existing?.isDirectory()) throw unusable(path, 'the path of a file', 'a directory')
  if (existing !== undefined || (await statOf(dirname(path)))?.isDirectory()) return existing
  throw unusable(path, 'a path in an existing directory', 'one in no directory')
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw exportFailed(path, error)
  }
}

/** Opened without waiting: a pipe that nobody reads is an error, and nothing hangs when its reader stops. */
async function openSpecial(path: string, existing: Stats): Promise<Writable> {
  const fd = await writing(path, openDescriptor(path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)))
  return existing.isFIFO() ? new Socket({ fd, readable: false }) : createWriteStream(path, { fd })
}

const openDescriptor = promisify(open) as (path: string, flags: number) => Promise<number>

function unusable(path: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('EXPORT_FAILED', `cannot write ${path}`, { subject: path, expected, received })
}
