import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onExitSignal } from '../../../src/depot/builds/exit-signals.ts'
import { startTenant, type Tenant } from '../tenant.ts'
import type { ExitProgramOptions } from './exit-signals-program.ts'

const program = fileURLToPath(new URL('exit-signals-program.ts', import.meta.url))

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Signal = (typeof signals)[number]

type ProgramOptions = Omit<ExitProgramOptions, 'apiUrl' | 'token' | 'projectId'>

interface Program extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly lines: readonly string[]
  printed(line: string): Promise<void>
  readonly ended: Promise<{ code: number | null; endedBy: NodeJS.Signals | null }>
}

function start({ standIn }: Tenant, options: ProgramOptions): Program {
  const { projectId, token } = standIn.createProject()
  const told: ExitProgramOptions = { apiUrl: standIn.apiUrl, token, projectId, ...options }
  const args = ['--import', 'tsx', program, JSON.stringify(told)]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'close').then(([code, endedBy]) => ({ code, endedBy }))
  const lines: string[] = []
  const output = createInterface(child.stdout!).on('line', (line) => lines.push(line))
  return {
    child,
    lines,
    async printed(line) {
      while (!lines.includes(line)) await once(output, 'line')
    },
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs the program until it is ready, sends it the signal, and waits for its end. */
async function signalled(tenant: Tenant, signal: Signal, options: ProgramOptions) {
  await using running = start(tenant, options)
  const { child, lines, printed, ended } = running
  await printed('ready')
  child.kill(signal)
  return { ...(await ended), lines }
}

/** What was reported of each build. */
function outcomes({ standIn }: Tenant) {
  return standIn.journal.named('CreateBuild').map(({ buildId }) => standIn.build(buildId!).outcome)
}

const cancelled = { status: 'cancelled', by: 'client' }

describe('a process with open builds', () => {
  for (const signal of signals) {
    it(`that gets ${signal} finishes them as cancelled, and dies of that signal`, async () => {
      await using tenant = await startTenant()
      const { endedBy, lines } = await signalled(tenant, signal, { does: 'builds' })
      assert.deepEqual([endedBy, lines], [signal, ['ready']])
      assert.deepEqual(outcomes(tenant), [cancelled, cancelled])
      assert.equal(tenant.standIn.journal.named('FinishBuild').length, 2)
    })

    it(`that gets ${signal} while one is being registered finishes that one too`, async () => {
      await using tenant = await startTenant()
      tenant.standIn.faults.add({ method: 'CreateBuild', kind: 'delay', delayMs: 1_000 })
      await using running = start(tenant, { does: 'registers' })
      const { child, lines, ended } = running
      await tenant.standIn.journal.until(({ method }) => method === 'CreateBuild', { timeoutMs: 60_000 })
      child.kill(signal)
      const { endedBy } = await ended
      assert.equal(endedBy, signal)
      assert.deepEqual(outcomes(tenant), [cancelled])
      assert.equal(tenant.standIn.journal.named('FinishBuild').length, 1)
      assert.deepEqual(lines.slice(1), [])
    })
  }

  it('that gets a signal while one is being registered that is not wanted any more finishes it', async () => {
    await using tenant = await startTenant()
    tenant.standIn.faults.add({ method: 'CreateBuild', kind: 'delay', delayMs: 1_000 })
    await using running = start(tenant, { does: 'abandons' })
    const { child, printed, ended } = running
    await tenant.standIn.journal.until(({ method }) => method === 'CreateBuild', { timeoutMs: 60_000 })
    child.send('abort')
    await printed('abandoned')
    child.kill('SIGTERM')
    assert.equal((await ended).endedBy, 'SIGTERM')
    assert.deepEqual(outcomes(tenant), [cancelled])
  })

  it('that gets a signal during depot.build() finishes it as cancelled', async () => {
    await using tenant = await startTenant({ behaviour: { solve: () => new Promise(() => {}) } })
    await using running = start(tenant, { does: 'runs' })
    const { child, ended } = running
    const active = ({ method, outcome }: { method: string; outcome: string | undefined }) =>
      method === 'GetBuildKitConnection' && outcome === 'ok'
    await tenant.standIn.journal.until(active, { timeoutMs: 60_000 })
    child.kill('SIGTERM')
    assert.equal((await ended).endedBy, 'SIGTERM')
    assert.deepEqual(outcomes(tenant), [cancelled])
  })

  it('that handles the signal itself lives on until it exits', async () => {
    await using tenant = await startTenant()
    const { code, endedBy, lines } = await signalled(tenant, 'SIGTERM', { does: 'builds', handles: true })
    assert.deepEqual([code, endedBy, lines], [3, null, ['ready', 'handled']])
    assert.deepEqual(outcomes(tenant), [cancelled, cancelled])
  })

  it('that gets a second signal waits for nothing', async () => {
    await using tenant = await startTenant()
    tenant.standIn.faults.add({ method: 'FinishBuild', kind: 'silence', times: Infinity })
    await using running = start(tenant, { does: 'builds' })
    const { child, printed, ended } = running
    await printed('ready')
    child.kill('SIGTERM')
    await tenant.standIn.journal.until(({ method }) => method === 'FinishBuild')
    child.kill('SIGTERM')
    assert.equal((await ended).endedBy, 'SIGTERM')
    assert.deepEqual(outcomes(tenant), [undefined, undefined])
  })
})

describe('a process with open builds, beside signal-exit', () => {
  const resolve = (name: string) => pathToFileURL(createRequire(import.meta.url).resolve(name)).href
  const [one, both] = [['signal-exit'], ['signal-exit-3', 'signal-exit']]
  const cases: [string, readonly string[], 'before' | 'after', Signal][] = [
    ...signals.map((signal) => ['4', one, 'after', signal] as [string, string[], 'after', Signal]),
    ['4', one, 'before', 'SIGTERM'],
    ['3', ['signal-exit-3'], 'before', 'SIGTERM'],
    ['3 and 4', both, 'before', 'SIGTERM'],
    ['3 and 4', both, 'after', 'SIGINT'],
  ]
  for (const [version, names, when, signal] of cases)
    it(`${version}, that listens ${when} us, dies of ${signal} with its builds finished`, async () => {
      await using tenant = await startTenant()
      const options = { does: 'builds', signalExit: names.map(resolve), when } as const
      const { endedBy, lines } = await signalled(tenant, signal, options)
      assert.equal(endedBy, signal)
      assert.deepEqual(outcomes(tenant), [cancelled, cancelled])
      // Each of them says so once, after the builds are finished.
      assert.deepEqual(lines, ['ready', ...names.map(() => `signal-exit ${signal}`)])
    })
})

describe('a process with two copies of this package', () => {
  it('dies of a signal once both have done what they have to do', async () => {
    await using tenant = await startTenant()
    const { endedBy, lines } = await signalled(tenant, 'SIGTERM', { does: 'builds', copy: true })
    assert.deepEqual([endedBy, lines], ['SIGTERM', ['ready', 'ended by the copy']])
    assert.deepEqual(outcomes(tenant), [cancelled, cancelled])
  })
})

describe('onExitSignal', () => {
  const handlers = () => signals.reduce((sum, signal) => sum + process.listenerCount(signal), 0)

  it('has one handler for any number of builds, and none without', () => {
    const before = handlers()
    const forgets = [1, 2, 3].map(() => onExitSignal(async () => {}))
    assert.equal(handlers(), before + signals.length)
    for (const forget of forgets) forget()
    assert.equal(handlers(), before)
    forgets[0]!()
    onExitSignal(async () => {})()
    assert.equal(handlers(), before)
  })
})
