import { type Buildkitd, type BuildkitdOptions, startBuildkitd } from '../../scripts/parts/buildkitd.ts'
import { part } from './parts.ts'

/** The address of the daemon that all tests share. Needs the part `daemon`. */
export function daemonAddress(): string {
  return part('daemon')
}

/** The reference client of the same version as the daemon. Needs the part `buildctl`. */
export function buildctl(): string {
  return part('buildctl')
}

/** A static busybox to copy into a context, for `RUN` steps. Needs the part `busybox`. */
export function busybox(): string {
  return part('busybox')
}

/**
 * A daemon of the test's own, to be killed, or to listen on TCP. Takes a second or two, and stops with its
 * scope. Needs the part `buildkitd`.
 */
export function startDaemon(options: Omit<BuildkitdOptions, 'command'> = {}): Promise<Buildkitd> {
  return startBuildkitd({ ...options, command: part('buildkitd') })
}
