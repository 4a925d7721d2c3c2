import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTenant } from '../tenant.ts'

const program = fileURLToPath(new URL('build-program.ts', import.meta.url))

describe('a process that has built', () => {
  for (const machineApi of ['cli', 'public'] as const)
    it(`ends by itself at once: no timer and no connection holds it (${machineApi} API)`, async () => {
      await using tenant = await startTenant()
      const { projectId, token } = tenant.standIn.createProject()
      const args = ['--import', 'tsx', program, tenant.standIn.apiUrl, token, projectId, machineApi]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      assert.equal(String((await once(child.stdout, 'data'))[0]), 'built\n')
      const began = performance.now()
      assert.deepEqual(await ended, [0, null])
      assert.ok(performance.now() - began < 2_000)
      const [created] = tenant.standIn.journal.named('CreateBuild')
      assert.deepEqual(tenant.standIn.build(created!.buildId!).outcome, { status: 'success' })
    })

  for (const forgets of ['forgets', 'forgets and exits'])
    it(`and ${forgets} is told which build is open`, async () => {
      await using tenant = await startTenant()
      const { projectId, token } = tenant.standIn.createProject()
      const args = ['--import', 'tsx', program, tenant.standIn.apiUrl, token, projectId, 'cli', forgets]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      const [words, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
      assert.equal(code, 0)
      const [created] = tenant.standIn.journal.named('CreateBuild')
      const named = [
        ...words.matchAll(/UNFINISHED_BUILD\)?.* the process ends while Depot build (\w+) is open/g),
      ]
      assert.deepEqual(
        named.map(([, buildId]) => buildId),
        [created!.buildId],
      )
    })
})
