import { join } from 'node:path'
import { messageOf } from '../../src/base/errors.ts'
import { findDaemon } from '../../src/daemon/find.ts'
import { startBuildkitd } from './buildkitd.ts'
import { startDockerd } from './dockerd.ts'
import { goTools } from './go-tools.ts'
import { interrupted } from './interruption.ts'
import { requireRoot } from './runc.ts'
import { say } from './say.ts'

/** A daemon that builds: one that was there, or one that was started and stops with its scope. */
export interface Daemon extends AsyncDisposable {
  /** For `connect` and `--addr`. */
  readonly address: string
}

/**
 * Finds a daemon as the command line does, or provides one: compiled with Go, or else Debian's Docker
 * Engine. Throws with the reason of each where all these ways are closed.
 */
export function provideDaemon(): Promise<Daemon> {
  return firstOf([found, compiled, debianEngine])
}

/** The same for tests, which want a version that they know and a state that is empty: compiled, if possible. */
export function provideTestDaemon(): Promise<Daemon> {
  return firstOf([compiled, found, debianEngine])
}

/** One way to a daemon; it fails with the reason why it leads nowhere. */
interface Source {
  readonly name: string
  readonly open: () => Promise<Daemon>
}

async function firstOf(sources: readonly Source[]): Promise<Daemon> {
  const reasons: string[] = []
  for (const { name, open } of sources) {
    try {
      const daemon = await open()
      say(`daemon: ${name}, ${daemon.address}`)
      return daemon
    } catch (error) {
      interrupted.throwIfAborted()
      reasons.push(`- ${name}: ${messageOf(error)}`)
    }
  }
  throw new Error(
    `no BuildKit daemon can be had on this machine:\n${reasons.join('\n')}\n` +
      'Go (https://go.dev) and the rights of root on Linux are enough to have one compiled and started',
  )
}

const found: Source = {
  name: 'the one that was found',
  open: () => findDaemon({ env: process.env, signal: interrupted }),
}

const compiled: Source = {
  name: 'buildkitd compiled from tools/buildkit',
  async open() {
    // Asked before the minutes of compiling.
    requireRoot()
    const buildkitd = await startBuildkitd({ command: join(await goTools('buildkit'), 'buildkitd') })
    return { address: buildkitd.ready.unix, [Symbol.asyncDispose]: buildkitd.stop }
  },
}

const debianEngine: Source = {
  name: "Debian's Docker Engine",
  async open() {
    const engine = await startDockerd('debian')
    return { address: engine.ready, [Symbol.asyncDispose]: engine.stop }
  },
}
