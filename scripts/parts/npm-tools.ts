import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, checkout } from './cache.ts'
import { run } from './command.ts'
import { saying } from './say.ts'

/** The packages that are pinned in `tools/<name>`, installed the first time and after a change of pins: their folder. */
export async function npmTools(name: string): Promise<string> {
  const source = join(checkout, 'tools', name)
  const pins = await readFile(join(source, 'package-lock.json'))
  const fingerprint = createHash('sha256').update(pins).digest('hex').slice(0, 12)
  return cached(`tools/${name}-${fingerprint}`, async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      await copyFile(join(source, file), join(folder, file))
    await saying(`installing the packages of tools/${name} from npm, once`, () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }),
    )
  })
}
