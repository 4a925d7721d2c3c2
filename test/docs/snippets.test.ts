import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { daemonAddress } from '../support/daemon.ts'
import { startRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The TypeScript blocks of a page, in order. */
async function snippetsOf(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!)
}

/**
 * Runs a snippet as a reader would, in a folder with a Dockerfile: only the daemon's and the registry's usual
 * addresses become those of this test, and the package is this checkout.
 */
async function runSnippet(snippet: string, dir: string, registry: string): Promise<string> {
  await mkdir(join(dir, 'node_modules'))
  await symlink(root, join(dir, 'node_modules/buildkit-client'))
  await writeFile(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
  const address = daemonAddress()
  const code = snippet
    .replaceAll('unix:///run/buildkit/buildkitd.sock', address)
    .replaceAll('/run/buildkit/buildkitd.sock', address.slice('unix://'.length))
    .replaceAll('localhost:5000', registry)
    .replaceAll(`'buildkit-client/progress'`, `'${join(root, 'src/progress/index.ts')}'`)
    .replaceAll(`'buildkit-client'`, `'${join(root, 'src/index.ts')}'`)
  await writeFile(join(dir, 'snippet.mts'), code)
  const loader = import.meta.resolve('tsx')
  const { stdout } = await run(process.execPath, ['--import', loader, 'snippet.mts'], { cwd: dir })
  return stdout
}

/** What a page promises in a comment behind `console.log`, where it is one value. */
function promises(snippet: string): string[] {
  const comments = [...snippet.matchAll(/console\.log\(.*\)\s*\/\/ ([A-Z_0-9 ]+|ready)$/gm)]
  return comments.map((match) => match[1]!)
}

describe('the pages of the manual', { skip: skipWithout('daemon', 'registry') }, async () => {
  const pages = ['README.md', ...(await readdir(join(root, 'docs'))).sort().map((name) => `docs/${name}`)]
  for (const page of pages) {
    for (const [index, snippet] of (await snippetsOf(page)).entries()) {
      it(`${page}, snippet ${index + 1}, runs`, async () => {
        await using dir = await tempDir()
        await using registry = await startRegistry()
        const output = await runSnippet(snippet, dir.path, registry.host)
        for (const promise of promises(snippet))
          assert.ok(output.includes(promise), `${promise} in ${output}`)
      })
    }
  }
})
