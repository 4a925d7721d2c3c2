import { join } from 'node:path'
import { npmTools } from './npm-tools.ts'

/** Depot's own command line, the released program, pinned in `tools/depot`. There is one for Linux on x64. */
export async function depotCli(): Promise<string> {
  const here = `${process.platform} ${process.arch}`
  if (here !== 'linux x64') throw new Error(`Depot's CLI is pinned for linux x64 only, and this is ${here}`)
  return join(await npmTools('depot'), 'node_modules/@depot/cli-linux-x64/bin/depot')
}

/** The folder of Depot's own package for Node, pinned in `tools/depot`. */
export async function depotSdk(): Promise<string> {
  return join(await npmTools('depot'), 'node_modules/@depot/sdk-node')
}
