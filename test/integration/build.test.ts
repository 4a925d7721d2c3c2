import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import * as tar from 'tar-stream'
import {
  type Buildkit,
  connect,
  type SolveError,
  type SolveOptions,
  type SolveStatus,
  staticAuth,
} from '../../src/index.ts'
import { busybox, daemonAddress } from '../support/daemon.ts'
import { startBasicAuthRegistry, startRegistry, startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const dockerfile = (text: string) => ({ Dockerfile: text })

/** A build from a Dockerfile given as text and context files given as an object. */
function inMemory(text: string, context: Record<string, string> = {}): SolveOptions {
  return { frontend: 'dockerfile.v0', localDirs: { context, dockerfile: dockerfile(text) } }
}

/** A context with a shell for RUN steps. */
async function shellContext(dir: string): Promise<string> {
  await copyFile(busybox(), join(dir, 'busybox'))
  return `FROM scratch\nCOPY busybox /bin/sh\n`
}

async function collect(status: AsyncIterable<SolveStatus>): Promise<SolveStatus[]> {
  const list: SolveStatus[] = []
  for await (const one of status) list.push(one)
  return list
}

async function untar(archive: Buffer): Promise<Map<string, { header: tar.Header; body: Buffer }>> {
  const entries = new Map<string, { header: tar.Header; body: Buffer }>()
  for await (const entry of Readable.from([archive]).pipe(tar.extract())) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    entries.set(entry.header.name.replace(/\/$/, ''), { header: entry.header, body: Buffer.concat(chunks) })
  }
  return entries
}

describe('a build on a real daemon', { skip: skipWithout('daemon', 'registry', 'busybox') }, () => {
  let buildkit: Buildkit
  before(async () => {
    buildkit = await connect(daemonAddress())
  })
  after(() => buildkit.close())

  it('says which BuildKit it is and what its workers build', async () => {
    assert.match((await buildkit.info())!.version, /^v0\.\d+\.\d+/)
    const [worker] = await buildkit.listWorkers()
    assert.ok(worker!.platforms.includes('linux/amd64') || worker!.platforms.includes('linux/arm64'))
    assert.equal(worker!.labels['org.mobyproject.buildkit.worker.executor'], 'oci')
  })

  it('pushes an image whose digest is the one in the registry', async () => {
    await using registry = await startRegistry()
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'Dockerfile'), 'FROM scratch\nCOPY hello.txt /\n')
    await writeFile(join(dir.path, 'hello.txt'), 'hello\n')
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      frontendAttrs: { filename: 'Dockerfile', platform: 'linux/amd64' },
      localDirs: { context: dir.path, dockerfile: dir.path },
      exports: [
        {
          type: 'image',
          attrs: { name: `${registry.host}/me/app:1`, push: 'true', 'oci-mediatypes': 'true' },
        },
      ],
    })
    const statuses = await collect(run.status)
    const { digest, ref, exporterResponse } = await run.result
    const manifest = await fetch(`http://${registry.host}/v2/me/app/manifests/1`, {
      headers: {
        accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
      },
    })
    const body = Buffer.from(await manifest.arrayBuffer())
    assert.equal(digest, `sha256:${createHash('sha256').update(body).digest('hex')}`)
    assert.equal(exporterResponse['image.name'], `${registry.host}/me/app:1`)
    assert.equal(ref, run.ref)
    const names = statuses.flatMap(({ vertexes = [] }) => vertexes.map(({ name }) => name))
    assert.ok(names.includes('[1/1] COPY hello.txt /'), names.join('\n'))
    assert.ok(names.includes('exporting to image'))
  })

  for (const [kind, start] of [
    ['basic', startBasicAuthRegistry],
    ['token', startTokenRegistry],
    ['token, GET only', () => startTokenRegistry({ post: false })],
  ] as const) {
    it(`pushes to a registry with ${kind} authentication, and not without credentials`, async () => {
      await using registry = await start()
      const options: SolveOptions = {
        ...inMemory(`FROM scratch\nLABEL kind="${kind}"\n`),
        exports: [{ type: 'image', attrs: { name: `${registry.host}/me/app:1`, push: 'true' } }],
      }
      const credentials = { username: registry.username, password: registry.password }
      await assert.rejects(buildkit.solve(options).result, {
        code: 'SOLVE_FAILED',
        message: /401|denied|authorization/,
      })
      const other = staticAuth({ 'localhost:1': credentials })
      await assert.rejects(buildkit.solve({ ...options, session: [other] }).result, { code: 'SOLVE_FAILED' })
      const { digest } = await buildkit.solve({
        ...options,
        session: [staticAuth({ [registry.host]: credentials })],
      }).result
      assert.match(digest!, /^sha256:[0-9a-f]{64}$/)
    })
  }

  it('exports files into a directory', async () => {
    await using dir = await tempDir()
    const out = join(dir.path, 'out')
    await mkdir(out)
    await writeFile(join(out, 'kept'), 'from before')
    await writeFile(join(out, 'greeting'), 'old')
    await buildkit.solve({
      ...inMemory('FROM scratch\nCOPY a /greeting\nCOPY b /deep/er/\n', { a: 'hello', b: 'deep' }),
      exports: [{ type: 'local', outputDir: out }],
    }).result
    assert.equal(await readFile(join(out, 'kept'), 'utf8'), 'from before')
    assert.equal(await readFile(join(out, 'greeting'), 'utf8'), 'hello')
    assert.equal(await readFile(join(out, 'deep/er/b'), 'utf8'), 'deep')
    assert.deepEqual((await readdir(out)).sort(), ['deep', 'greeting', 'kept'])
  })

  it('exports a tar to a file that appears whole', async () => {
    await using dir = await tempDir()
    const output = join(dir.path, 'out.tar')
    await buildkit.solve({
      ...inMemory('FROM scratch\nCOPY a /x/a\n', { a: 'A' }),
      exports: [{ type: 'tar', output }],
    }).result
    assert.equal((await untar(await readFile(output))).get('x/a')!.body.toString(), 'A')
    assert.deepEqual(await readdir(dir.path), ['out.tar'])
  })

  it('exports an OCI archive to a Writable, and a Docker archive to what a function of its metadata gives', async () => {
    for (const type of ['oci', 'docker'] as const) {
      const chunks: Buffer[] = []
      const sink = new Writable({
        write(chunk, _encoding, done) {
          chunks.push(chunk)
          setImmediate(done)
        },
      })
      let metadata: Readonly<Record<string, string>> = {}
      const chosen = (given: typeof metadata) => {
        metadata = given
        return sink
      }
      const output = type === 'oci' ? sink : chosen
      const { digest } = await buildkit.solve({
        ...inMemory('FROM scratch\nCOPY a /\n', { a: 'A' }),
        exports: [{ type, attrs: { name: 'me/app:1' }, output }],
      }).result
      assert.ok(sink.writableFinished)
      const entries = await untar(Buffer.concat(chunks))
      const index = JSON.parse(entries.get('index.json')!.body.toString())
      assert.equal(index.manifests[0].digest, digest)
      if (type === 'docker') {
        assert.equal(metadata['image.name'], 'docker.io/me/app:1')
        assert.deepEqual(JSON.parse(entries.get('manifest.json')!.body.toString())[0].RepoTags, ['me/app:1'])
      }
    }
  })

  it('serves several exports of one build', async () => {
    await using dir = await tempDir()
    await buildkit.solve({
      ...inMemory('FROM scratch\nCOPY a /\n', { a: 'A' }),
      exports: [
        { type: 'tar', output: join(dir.path, 'one.tar') },
        { type: 'local', outputDir: join(dir.path, 'two') },
        { type: 'oci', output: join(dir.path, 'three.tar') },
      ],
    }).result
    assert.deepEqual((await readdir(dir.path)).sort(), ['one.tar', 'three.tar', 'two'])
    assert.equal(await readFile(join(dir.path, 'two/a'), 'utf8'), 'A')
  })

  it('tells of a failing command: step, last lines, exit code and place in the Dockerfile', async () => {
    await using dir = await tempDir()
    const text = `${await shellContext(dir.path)}RUN ["/bin/sh","-c","echo out; echo err >&2; exit 7"]\n`
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: dir.path, dockerfile: dockerfile(text) },
    })
    const error: SolveError = await run.result.then(
      () => assert.fail('it must fail'),
      (reason) => reason,
    )
    assert.equal(error.code, 'SOLVE_FAILED')
    assert.equal(error.exitCode, 7)
    assert.match(error.vertex!.name, /^\[2\/2] RUN/)
    assert.deepEqual([...error.logs].sort(), ['err', 'out'])
    assert.equal(error.sources[0]!.filename, 'Dockerfile')
    assert.deepEqual(error.sources[0]!.ranges[0]!.start, { line: 3 })
    assert.equal(error.sources[0]!.text, text)
  })

  it('survives an error whose details are larger than HTTP/2 headers can be', async () => {
    await using dir = await tempDir()
    const comment = `# ${'long '.repeat(20)}\n`.repeat(2000)
    const text = `${comment}${await shellContext(dir.path)}RUN ["/bin/sh","-c","exit 9"]\n`
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: dir.path, dockerfile: dockerfile(text) },
    })
    await assert.rejects(run.result, { code: 'SOLVE_FAILED', message: /exit code: 9/ })
    assert.ok(await buildkit.info(), 'the connection is still good')
  })

  it('is refused before the build exists without five seconds of waiting for its status', async () => {
    const began = performance.now()
    const run = buildkit.solve({ ...inMemory('FROM scratch\n'), entitlements: ['security.insecure'] })
    await assert.rejects(run.result, { code: 'SOLVE_FAILED', message: /security\.insecure is not allowed/ })
    assert.ok(performance.now() - began < 4_000, `${performance.now() - began} ms`)
  })

  it('ends the daemon’s work when it is cancelled', async () => {
    await using dir = await tempDir()
    const text = `${await shellContext(dir.path)}RUN ["/bin/sh","-c","echo begun; sleep 300"]\n`
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: dir.path, dockerfile: dockerfile(text) },
    })
    const errors: (string | undefined)[] = []
    const reading = (async () => {
      for await (const { logs = [], vertexes = [] } of run.status) {
        if (logs.length > 0) run.cancel('that will do')
        errors.push(...vertexes.map(({ error }) => error))
      }
    })()
    await assert.rejects(reading, { code: 'CANCELLED', cause: 'that will do' })
    await assert.rejects(run.result, { code: 'CANCELLED' })
    assert.ok(
      errors.some((error) => error?.endsWith('context canceled')),
      'the daemon has said that the step was cancelled',
    )
  })

  it('hands over the first error of a missing file in words', async () => {
    await assert.rejects(buildkit.solve(inMemory('FROM scratch\nCOPY nothing /\n')).result, {
      code: 'SOLVE_FAILED',
      message: /"\/nothing": not found/,
    })
  })

  it('applies five thousand ignore patterns, of which some hold commas', async () => {
    await using dir = await tempDir()
    const patterns = Array.from({ length: 5000 }, (_, n) => `ignored/some/where/deep/number-${n},*`)
    await writeFile(join(dir.path, '.dockerignore'), `${patterns.join('\n')}\n`)
    await mkdir(join(dir.path, 'ignored/some/where/deep'), { recursive: true })
    for (const name of ['number-4999,gone', 'number-5000,kept']) {
      await writeFile(join(dir.path, 'ignored/some/where/deep', name), name)
    }
    const output = join(dir.path, 'out.tar')
    await buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: dir.path, dockerfile: dockerfile('FROM scratch\nCOPY ignored /i\n') },
      exports: [{ type: 'tar', output }],
    }).result
    const files = [...(await untar(await readFile(output))).keys()].filter((name) => name.includes('number'))
    assert.deepEqual(files, ['i/some/where/deep/number-5000,kept'])
  })

  it('transfers a second time only what has changed', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'big'), Buffer.alloc(3_000_000, 'x'))
    await writeFile(join(dir.path, 'small'), 'one')
    const build = async () => {
      const run = buildkit.solve({
        frontend: 'dockerfile.v0',
        localDirs: { context: dir.path, dockerfile: dockerfile('FROM scratch\nCOPY . /\n') },
      })
      const items = (await collect(run.status)).flatMap(({ statuses = [] }) => statuses)
      await run.result
      return Math.max(
        ...items.filter(({ id }) => id.startsWith('transferring context')).map(({ current }) => current),
      )
    }
    assert.ok((await build()) > 3_000_000)
    await writeFile(join(dir.path, 'small'), 'two, longer')
    assert.ok((await build()) < 10_000)
  })

  it('leaves nothing under the final name when an export is cancelled', async () => {
    await using dir = await tempDir()
    await pipeline(Readable.from(randomChunks(60)), createWriteStream(join(dir.path, 'big')))
    const output = join(dir.path, 'out', 'image.tar')
    await mkdir(join(dir.path, 'out'))
    const run = buildkit.solve({
      frontend: 'dockerfile.v0',
      localDirs: { context: dir.path, dockerfile: dockerfile('FROM scratch\nCOPY big /\n') },
      exports: [{ type: 'tar', output }],
    })
    for await (const { statuses = [] } of run.status) {
      if (statuses.some(({ id, completed }) => id.startsWith('sending tarball') && completed === undefined))
        break
    }
    run.cancel()
    const outcome = await run.result.then(
      () => 'done',
      (error) => error.code,
    )
    if (outcome === 'done') assert.ok((await stat(output)).size > 60 << 20)
    else assert.deepEqual([outcome, await readdir(join(dir.path, 'out'))], ['CANCELLED', []])
  })
})

function* randomChunks(mebibytes: number): Generator<Buffer> {
  for (let n = 0; n < mebibytes; n++)
    yield Buffer.alloc(1 << 20, createHash('sha256').update(`${n}`).digest())
}
