import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, link, lutimes, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Buildkit, connect, type SolveStatus } from '../../src/index.ts'
import { rawJsonView } from '../../src/progress/rawjson.ts'
import { buildctl, daemonAddress } from '../support/daemon.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const run = promisify(execFile)

/** Everything that a context can hold and that the reference client sends. */
async function writeTree(root: string): Promise<void> {
  const file = async (name: string, mode = 0o644) => {
    const path = join(root, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, `content of ${name}`)
    await chmod(path, mode)
  }
  const names = [
    'plain',
    'with space',
    'comma, and more',
    'new\nline',
    'ünïcödé',
    '日本語',
    '😀',
    '-dash',
    'a',
    'a.b',
    'a-b',
  ]
  for (const name of names) await file(join('names', name))
  for (const name of ['a/x', 'a!/x', 'B/x', 'b/x']) await file(join('order', name))
  await file(join(...Array.from({ length: 20 }, (_, n) => `level${n}`), 'bottom'))
  for (const [name, mode] of Object.entries({ setuid: 0o4755, setgid: 0o2755, none: 0o000, all: 0o777 })) {
    await file(join('modes', name), mode)
  }
  await mkdir(join(root, 'modes/sticky'))
  await chmod(join(root, 'modes/sticky'), 0o1777)
  await mkdir(join(root, 'empty/emptier'), { recursive: true })
  await file('links/first')
  await link(join(root, 'links/first'), join(root, 'links/second'))
  await link(join(root, 'links/first'), join(root, 'before-first'))
  await symlink('first', join(root, 'links/relative'))
  await symlink('/etc/passwd', join(root, 'links/absolute'))
  await symlink('../missing', join(root, 'links/dangling'))
  await symlink('../names', join(root, 'links/directory'))
  await run('mkfifo', [join(root, 'pipe')])
  await listenOnce(join(root, 'socket'))
  await setXattr(join(root, 'names/plain'))
  for (let n = 0; n < 100; n++) await file(`ignored/dir${n}/file.txt`)
  await lutimes(join(root, 'links/relative'), 1e9, 1e9)
}

/** Leaves a socket behind, as a stopped server does that had no time to clean up. */
async function listenOnce(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await run(process.execPath, ['-e', script]).catch(() => {})
}

/** Where the tool is there; a file system without attributes is as good a test for the rest. */
async function setXattr(path: string): Promise<void> {
  await run('setfattr', ['-n', 'user.test', '-v', 'value', path]).catch(() => {})
}

/** Two hundred patterns with exceptions and `**`. */
function ignoreFile(): string {
  const lines = ['# comment', 'ignored/dir?/', '**/dir5*', '!ignored/dir5/file.txt', '!**/dir55', '*.tmp', '']
  for (let n = 60; n < 80; n++) lines.push(`ignored/dir${n}/**`, `!ignored/dir${n}/file.txt`)
  for (let n = 0; n < 150; n++) lines.push(`ignored/[a-c]${n}/*.txt`)
  return `${lines.join('\n')}\n`
}

const dockerfile = 'FROM scratch\nCOPY . /\n'

describe('the same build by buildctl and by us', { skip: skipWithout('daemon', 'buildctl') }, () => {
  let buildkit: Buildkit
  before(async () => {
    buildkit = await connect(daemonAddress())
  })
  after(() => buildkit.close())

  async function ours(dir: string, output: string): Promise<void> {
    await buildkit.solve({
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'no-cache': '', 'build-arg:SOURCE_DATE_EPOCH': '1000000000' },
      localDirs: { context: join(dir, 'context'), dockerfile: dir },
      exports: [{ type: 'oci', attrs: { 'rewrite-timestamp': 'true', compression: 'uncompressed' }, output }],
    }).result
  }

  async function theirs(dir: string, output: string, ...more: string[]): Promise<string> {
    const { stderr } = await run(
      buildctl(),
      [
        ...['--addr', daemonAddress(), 'build', '--frontend', 'dockerfile.v0', '--no-cache'],
        ...['--local', `context=${join(dir, 'context')}`, '--local', `dockerfile=${dir}`],
        ...['--opt', 'build-arg:SOURCE_DATE_EPOCH=1000000000'],
        ...['--output', `type=oci,rewrite-timestamp=true,compression=uncompressed,dest=${output}`],
        ...more,
      ],
      { maxBuffer: 1 << 26 },
    )
    return stderr
  }

  it('gives the same layers, bit by bit', async () => {
    await using dir = await tempDir()
    const context = join(dir.path, 'context')
    await mkdir(context)
    await writeTree(context)
    await writeFile(join(dir.path, 'Dockerfile'), dockerfile)
    await writeFile(join(context, '.dockerignore'), ignoreFile())
    await ours(dir.path, join(dir.path, 'ours.tar'))
    await theirs(dir.path, join(dir.path, 'theirs.tar'))
    const layer = async (archive: string) => {
      const index = await manifestOf(join(dir.path, archive))
      return index.layers.map(({ digest }: { digest: string }) => digest)
    }
    assert.deepEqual(await layer('ours.tar'), await layer('theirs.tar'))
    const listing = await listLayer(join(dir.path, 'ours.tar'), (await layer('ours.tar'))[0])
    for (const name of [
      'names/new\\nline',
      'ignored/dir5/file.txt',
      'empty/emptier/',
      'links/dangling',
      'modes/none',
    ]) {
      assert.ok(listing.includes(name), `${name} is in the layer`)
    }
    for (const name of ['ignored/dir7/', 'ignored/dir57/'])
      assert.ok(!listing.includes(name), `${name} is not`)
  })

  it('says the same things, with the same keys, in the same form', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'context'))
    await writeFile(join(dir.path, 'context/a'), 'A')
    await writeFile(join(dir.path, 'Dockerfile'), dockerfile)
    const oursRun = buildkit.solve({
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'no-cache': '' },
      localDirs: { context: join(dir.path, 'context'), dockerfile: dir.path },
      exports: [{ type: 'tar', output: join(dir.path, 'ours.tar') }],
    })
    let printed = ''
    const view = rawJsonView()
    for await (const status of oursRun.status) printed += view.update(status, 0)
    await oursRun.result
    const raw = await theirs(dir.path, join(dir.path, 'theirs.tar'), '--progress', 'rawjson')
    const linesOf = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as SolveStatus)
    assert.deepEqual(shape(linesOf(printed)), shape(linesOf(raw)))
  })
})

/** Which keys occur in which order in each kind of entry, and the names of all steps. */
function shape(statuses: readonly SolveStatus[]) {
  const orders = new Set<string>()
  const names = new Set<string>()
  for (const status of statuses) {
    for (const [kind, entries] of Object.entries(status)) {
      for (const entry of entries as { name?: string }[]) {
        orders.add(`${kind}: ${Object.keys(entry).filter(always).join(' ')}`)
        if (kind === 'vertexes' && entry.name !== undefined && !entry.name.startsWith('exporting'))
          names.add(entry.name)
      }
    }
  }
  return { orders: [...orders].sort(), names: [...names].sort() }
}

/** Keys that do not depend on how fast a step was. */
function always(key: string): boolean {
  return ['digest', 'name', 'id', 'vertex', 'current', 'timestamp', 'data', 'stream'].includes(key)
}

async function manifestOf(archive: string) {
  const read = async (name: string) => JSON.parse((await run('tar', ['-xOf', archive, name])).stdout)
  const index = await read('index.json')
  return read(`blobs/sha256/${index.manifests[0].digest.slice('sha256:'.length)}`)
}

async function listLayer(archive: string, digest: string): Promise<string> {
  const blob = `blobs/sha256/${digest.slice('sha256:'.length)}`
  const { stdout } = await run('sh', ['-c', 'tar -xOf "$1" "$2" | tar -t', 'sh', archive, blob])
  return stdout
}
