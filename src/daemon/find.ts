import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Environment } from '../base/environment.ts'
import { BuildkitError, cancelled, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { chosenEngine } from '../engine/docker-context.ts'
import { parseAddress } from '../transport/address.ts'
import { startDaemonless } from './daemonless.ts'
import { findExecutable } from './executable.ts'
import { probe, type Target } from './probe.ts'
import { buildkitSockets, engineSockets } from './well-known.ts'

/** Where to look for a daemon. */
export interface FindDaemonOptions {
  /** The address the user gave, if any: `--addr`. */
  readonly address?: string | undefined
  /**
   * The environment: `BUILDKIT_HOST`; `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`, `DOCKER_CONTEXT` and
   * `DOCKER_CONFIG`; the proxy variables; `PATH`; `HOME`,
   * `TMPDIR`, `XDG_RUNTIME_DIR` and `XDG_CACHE_HOME`. All of it is handed to a daemon that is started.
   */
  readonly env: Environment
  readonly signal?: AbortSignal | undefined
  /** Sockets of the Docker Engine, asked where Docker's tools are set to no other. By default its well-known ones. */
  readonly engineSockets?: readonly string[]
  /** Sockets of BuildKit daemons. By default the well-known ones. */
  readonly buildkitSockets?: readonly string[]
  /** Milliseconds that one of these may take to answer. 5,000 by default. */
  readonly probeTimeoutMs?: number
  /** Whether buildkitd may be run directly. By default whether this process is root's. */
  readonly root?: boolean
}

/** A daemon to build on. Disposing of it stops what was started to have it. */
export interface FoundDaemon extends Target, AsyncDisposable {
  /** How it was found, in the order of looking. */
  readonly by: 'address' | 'BUILDKIT_HOST' | 'engine' | 'socket' | 'daemonless'
}

/**
 * Finds the daemon to build on: the address given or `BUILDKIT_HOST`, taken as it is; else the Docker Engine
 * if it answers and has a BuildKit; else a BuildKit daemon on a well-known socket; else a `buildkitd` on PATH,
 * started for this process alone with its state kept in the cache folder. Throws INVALID_OPTION for an address
 * that cannot be read, CANCELLED, and NO_DAEMON with what was looked for, what came of it and what to install.
 */
export async function findDaemon(options: FindDaemonOptions): Promise<FoundDaemon> {
  const given = givenDaemon(options)
  if (given !== undefined) return given
  const outcomes = ['BUILDKIT_HOST: not set']
  for (const { what, look } of [...(await engines(options)), ...sockets(options), privateDaemon(options)]) {
    try {
      return await look()
    } catch (error) {
      if (options.signal?.aborted) throw cancelled('looking for a daemon', options.signal.reason)
      outcomes.push(`${what}: ${outcomeOf(error)}`)
    }
  }
  throw noDaemon(outcomes)
}

function givenDaemon({ address, env: { BUILDKIT_HOST } }: FindDaemonOptions): FoundDaemon | undefined {
  if (address !== undefined) {
    parseAddress(address)
    return found('address', { address })
  }
  if (!BUILDKIT_HOST) return undefined
  parseAddress(BUILDKIT_HOST, 'BUILDKIT_HOST')
  return found('BUILDKIT_HOST', { address: BUILDKIT_HOST })
}

/** A daemon that was there before us, and stays. */
function found(by: FoundDaemon['by'], target: Target): FoundDaemon {
  return { ...target, by, [Symbol.asyncDispose]: async () => {} }
}

/** One place to look at. Looking fails with what came of it. */
interface Candidate {
  readonly what: string
  readonly look: () => Promise<FoundDaemon>
}

async function engines(options: FindDaemonOptions): Promise<Candidate[]> {
  const { env, engineSockets: paths = engineSockets(env) } = options
  const chosen = await chosenEngine(env)
  if (chosen !== undefined) {
    const what = `the Docker Engine of ${chosen.description}`
    return [{ what, look: async () => answering('engine', await chosen.target(), options) }]
  }
  return paths.map((path) => {
    const address = `docker://${path}`
    return {
      what: `the Docker Engine at ${address}`,
      look: () => answering('engine', { address }, options),
    }
  })
}

function sockets(options: FindDaemonOptions): Candidate[] {
  const { env, buildkitSockets: paths = buildkitSockets(env) } = options
  return paths.map((path) => {
    const address = `unix://${path}`
    return { what: `BuildKit at ${address}`, look: () => answering('socket', { address }, options) }
  })
}

const defaultProbeTimeoutMs = 5_000

async function answering(
  by: FoundDaemon['by'],
  target: Target,
  { env, signal, probeTimeoutMs: timeoutMs = defaultProbeTimeoutMs }: FindDaemonOptions,
): Promise<FoundDaemon> {
  await probe(target, { timeoutMs, signal, env })
  return found(by, target)
}

function privateDaemon(options: FindDaemonOptions): Candidate {
  const { env, signal } = options
  const look = async (): Promise<FoundDaemon> => {
    const command = await daemonCommand(options)
    const daemon = await startDaemonless({ command, stateDir: stateDir(env), env, signal })
    return { ...daemon, by: 'daemonless' }
  }
  return { what: 'buildkitd on PATH', look }
}

/** Without root's rights buildkitd runs under rootlesskit, in a user namespace. */
async function daemonCommand(options: FindDaemonOptions): Promise<string[]> {
  const { env, root = process.getuid?.() === 0 } = options
  const buildkitd = await findExecutable('buildkitd', env.PATH)
  if (buildkitd === undefined) throw new Error('not there')
  if (root) return [buildkitd]
  const rootlesskit = await findExecutable('rootlesskit', env.PATH)
  if (rootlesskit === undefined)
    throw new Error(`${buildkitd} needs root, or rootlesskit, which is not on PATH`)
  return [rootlesskit, buildkitd]
}

/** In the user's cache folder, by the XDG rules: a relative one does not count. */
function stateDir({ XDG_CACHE_HOME = '', HOME }: FindDaemonOptions['env']): string {
  const cache = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME || userInfo().homedir, '.cache')
  return join(cache, 'buildkit-client', 'buildkitd')
}

function outcomeOf(error: unknown): string {
  if (!isBuildkitError(error) || error.code !== 'UNREACHABLE') return messageOf(error)
  if (systemCode(error.cause) === 'ENOENT') return 'no such socket'
  return [error.received ?? error.message, error.advice].filter(Boolean).join('. ')
}

function noDaemon(outcomes: readonly string[]): BuildkitError {
  return new BuildkitError(
    'NO_DAEMON',
    `no BuildKit daemon was found. Looked for\n- ${outcomes.join('\n- ')}`,
    {
      advice:
        'Start Docker or a BuildKit daemon, and name it with --addr or BUILDKIT_HOST if it listens elsewhere; ' +
        'or install buildkitd and runc, and rootlesskit if you are not root, to have one started for each build',
    },
  )
}
