import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempDir } from '../test/support/temp.ts'
import { staticBusybox } from './parts/busybox.ts'
import { checkout } from './parts/cache.ts'
import { attend } from './parts/command.ts'
import { provideDaemon } from './parts/daemon.ts'
import { runScript } from './parts/interruption.ts'

const cli = join(checkout, 'src/cli/bin.ts')

/** Builds `examples/hello` with our command line on a real BuildKit, and prints the image's digest. */
async function main(): Promise<number> {
  const context = join(checkout, 'examples/hello')
  await copyFile(await staticBusybox(), join(context, 'busybox'))
  await using daemon = await provideDaemon()
  await using folder = await tempDir()
  const metadata = join(folder.path, 'metadata.json')
  const flags = ['--addr', daemon.address, '--tag', 'hello:demo', '--metadata-file', metadata]
  const exitCode = await attend(process.execPath, ['--import', 'tsx', cli, 'build', ...flags, context])
  if (exitCode === 0) console.log(`\ndigest: ${await imageDigest(metadata)}`)
  return exitCode
}

async function imageDigest(metadata: string): Promise<string> {
  return JSON.parse(await readFile(metadata, 'utf8'))['containerimage.digest']
}

await runScript(main)
