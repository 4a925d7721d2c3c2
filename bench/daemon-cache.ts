import { setTimeout as delay } from 'node:timers/promises'
import { run } from '../scripts/parts/command.ts'

const emptyWithinMs = 30_000
const pollMs = 200

/**
 * Makes the daemon forget everything, so that the next transfer is a first one. A record that the last
 * solve still holds is not pruned: asks again until none is left.
 */
export async function emptyCache(buildctl: string, address: string): Promise<void> {
  const deadline = performance.now() + emptyWithinMs
  for (;;) {
    await run(buildctl, ['--addr', address, 'prune', '--all'])
    const records = await run(buildctl, ['--addr', address, 'du', '--format', '{{len .}}'])
    if (records.trim() === '0') return
    if (performance.now() > deadline) throw new Error(`buildctl prune leaves ${records.trim()} records`)
    await delay(pollMs)
  }
}
