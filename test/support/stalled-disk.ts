import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Node does file calls on so many threads. */
const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)

/** Lets go at the end of its scope, unless that has been done. */
export interface StalledDisk extends AsyncDisposable {
  letGo(): Promise<void>
}

/**
 * Makes every file call of this process wait until it is let go, as on a disk that does not answer: all of
 * Node's threads wait for somebody to write to a named pipe, which is made in the given directory.
 */
export async function stallDisk(directory: string): Promise<StalledDisk> {
  const pipe = join(directory, 'stalled')
  await promisify(execFile)('mkfifo', [pipe])
  const waiting = Array.from({ length: threads }, () => open(pipe, 'r'))
  const letGo = async () => {
    const writer = await openWriter(pipe)
    for (const handle of await Promise.all(waiting.splice(0))) await handle.close()
    closeSync(writer)
  }
  return {
    letGo,
    [Symbol.asyncDispose]: async () => {
      if (waiting.length > 0) await letGo()
    },
  }
}

/** On this thread, since the others are busy; none of them may have come as far as to wait yet. */
async function openWriter(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENXIO') throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
