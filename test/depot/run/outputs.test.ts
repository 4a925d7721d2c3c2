import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { Depot } from '../../../src/depot/depot.ts'
import type { DepotSolveOptions } from '../../../src/depot/run/depot-solve-options.ts'
import { failed } from '../../support/fake-buildkitd.ts'
import { tempDir } from '../../support/temp.ts'
import { FakeMachines } from '../stand-in/fake-machines.ts'
import { startStandIn } from '../stand-in/stand-in.ts'

const options: DepotSolveOptions = {
  platforms: ['linux/amd64'],
  localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch' } },
}

describe('the outputs of a build on Depot', () => {
  it('fail it when they fail early, and Depot knows', async () => {
    await using dir = await tempDir()
    const machines = new FakeMachines({
      solve: async (build) => {
        if (!build.signal.aborted) await once(build.signal, 'abort')
        throw failed('context canceled')
      },
    })
    await using standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5 } })
    const { projectId, token } = standIn.createProject()
    const depot = new Depot({ apiUrl: standIn.apiUrl, token, env: {} })
    const output = createWriteStream(join(dir.path, 'missing', 'x.tar'))
    const run = depot.build({ ...options, projectId, exports: [{ type: 'tar', output }] })
    await assert.rejects(run.result, { code: 'EXPORT_FAILED', message: /^cannot write the output: ENOENT/ })
    for (const { buildId } of standIn.journal.named('FinishBuild'))
      assert.equal(standIn.build(buildId!).outcome?.status, 'failed')
    await depot.close()
  })

  it('are destroyed when it is refused, and when its machine’s solve fails', async () => {
    const machines = new FakeMachines({ solve: () => Promise.reject(failed('no')) })
    await using standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5 } })
    const { projectId, token } = standIn.createProject()
    const depot = new Depot({ apiUrl: standIn.apiUrl, token, env: {} })
    for (const [more, code] of [
      [{ tagz: [] }, 'INVALID_OPTION'],
      [{}, 'SOLVE_FAILED'],
    ] as const) {
      const output = new PassThrough()
      const run = depot.build({
        ...{ ...options, ...more, projectId },
        exports: [{ type: 'tar', output }],
      } as DepotSolveOptions)
      await assert.rejects(run.result, { code })
      assert.ok(output.destroyed)
    }
    await depot.close()
  })
})
