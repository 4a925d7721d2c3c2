import { invalidOption } from '../../base/errors.ts'

/** What machines there are. */
export type MachinePlatform = 'amd64' | 'arm64'

/** The machine for each platform that an image can be built for (depot/cli `pkg/buildx`). */
const machines = {
  amd64: 'amd64',
  'linux/amd64': 'amd64',
  'linux/amd64/v2': 'amd64',
  'linux/amd64/v3': 'amd64',
  'linux/386': 'amd64',
  arm64: 'arm64',
  'linux/arm64': 'arm64',
  'linux/arm64/v8': 'arm64',
  'linux/arm/v8': 'arm64',
  'linux/arm/v7': 'arm64',
  'linux/arm/v6': 'arm64',
} as const satisfies Record<string, MachinePlatform>

/** A machine, or a platform that one of them builds for. */
export type BuildPlatform = keyof typeof machines

/** Which machine builds for a platform. Throws INVALID_OPTION for one that none does. */
export function machineFor(platform: BuildPlatform): MachinePlatform {
  if (Object.hasOwn(machines, platform)) return machines[platform]
  throw invalidOption('platform', {
    expected: `one of ${Object.keys(machines).join(', ')}`,
    received: platform,
  })
}
