import { checkList } from '../builds/build-plan.ts'
import { type BuildPlatform, type MachinePlatform, machineFor } from '../machine/machine-platform.ts'

/** What one machine builds, in one solve. */
export interface MachineShare {
  readonly machine: MachinePlatform
  /** Such as `linux/amd64`; empty for the machine's own. */
  readonly platforms: readonly string[]
}

/**
 * Which machine builds which platforms, in the order given. Without any, one machine of this computer's architecture
 * builds for itself, as with Depot's own CLI. Throws INVALID_OPTION for a platform that no machine builds for.
 */
export function sharesOf(platforms: readonly BuildPlatform[] = []): MachineShare[] {
  checkList(platforms, 'platforms')
  const shares = new Map<MachinePlatform, Set<string>>()
  for (const platform of platforms) {
    const machine = machineFor(platform)
    const share = shares.get(machine) ?? new Set()
    shares.set(machine, share.add(platform === machine ? `linux/${platform}` : platform))
  }
  if (shares.size === 0) shares.set(process.arch === 'arm64' ? 'arm64' : 'amd64', new Set())
  return [...shares].map(([machine, set]) => ({ machine, platforms: [...set] }))
}
