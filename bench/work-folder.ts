import { mkdtemp, realpath, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface WorkFolder extends AsyncDisposable {
  readonly path: string
  /** In memory, where no disk adds its moods to the figures. */
  readonly inMemory: boolean
}

const memoryFolder = '/dev/shm'

/**
 * A temporary folder for inputs, outputs and the daemon's state: in memory where `bytes` find room, else on
 * disk. While it is there, it is where this process and its children put their temporary files.
 */
export async function workFolder(bytes: number): Promise<WorkFolder> {
  const inMemory = (await freeBytes(memoryFolder)) >= bytes
  const path = await realpath(await mkdtemp(join(inMemory ? memoryFolder : tmpdir(), 'bench-')))
  const before = process.env.TMPDIR
  process.env.TMPDIR = path
  return {
    path,
    inMemory,
    async [Symbol.asyncDispose]() {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
      await rm(path, { recursive: true, force: true })
    },
  }
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return 0
  }
}
