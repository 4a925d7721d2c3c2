import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { part } from './parts.ts'

/**
 * Mounts a file system at a path: a Dockerfile that copies the file `hang`, and that file, which never comes to an end of
 * being opened; what is looked for by the name `lost` is never found. It lets go at the end of its scope. For tests that
 * need the part `hangfs`.
 */
export async function hangingDisk(path: string): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true })
  const child = spawn(part('hangfs'), [path], { stdio: ['pipe', 'pipe', 'inherit'] })
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('hangfs could not mount')
    }),
  ])
  return {
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
