import { invalidOption } from '../../base/errors.ts'
import { Hardware as Wire } from '../../gen/depot/core_pb.js'

/** What each machine of a project has: virtual processors by GiB of memory. */
export type Hardware = '4x4' | '8x8' | '8x16' | '16x32' | '32x64' | '64x128' | '96x192' | '192x384'

const wireOf: Readonly<Record<Hardware, Wire>> = {
  '4x4': Wire.HARDWARE_4X4,
  '8x8': Wire.HARDWARE_8X8,
  '8x16': Wire.HARDWARE_8X16,
  '16x32': Wire.HARDWARE_16X32,
  '32x64': Wire.HARDWARE_32X64,
  '64x128': Wire.HARDWARE_64X128,
  '96x192': Wire.HARDWARE_96X192,
  '192x384': Wire.HARDWARE_192X384,
}

const names = Object.keys(wireOf) as Hardware[]

/** @internal Throws INVALID_OPTION for what Depot has no machines of. */
export function hardwareToWire(hardware: Hardware): Wire {
  if (Object.hasOwn(wireOf, hardware)) return wireOf[hardware]
  throw invalidOption('hardware', { expected: `one of ${names.join(', ')}`, received: hardware })
}

/** @internal Unspecified is Depot's default; a number that is newer than this package is `unknown`. */
export function hardwareFromWire(wire: Wire): Hardware | 'unknown' {
  if (wire === Wire.HARDWARE_UNSPECIFIED) return '16x32'
  return names.find((name) => wireOf[name] === wire) ?? 'unknown'
}
