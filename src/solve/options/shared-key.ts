import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { find } from '../../fsutil/disk/find.ts'
import { dockerfileDirs } from './dockerfile-dirs.ts'
import type { SolveOptions } from './options.ts'

/**
 * The default shared key: the context directory's name and a hash of where it is. The next build of the same
 * directory from the same machine finds the daemon's copy of it; no path leaves this machine.
 */
export async function sharedKeyOf(
  { localDirs = {}, frontendAttrs = {} }: SolveOptions,
  signal: AbortSignal,
): Promise<string> {
  const [name] = dockerfileDirs(frontendAttrs).context.filter((one) => localDirs[one] !== undefined)
  const context = name === undefined ? Object.values(localDirs)[0] : localDirs[name]
  if (typeof context !== 'string') return ''
  const { path } = await find(context, signal)
  const place = createHash('sha256').update(`${hostname()}\0${path}`).digest('hex').slice(0, 12)
  return `${encodeURIComponent(basename(path))}:${place}`
}
