import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempDir } from '../test/support/temp.ts'
import { staticBusybox } from './parts/busybox.ts'
import { checkout } from './parts/cache.ts'
import { run } from './parts/command.ts'
import { provideTestDaemon } from './parts/daemon.ts'
import { runScript } from './parts/interruption.ts'
import { registryCommand, startRegistry } from './parts/registry.ts'
import { say, saying } from './parts/say.ts'

/**
 * Packs the package, installs it in an empty project, and uses it there as somebody would who has nothing
 * else: its types resolve, a program builds and pushes an image, and the command line answers.
 */
async function main(): Promise<number> {
  await using daemon = await provideTestDaemon()
  await using registry = await startRegistry(await registryCommand())
  await using project = await tempDir()
  const here = { cwd: project.path, env: { ...process.env, DOCKER_CONFIG: project.path } }

  await saying('packing, and installing into an empty project', () => install(project.path))
  await writeProject(project.path, program(daemon.address, registry.ready))

  const compiler = join(checkout, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, '-p', project.path])
  const declarations = await run(process.execPath, [compiler, '-p', project.path, '--listFilesOnly'])
  // Theirs would come with the least version of TypeScript that they need.
  const foreign = /.*\/(@bufbuild|@connectrpc|protobufjs)\/.*/.exec(declarations)?.[0]
  if (foreign !== undefined) throw new Error(`our types lead to those of a dependency: ${foreign}`)
  say('the types resolve, are ours alone, and refuse what they should')

  const output = await run(process.execPath, ['program.js'], here)
  const digest = await pushedDigest(registry.ready)
  if (!output.endsWith(`\n${digest}\n`))
    throw new Error(`the program has pushed ${digest}, but it printed:\n${output}`)
  say(`the program has built and pushed ${digest}`)

  const cli = join(project.path, 'node_modules/.bin/buildkit-client')
  await run(cli, ['debug', 'workers', '--addr', daemon.address], here)
  say('the command line answers')
  return 0
}

async function install(project: string): Promise<void> {
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['pack', '--pack-destination', project], { cwd: checkout })
  const tarball = (await readdir(project)).find((file) => file.endsWith('.tgz'))
  const flags = ['--prefix', project, '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...flags, join(project, tarball!)], { cwd: project })
}

/** The program, compiled because Node 20 does not know `await using`, and the context that it builds. */
async function writeProject(project: string, source: string): Promise<void> {
  await copyFile(join(checkout, 'examples/hello/Dockerfile'), join(project, 'Dockerfile'))
  await copyFile(await staticBusybox(), join(project, 'busybox'))
  await writeFile(join(project, 'program.ts'), source)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
}

/** The strictest that a user may have: our declarations are checked as well. */
const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  typeRoots: [join(checkout, 'node_modules/@types')],
  types: ['node'],
}

/** What the README shows first, with addresses that are there, and one mistake that must not compile. */
function program(address: string, host: string): string {
  const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`
  return `
import { inspect } from 'node:util'
import { connect, dockerConfigAuth, isBuildkitError } from 'buildkit-client'
import { Depot } from 'buildkit-client/depot'

await using buildkit = await connect('${address}')
const run = buildkit.solve({
  frontend: 'dockerfile.v0',
  frontendAttrs: { filename: 'Dockerfile', platform: '${platform}' },
  localDirs: { context: '.', dockerfile: '.' },
  exports: [{ type: 'image', attrs: { name: '${host}/me/app:1', push: 'true', 'oci-mediatypes': 'true' } }],
  session: [dockerConfigAuth()],
  signal: AbortSignal.timeout(600_000),
})
for await (const status of run.status) process.stdout.write(JSON.stringify(status) + '\\n')
const result = await run

await using depot = new Depot({ token: 'none', apiUrl: 'http://127.0.0.1:1' })
const refusal = await depot.projects.list().catch((error: unknown) => error)
// The class is the same for both entry points, and nobody listens there.
if (!isBuildkitError(refusal) || refusal.code !== 'UNREACHABLE') throw refusal
if (!inspect(refusal).startsWith('DepotApiError: ')) throw new Error('printed under another name: ' + inspect(refusal))

console.log(result.digest)

export function mistake(): void {
  // @ts-expect-error a frontend has a name, not a number
  buildkit.solve({ frontend: 0 })
  // @ts-expect-error a machine is for one platform
  depot.createBuild().then((build) => build.acquireMachine())
}
`
}

async function pushedDigest(host: string): Promise<string> {
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'
  const answer = await fetch(`http://${host}/v2/me/app/manifests/1`, { method: 'HEAD', headers: { accept } })
  const digest = answer.headers.get('docker-content-digest')
  if (answer.status !== 200 || digest === null)
    throw new Error(`the registry answers ${answer.status}: no image was pushed`)
  return digest
}

await runScript(main)
