import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { guardedWarning } from '../../src/base/warning.ts'
import { connect } from '../../src/buildkit.ts'
import type { SolveOptions } from '../../src/solve/options/options.ts'
import { startSolve } from '../../src/solve/run.ts'
import { openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { type FakeBehaviour, failed, fakeBuildkitd } from '../support/fake-buildkitd.ts'
import { fakeRuns } from '../support/fake-run.ts'
import { stallDisk } from '../support/stalled-disk.ts'
import { tempDir } from '../support/temp.ts'

const heedsSignal: FakeBehaviour = {
  solve: async (build) => {
    if (!build.signal.aborted) await once(build.signal, 'abort')
    throw failed('context canceled')
  },
}

/** The warnings of the process while something is done. */
async function warningsOf(work: () => Promise<void>): Promise<Error[]> {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  try {
    await work()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('warning', note)
  }
  return warnings
}

describe('the outputs of a build', () => {
  it('fail it when they fail before anything is written, and the daemon’s work ends', async () => {
    await using dir = await tempDir()
    await using runs = await fakeRuns(heedsSignal)
    const output = createWriteStream(join(dir.path, 'missing', 'x.tar'))
    await assert.rejects(runs.solve({}, { exports: [{ type: 'tar', output }] }).result, {
      code: 'EXPORT_FAILED',
      message: /^cannot write the output: ENOENT: no such file or directory/,
    })
  })

  it('are destroyed unused when the build fails, is cancelled, or is refused', async () => {
    const refused: SolveOptions[] = [
      { frontend: 'and a definition' },
      { sharedKei: '' } as SolveOptions,
      { session: [{ methods: {}, check: () => Promise.reject(new Error('no')) }] },
    ]
    await using runs = await fakeRuns({ solve: () => Promise.reject(failed('no')) })
    for (const options of [{}, { signal: AbortSignal.abort() }, ...refused]) {
      const output = new PassThrough()
      const run = runs.solve({}, { ...options, exports: [{ type: 'tar', output }] })
      await assert.rejects(run.result)
      assert.ok(output.destroyed, JSON.stringify(options))
    }
    const nonsense = { exports: [null, 7, { type: 'tar' }] as unknown as SolveOptions['exports'] }
    await assert.rejects(runs.solve({}, nonsense).result, { code: 'INVALID_OPTION' })
  })
})

describe('what a build waits for before it is sent', () => {
  it('does not hold it up once it is cancelled: questions to the daemon', async () => {
    const daemon = fakeBuildkitd({
      handlers: { '/moby.buildkit.v1.Control/ListWorkers': () => new Promise<void>(() => {}) },
      solve: () => assert.fail('it was sent'),
    })
    const route = { ...(await routeTo(daemon.dial, {})), kind: 'engine' as const }
    const connection = await openConnection(route)
    const run = startSolve(connection, {
      definition: new Uint8Array(),
      exports: [{ type: 'image', attrs: { name: 'a' } }],
    })
    setImmediate(() => run.cancel('enough'))
    await assert.rejects(run.result, { code: 'CANCELLED', message: /enough/ })
    await connection.close()
  })
})

describe('a disk that hangs before a build is sent', { skip: process.platform !== 'linux' }, () => {
  it('does not hold it up once it is cancelled', async () => {
    await using dir = await tempDir()
    await using runs = await fakeRuns({ solve: () => assert.fail('it was sent') })
    await using _ = await stallDisk(dir.path)
    for (const options of [
      { localDirs: { context: dir.path } },
      { exports: [{ type: 'tar', output: join(dir.path, 'x.tar') }] },
    ] as SolveOptions[]) {
      const run = runs.solve({}, options)
      setImmediate(() => run.cancel('enough'))
      await assert.rejects(run.result, { code: 'CANCELLED', message: /enough/ })
    }
  })
})

describe('the caller’s signal', () => {
  it('serves fifty builds at once and keeps no listener', async () => {
    await using runs = await fakeRuns(heedsSignal)
    const all = new AbortController()
    const warnings = await warningsOf(async () => {
      const builds = Array.from({ length: 50 }, () => runs.solve({}, { signal: all.signal }))
      assert.equal(getEventListeners(all.signal, 'abort').length, 1)
      builds[0]!.cancel()
      await assert.rejects(builds[0]!.result, { code: 'CANCELLED' })
      all.abort(new Error('all of them'))
      for (const build of builds.slice(1))
        await assert.rejects(build.result, { code: 'CANCELLED', message: /all of them/ })
    })
    assert.deepEqual(warnings, [])
    assert.equal(getEventListeners(all.signal, 'abort').length, 0)
  })

  it('is not listened to after builds that end by themselves', async () => {
    await using runs = await fakeRuns({})
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 20 }, () => runs.solve({}, { signal }).result))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

describe('a failing callback of the caller', () => {
  it('is a warning when it is onWarning, and the build goes on', async () => {
    let said = ''
    const broken = () => {
      throw new Error('the hook is broken')
    }
    const warnings = await warningsOf(async () => {
      const hook = guardedWarning(broken)!
      assert.equal(guardedWarning(broken), hook)
      hook({ code: 'SKIPPED_ENTRY', message: 'x' })
      said = 'went on'
    })
    assert.equal(said, 'went on')
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['the function given as onWarning failed: the hook is broken'],
    )
  })
})

describe('a closed connection', () => {
  it('answers every question with CLOSED, also one that was under way', async () => {
    const daemon = fakeBuildkitd({
      handlers: { '/moby.buildkit.v1.Control/ListWorkers': () => new Promise<void>(() => {}) },
    })
    const buildkit = await connect(daemon.dial)
    const asking = buildkit.listWorkers()
    asking.catch(() => {})
    await buildkit.info()
    await buildkit.close()
    for (const question of [asking, buildkit.info(), buildkit.listWorkers()])
      await assert.rejects(question, { code: 'CLOSED' })
    await assert.rejects(buildkit.solve({ definition: new Uint8Array() }).result, { code: 'CLOSED' })
  })
})
