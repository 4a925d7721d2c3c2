import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of one test, empty at first and removed with everything in it when it goes out of scope. */
export interface TempDir extends AsyncDisposable {
  /** Absolute, without symlinks. */
  readonly path: string
}

/** Makes one: `await using dir = await tempDir()`. */
export async function tempDir(): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'buildkit-client-test-')))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
