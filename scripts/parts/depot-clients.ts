import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, checkout } from './cache.ts'
import { run } from './command.ts'
import { saying } from './say.ts'

/** Depot's own command line, the released program, pinned in `tools/depot`. There is one for Linux on x64. */
export async function depotCli(): Promise<string> {
  const here = `${process.platform} ${process.arch}`
  if (here !== 'linux x64') throw new Error(`Depot's CLI is pinned for linux x64 only, and this is ${here}`)
  return join(await depotClients(), 'node_modules/@depot/cli-linux-x64/bin/depot')
}

/** The folder of Depot's own package for Node, pinned in `tools/depot`. */
export async function depotSdk(): Promise<string> {
  return join(await depotClients(), 'node_modules/@depot/sdk-node')
}

/** Both, installed the first time and after a change of pins. */
async function depotClients(): Promise<string> {
  const source = join(checkout, 'tools/depot')
  const pins = await readFile(join(source, 'package-lock.json'))
  const fingerprint = createHash('sha256').update(pins).digest('hex').slice(0, 12)
  return cached(`tools/depot-${fingerprint}`, async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      await copyFile(join(source, file), join(folder, file))
    await saying("installing Depot's own clients from npm, once", () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }),
    )
  })
}
