import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { daemonAddress } from '../support/daemon.ts'
import { startRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'
import { needsDepot, promises, root, runSnippet, snippetsOf } from './manual.ts'

/** Only the daemon's and the registry's usual addresses become those of this test. */
function words(registry: string): Record<string, string> {
  const address = daemonAddress()
  return {
    'unix:///run/buildkit/buildkitd.sock': address,
    '/run/buildkit/buildkitd.sock': address.slice('unix://'.length),
    'localhost:5000': registry,
  }
}

describe('the pages of the manual', { skip: skipWithout('daemon', 'registry') }, async () => {
  const names = (await readdir(join(root, 'docs'))).filter((name) => name !== 'depot.md').sort()
  for (const page of ['README.md', ...names.map((name) => `docs/${name}`)]) {
    for (const snippet of await snippetsOf(page)) {
      if (needsDepot(snippet)) continue
      it(`${snippet.name}, runs`, async () => {
        await using dir = await tempDir()
        await using registry = await startRegistry()
        const output = await runSnippet(snippet, dir.path, { words: words(registry.host) })
        for (const promise of promises(snippet))
          assert.ok(output.includes(promise), `${promise} in ${output}`)
      })
    }
  }
})
