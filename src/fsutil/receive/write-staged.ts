import type { Stats } from 'node:fs'
import { readdir, realpath, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Backlog } from './backlog.ts'
import { exportFailed, writing } from './export-failed.ts'
import { Monitor } from './monitor.ts'
import { StagedFile } from './staged-file.ts'
import { removeAbandoned, stagingName } from './staging-name.ts'

/**
 * Writes a file under a staging name and renames it when the stream has ended well. A new file gets the permissions
 * of any new file; an existing one, found through links, keeps its own.
 */
export async function writeStaged(
  batches: AsyncIterable<readonly Buffer[]>,
  path: string,
  existing: Stats | undefined,
  signal: AbortSignal,
): Promise<void> {
  const target = existing === undefined ? path : await writing(path, realpath(path))
  const directory = dirname(target)
  await removeAbandoned({ names: () => readdir(directory), pathOf: (name) => join(directory, name) })
  const staging = join(directory, stagingName())
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
