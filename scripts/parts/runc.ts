import { join } from 'node:path'
import { findExecutable } from '../../src/daemon/executable.ts'
import { debianPackages } from './debian.ts'

/** The program that runs the steps of a build; Debian's where none is installed. */
export async function runcCommand(): Promise<string> {
  return (
    (await findExecutable('runc', process.env.PATH)) ?? join(await debianPackages('runc'), 'usr/sbin/runc')
  )
}

/** Throws where a daemon that runs containers cannot be started at all. */
export function requireRoot(): void {
  if (process.platform !== 'linux') throw new Error(`it needs Linux, and this is ${process.platform}`)
  if (process.getuid?.() !== 0) throw new Error('it must be started by root')
}
