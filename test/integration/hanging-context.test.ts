import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { daemonAddress } from '../support/daemon.ts'
import { hangingDisk } from '../support/hanging-disk.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const skip = skipWithout('daemon', 'hangfs')

test('one of two builds hangs on its disk: the other is done, it is cancelled, and the program ends', {
  skip,
}, async () => {
  await using dir = await tempDir()
  await using _ = await hangingDisk(dir.path)
  const program = `
    const hung = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: ${JSON.stringify(dir.path)}, dockerfile: ${JSON.stringify(dir.path)} },
    })
    hung.result.catch((error) => console.log(error.code))
    for await (const { vertexes = [] } of hung.status)
      if (vertexes.some(({ name, started }) => name.endsWith('load build context') && started !== undefined)) break
    await buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: { file: 'x' }, dockerfile: { Dockerfile: 'FROM scratch\\nCOPY file /' } },
    }).result
    console.log('done')
    hung.cancel('enough')
    await hung.result.catch(() => {})
  `
  assert.equal(await outputOf(program), 'done\nCANCELLED\n')
})

test('a context, or its Dockerfile, hangs before it is sent: the build is cancelled, and the program ends', {
  skip,
}, async () => {
  await using dir = await tempDir()
  await using _ = await hangingDisk(dir.path)
  const program = `
    const [disk, lost] = ${JSON.stringify([dir.path, join(dir.path, 'lost')])}
    for (const options of [
      { localDirs: { context: lost, dockerfile: disk } },
      { localDirs: { context: disk, dockerfile: disk }, frontendAttrs: { filename: 'lost' } },
    ]) {
      const hung = buildkit.solve({ frontend: 'dockerfile.v0', ...options })
      hung.result.catch((error) => console.log(error.code))
      // What is on no such disk goes its way meanwhile.
      await buildkit.solve({
        frontend: 'dockerfile.v0',
        localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch\\nCOPY . /' } },
      }).result
      hung.cancel('enough')
      await hung.result.catch(() => {})
    }
  `
  assert.equal(await outputOf(program), 'CANCELLED\nCANCELLED\n')
})

/** What a program prints that uses `buildkit`, until it ends, which it does by itself within two minutes. */
async function outputOf(use: string): Promise<string> {
  const program = `
    import { connect } from '${new URL('../../src/index.ts', import.meta.url)}'
    const buildkit = await connect(${JSON.stringify(daemonAddress())})
    ${use}
    await buildkit.close()
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { timeout: 120_000, killSignal: 'SIGKILL' },
  )
  return stdout
}
