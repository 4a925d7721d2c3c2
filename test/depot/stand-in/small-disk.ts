import { run } from '../../../scripts/parts/command.ts'

/** Mounts a disk of so many bytes, in memory, over an existing folder until it is disposed of. Needs root. */
export async function mountSmallDisk(folder: string, bytes: number): Promise<AsyncDisposable> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  return {
    async [Symbol.asyncDispose]() {
      await run('umount', ['--lazy', folder], { evenInterrupted: true })
    },
  }
}
