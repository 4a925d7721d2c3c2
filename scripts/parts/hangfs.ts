import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { goTools } from './go-tools.ts'

/** The program that mounts a file system which hangs. Only root can mount, and only where there is FUSE. */
export async function hangfsCommand(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('only root can mount a file system')
  await access('/dev/fuse', constants.R_OK | constants.W_OK)
  return join(await goTools('hangfs'), 'hangfs')
}
