import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** What the figures were measured on, in one line. */
export async function machineLine(): Promise<string> {
  const system = (await readFile('/etc/os-release', 'utf8')).match(/^PRETTY_NAME="?(.*?)"?$/m)?.[1]
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  return `${availableParallelism()} cores (${cpus()[0]?.model}), ${memory}, ${system}, Linux ${release()}`
}
