import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { run as runCommand } from '../../scripts/parts/command.ts'
import { connect } from '../../src/index.ts'
import { buildctl, daemonAddress } from '../support/daemon.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

it('a build with 10,000 ignore patterns sends what buildctl sends', {
  skip: skipWithout('daemon', 'buildctl'),
}, async () => {
  await using dir = await tempDir()
  const context = join(dir.path, 'context')
  await mkdir(context)
  const patterns = Array.from({ length: 10_000 }, (_, i) => `generated/of-package-${i}/**/*.o`)
  await writeFile(join(context, '.dockerignore'), `${patterns.join('\n')}\nignored-*\n`)
  for (const name of ['kept-1', 'kept-2', 'ignored-1']) await writeFile(join(context, name), name)
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY kept* ignored* /\n')
  await using buildkit = await connect(daemonAddress())
  await buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context, dockerfile: context },
    exports: [{ type: 'local', outputDir: join(dir.path, 'ours') }],
  }).result
  await runCommand(buildctl(), [
    ...['--addr', daemonAddress(), 'build', '--no-cache', '--frontend', 'dockerfile.v0'],
    ...['--local', `context=${context}`, '--local', `dockerfile=${context}`],
    ...['--output', `type=local,dest=${join(dir.path, 'theirs')}`],
  ])
  assert.deepEqual(await readdir(join(dir.path, 'ours')), ['kept-1', 'kept-2'])
  assert.deepEqual(await readdir(join(dir.path, 'theirs')), ['kept-1', 'kept-2'])
})
