import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { onExitSignal } from '../../../src/depot/builds/exit-signals.ts'
import { startTenant, type Tenant } from '../tenant.ts'

const program = fileURLToPath(new URL('exit-signals-program.ts', import.meta.url))

/** Runs the program until it has begun two builds, sends it the signal, and waits for its end. */
async function signalled(tenant: Tenant, signal: 'SIGINT' | 'SIGTERM', ...more: string[]) {
  const { projectId, token } = tenant.standIn.createProject()
  const args = ['--import', 'tsx', program, tenant.standIn.apiUrl, token, projectId, ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (line === 'ready') child.kill(signal)
  }
  const [code, endedBy] = await ended
  return { code, endedBy, lines }
}

/** What was reported of each build. */
function outcomes({ standIn }: Tenant) {
  return standIn.journal.named('CreateBuild').map(({ buildId }) => standIn.build(buildId!).outcome)
}

describe('a process with open builds', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`that gets ${signal} finishes them as cancelled, and dies of that signal`, async () => {
      await using tenant = await startTenant()
      const { endedBy, lines } = await signalled(tenant, signal)
      assert.deepEqual([endedBy, lines], [signal, ['ready']])
      const cancelled = { status: 'cancelled', by: 'client' }
      assert.deepEqual(outcomes(tenant), [cancelled, cancelled])
      assert.equal(tenant.standIn.journal.named('FinishBuild').length, 2)
    })

  it('that handles the signal itself lives on until it ends by its own will', async () => {
    await using tenant = await startTenant()
    const { code, endedBy, lines } = await signalled(tenant, 'SIGTERM', 'handles')
    assert.deepEqual([code, endedBy, lines], [3, null, ['ready', 'handled']])
    assert.deepEqual(
      outcomes(tenant).map((outcome) => outcome?.status),
      ['cancelled', 'cancelled'],
    )
  })
})

describe('onExitSignal', () => {
  it('has one handler for any number of builds, and none without', () => {
    const handlers = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')
    const before = handlers()
    const forgets = [1, 2, 3].map(() => onExitSignal(async () => {}))
    assert.equal(handlers(), before + 2)
    for (const forget of forgets) forget()
    assert.equal(handlers(), before)
  })
})
