import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { connect } from '../../src/index.ts'
import { fileSync } from '../../src/session/files/file-sync.ts'
import { daemonAddress } from '../support/daemon.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

describe('the session of a build on a real daemon', { skip: skipWithout('daemon') }, () => {
  it('serves directories of the caller’s own attachable beside localDirs', async () => {
    await using dir = await tempDir()
    await using buildkit = await connect(daemonAddress())
    const outputDir = join(dir.path, 'out')
    await buildkit.solve({
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'context:extra': 'local:extra' },
      localDirs: {
        context: { a: 'from localDirs' },
        dockerfile: { Dockerfile: 'FROM scratch\nCOPY a /\nCOPY --from=extra b /\n' },
      },
      session: [fileSync({ extra: { b: 'from the attachable' } })],
      exports: [{ type: 'local', outputDir }],
    }).result
    assert.equal(await readFile(join(outputDir, 'a'), 'utf8'), 'from localDirs')
    assert.equal(await readFile(join(outputDir, 'b'), 'utf8'), 'from the attachable')
  })
})
