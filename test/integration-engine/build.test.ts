import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Agent, request } from 'undici'
import { type Buildkit, connect, type SolveOptions } from '../../src/index.ts'
import { busybox } from '../support/daemon.ts'
import { engineAddress } from '../support/engine.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

/** A GET of the Engine's own API, which knows what a build has left in its store. */
async function inspect(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const agent = new Agent({ connect: { socketPath: engineAddress().slice('docker://'.length) } })
  try {
    const { statusCode, body } = await request(`http://localhost${path}`, { dispatcher: agent })
    return { status: statusCode, body: (await body.json()) as Record<string, unknown> }
  } finally {
    await agent.close()
  }
}

describe('the BuildKit inside a Docker Engine', { skip: skipWithout('engine', 'busybox') }, () => {
  let buildkit: Buildkit
  let storesImages: boolean
  before(async () => {
    buildkit = await connect(engineAddress())
    const [worker] = await buildkit.listWorkers()
    storesImages = worker!.labels['org.mobyproject.buildkit.worker.snapshotter'] !== undefined
  })
  after(() => buildkit?.close())

  function withShell(context: string, steps: string): SolveOptions {
    const text = `FROM scratch\nCOPY busybox /bin/sh\n${steps}`
    return { frontend: 'dockerfile.v0', localDirs: { context, dockerfile: { Dockerfile: text } } }
  }

  it('says its version, or is too old to', async () => {
    const info = await buildkit.info()
    if (info !== undefined) assert.match(info.version, /-moby|^v0\./)
  })

  it('runs a step and loads the image into the Engine’s store', async () => {
    await using dir = await tempDir()
    await copyFile(busybox(), join(dir.path, 'busybox'))
    const run = buildkit.solve({
      ...withShell(dir.path, 'RUN ["/bin/sh","-c","echo made > /made"]\nLABEL loaded=yes\n'),
      exports: [{ type: 'moby', attrs: { name: 'me/loaded:1' } }],
    })
    const steps: string[] = []
    for await (const { vertexes = [] } of run.status) steps.push(...vertexes.map(({ name = '' }) => name))
    const { digest } = await run.result
    assert.match(digest ?? '', /^sha256:[0-9a-f]{64}$/)
    assert.ok(steps.some((name) => name.startsWith('[2/2] RUN')))
    const { status, body } = await inspect('/images/me/loaded:1/json')
    assert.equal(status, 200)
    assert.deepEqual((body.Config as { Labels: unknown }).Labels, { loaded: 'yes' })
  })

  it('exports files and an archive over its session', async () => {
    await using dir = await tempDir()
    const options: SolveOptions = {
      frontend: 'dockerfile.v0',
      localDirs: { context: { 'a, b': 'A' }, dockerfile: { Dockerfile: 'FROM scratch\nCOPY * /x/\n' } },
    }
    await buildkit.solve({ ...options, exports: [{ type: 'local', outputDir: join(dir.path, 'out') }] })
      .result
    assert.equal(await readFile(join(dir.path, 'out/x/a, b'), 'utf8'), 'A')
    await buildkit.solve({ ...options, exports: [{ type: 'tar', output: join(dir.path, 'out.tar') }] }).result
    assert.ok((await readFile(join(dir.path, 'out.tar'))).includes('x/a, b'))
  })

  it('exports images where its store can, and says before it builds where it cannot', async () => {
    await using dir = await tempDir()
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch\nLABEL a=b\n' } },
      exports: [{ type: 'oci', output: join(dir.path, 'image.tar') }],
    })
    if (storesImages) {
      assert.match((await run.result).digest!, /^sha256:/)
      return
    }
    await assert.rejects(run.result, {
      code: 'UNSUPPORTED',
      subject: 'exports[0]',
      message: /has moby, local and tar/,
    })
  })

  it('fails with the step that failed', async () => {
    await using dir = await tempDir()
    await copyFile(busybox(), join(dir.path, 'busybox'))
    const run = buildkit.solve(withShell(dir.path, 'RUN ["/bin/sh","-c","echo why; exit 4"]\n'))
    await assert.rejects(run.result, (error: Error & { logs?: string[]; vertex?: { name: string } }) => {
      assert.deepEqual(error.logs, ['why'])
      assert.match(error.vertex!.name, /RUN/)
      return true
    })
  })

  it('ends the Engine’s work when it is cancelled', async () => {
    await using dir = await tempDir()
    await copyFile(busybox(), join(dir.path, 'busybox'))
    const run = buildkit.solve(withShell(dir.path, 'RUN ["/bin/sh","-c","echo begun; sleep 300"]\n'))
    const reading = (async () => {
      for await (const { logs = [] } of run.status) if (logs.length > 0) run.cancel('enough')
    })()
    await assert.rejects(reading, { code: 'CANCELLED', cause: 'enough' })
  })
})
