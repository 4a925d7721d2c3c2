import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { staticBusybox } from './parts/busybox.ts'
import { checkout } from './parts/cache.ts'
import { attend } from './parts/command.ts'
import { provideDaemon } from './parts/daemon.ts'
import { runScript } from './parts/interruption.ts'

/** Builds `examples/hello` with our command line on a real BuildKit; its last line is the image's digest. */
async function main(): Promise<number> {
  const cli = join(checkout, 'src/cli/bin.ts')
  const context = join(checkout, 'examples/hello')
  await copyFile(await staticBusybox(), join(context, 'busybox'))
  await using daemon = await provideDaemon()
  const build = ['build', '--addr', daemon.address, '--tag', 'hello:demo', context]
  // Awaited here: the daemon stops when this scope ends.
  return await attend(process.execPath, ['--import', 'tsx', cli, ...build])
}

await runScript(main)
