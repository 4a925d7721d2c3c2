import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from '../../src/cli/commands/build.ts'
import { debugWorkers } from '../../src/cli/commands/debug-workers.ts'
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes.ts'
import { daemonAddress } from '../support/daemon.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]!)

describe('the page about the command line', () => {
  it('names every option', () => {
    const names = Object.keys({ ...build.flags, ...debugWorkers.flags })
    assert.deepEqual(
      names.filter((name) => !new RegExp(`\`(-\\w\`, \`)?--${name}[ \`]`).test(page)),
      [],
    )
  })

  it('names every exit code, in the words of --help', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[]
    assert.deepEqual(
      rows,
      names.map((name) => [String(exitCodes[name]), exitCodeMeanings[name]]),
    )
  })
})

describe('the examples of the command line', { skip: skipWithout('daemon') }, () => {
  const expected = [
    /^built sha256:[0-9a-f]{64}\n$/,
    /^hello\n$/,
    /^oci-layout$.*"containerimage\.digest": "sha256:/ms,
    /"org\.mobyproject\.buildkit\.worker\.executor"/,
  ]
  assert.equal(examples.length, expected.length)
  for (const [index, example] of examples.entries()) {
    it(`example ${index + 1} does what it says`, async () => {
      await using dir = await tempDir()
      await command(dir.path)
      await mkdir(join(dir.path, 'work'))
      const { stdout } = await promisify(execFile)('sh', ['-ec', example], {
        cwd: join(dir.path, 'work'),
        env: { PATH: `${dir.path}:${process.env.PATH}`, HOME: dir.path, BUILDKIT_HOST: daemonAddress() },
      })
      assert.match(stdout, expected[index]!)
    })
  }
})

/** Makes `buildkit-client` a command of this checkout. */
async function command(folder: string): Promise<void> {
  const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url))
  const script = `#!/bin/sh\nexec '${process.execPath}' --import '${import.meta.resolve('tsx')}' '${bin}' "$@"\n`
  await writeFile(join(folder, 'buildkit-client'), script, { mode: 0o755 })
}
