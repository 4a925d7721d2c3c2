import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '../../src/base/errors.ts'
import { startBuildkitd } from './buildkitd.ts'
import { onPath } from './command.ts'
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

/** Gives a daemon, or throws with the reason why this way to one leads nowhere. */
interface Source {
  readonly name: string
  readonly open: () => Promise<Daemon>
}

/** Finds a daemon, or provides one, in this order. Throws with every reason where all ways are closed. */
export async function provideDaemon(): Promise<Daemon> {
  return firstOf([running, docker, installed, compiled, debianEngine])
}

/**
 * The same for tests, which want a daemon whose version they know and whose state is empty: the compiled
 * one first. One that others use comes last.
 */
export async function provideTestDaemon(): Promise<Daemon> {
  return firstOf([compiled, installed, debianEngine, running, docker])
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
      reasons.push(`  ${name}: ${messageOf(error)}`)
    }
  }
  throw new Error(
    `no BuildKit daemon can be had on this machine:\n${reasons.join('\n')}\n` +
      'Start one and set BUILDKIT_HOST, install Docker, or install Go 1.26 and run this as root on Linux',
  )
}

const wellKnownSockets = ['/run/buildkit/buildkitd.sock']

const running: Source = {
  name: 'a running BuildKit',
  async open() {
    const host = process.env.BUILDKIT_HOST
    if (host) return shared(host)
    for (const path of wellKnownSockets) if (await answers(path)) return shared(`unix://${path}`)
    throw new Error(`BUILDKIT_HOST is not set, and nothing listens on ${wellKnownSockets.join(', ')}`)
  },
}

const docker: Source = {
  name: 'the Docker Engine',
  async open() {
    const host = process.env.DOCKER_HOST || 'unix:///var/run/docker.sock'
    await pingEngine(host)
    return shared(host.replace(/^(unix|tcp):/, 'docker:'))
  },
}

const installed: Source = {
  name: 'the installed buildkitd',
  async open() {
    const command = await onPath('buildkitd')
    if (command === undefined) throw new Error('no `buildkitd` on PATH')
    return privateBuildkitd(command)
  },
}

const compiled: Source = {
  name: 'buildkitd compiled from tools/buildkit',
  async open() {
    // Asked before the minutes of compiling.
    requireRoot()
    return privateBuildkitd(join(await goTools('buildkit'), 'buildkitd'))
  },
}

const debianEngine: Source = {
  name: "Debian's Docker Engine",
  async open() {
    const engine = await startDockerd('debian')
    return { address: engine.ready, [Symbol.asyncDispose]: engine.stop }
  },
}

async function privateBuildkitd(command: string): Promise<Daemon> {
  const buildkitd = await startBuildkitd({ command })
  return { address: buildkitd.ready.unix, [Symbol.asyncDispose]: buildkitd.stop }
}

/** Somebody else's: it stays when we go. */
function shared(address: string): Daemon {
  return { address, [Symbol.asyncDispose]: async () => {} }
}

const answerWithinMs = 3_000

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: answerWithinMs })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('timeout', () => settle(false))
  })
}

/** Docker's client may be installed without an Engine behind it: only an answer counts. */
function pingEngine(host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const ping = request({
      ...engineTarget(host),
      path: '/_ping',
      signal: AbortSignal.timeout(answerWithinMs),
    })
    ping.once('error', reject)
    ping.once('response', (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error(`${host} answers ${response.statusCode} to a ping`))
    })
    ping.end()
  })
}

function engineTarget(host: string): { socketPath: string } | { host: string; port: string } {
  const url = new URL(host)
  if (url.protocol === 'unix:') return { socketPath: url.pathname }
  if (url.protocol === 'tcp:') return { host: url.hostname, port: url.port }
  throw new Error(`DOCKER_HOST is ${host}, and only unix:// and tcp:// are tried here`)
}
