import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportFailed } from './export-failed.ts'
import { openOutput } from './output-path.ts'
import { writeStaged } from './write-staged.ts'

/**
 * Writes what is one stream to a path that the user names, or to a Writable. Returns when all of it is there.
 *
 * A file is written under a staging name beside its own and renamed when the stream has ended well: until then what
 * was there before stays, and of a stream that breaks nothing is left. Its directory must exist. An existing file
 * keeps its permissions, a symlink to one stays a link, and a device, a named pipe or an open descriptor
 * (`/dev/stdout`, `/dev/fd/63`) is written to as it is; for the reader of a named pipe it waits until the signal.
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
  const opened = await openOutput(output, signal)
  if (opened.kind === 'file') await writeStaged(batches, output, opened.existing, signal)
  else await intoWritable(batches, opened.writable, output, signal)
}

/** Writes a whole text to a path that the user names, by the rules of {@link receiveStream}. */
export async function writeOutput(path: string, text: string, signal: AbortSignal): Promise<void> {
  await receiveStream(once([Buffer.from(text)]), path, signal)
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item
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
