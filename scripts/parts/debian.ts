import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findExecutable } from '../../src/daemon/executable.ts'
import { cached } from './cache.ts'
import { run } from './command.ts'
import { saying } from './say.ts'

/**
 * A folder with the files of Debian packages as they would lie under `/`. They are unpacked, not
 * installed: no service gets started, nothing on the machine is replaced, and no other user sees them.
 */
export async function debianPackages(...names: string[]): Promise<string> {
  if ((await findExecutable('apt-get', process.env.PATH)) === undefined)
    throw new Error(`Debian's ${names.join(', ')} cannot be fetched: this system has no apt-get`)
  return cached(`debian/${names.join('+')}`, (folder) =>
    saying(`fetching Debian's ${names.join(', ')}`, async () => {
      await download(names, folder)
      for (const file of await readdir(folder)) {
        await run('dpkg-deb', ['--extract', join(folder, file), folder])
        await rm(join(folder, file))
      }
    }),
  )
}

async function download(names: readonly string[], folder: string): Promise<void> {
  const once = () => run('apt-get', ['download', '--quiet', ...names], { cwd: folder })
  try {
    await once()
  } catch (error) {
    // A new machine has no package lists yet, an old one may have lists of versions that are gone.
    if (process.getuid?.() !== 0) throw error
    await run('apt-get', ['update', '--quiet'])
    await once()
  }
}
