import { userInfo } from 'node:os'
import { join } from 'node:path'
import { BuildkitError, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { defaultEngineSocket, parseAddress, printableAddress } from '../transport/address.ts'
import { routeTo } from '../transport/route-to.ts'
import type { TlsOptions } from '../transport/tls-options.ts'
import { startDaemonless } from './daemonless.ts'
import { findExecutable } from './executable.ts'

/** Where to look for a daemon. */
export interface FindDaemonOptions {
  /** The address the user gave, if any: `--addr`. */
  readonly address?: string | undefined
  /**
   * The environment: `BUILDKIT_HOST`; `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`; `PATH`; `HOME`,
   * `TMPDIR`, `XDG_RUNTIME_DIR` and `XDG_CACHE_HOME`.
   */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /** Sockets of the Docker Engine, asked where `DOCKER_HOST` is not set. By default its well-known ones. */
  readonly engineSockets?: readonly string[]
  /** Sockets of BuildKit daemons. By default the well-known ones, of root and of this user. */
  readonly buildkitSockets?: readonly string[]
  /** Milliseconds one of these may take to answer. 5,000 by default. */
  readonly probeTimeoutMs?: number
  /** Whether buildkitd may be run directly. By default whether this process is root's. */
  readonly root?: boolean
}

/** A daemon to build on. Disposing of it stops what was started to have it. */
export interface FoundDaemon extends AsyncDisposable {
  /** How it was found, in the order of looking. */
  readonly by: 'address' | 'BUILDKIT_HOST' | 'engine' | 'socket' | 'daemonless'
  /** For `routeTo`. */
  readonly address: string
  /** For `routeTo` as well: what the Docker variables of the environment say. */
  readonly tls?: TlsOptions
}

/**
 * Finds the daemon to build on: the address given or `BUILDKIT_HOST`, taken as it is; else the Docker Engine
 * if it answers and has a BuildKit; else a BuildKit daemon on a well-known socket; else a `buildkitd` on PATH,
 * started for this process alone with its state kept in the cache folder. Throws INVALID_OPTION for an address
 * that cannot be read, and NO_DAEMON with what was looked for, what came of it and what to install.
 */
export async function findDaemon(options: FindDaemonOptions): Promise<FoundDaemon> {
  const given = givenDaemon(options)
  if (given !== undefined) return given
  const outcomes = ['BUILDKIT_HOST: not set']
  for (const { what, look } of [...engines(options), ...sockets(options), privateDaemon(options)]) {
    try {
      return await look()
    } catch (error) {
      if (options.signal?.aborted) throw cancelled(options.signal.reason)
      outcomes.push(`${what}: ${outcomeOf(error)}`)
    }
  }
  throw noDaemon(outcomes)
}

function givenDaemon({ address, env }: FindDaemonOptions): FoundDaemon | undefined {
  if (address !== undefined) {
    parseAddress(address)
    return found('address', address)
  }
  if (!env.BUILDKIT_HOST) return undefined
  parseAddress(env.BUILDKIT_HOST, 'BUILDKIT_HOST')
  return found('BUILDKIT_HOST', env.BUILDKIT_HOST)
}

function found(by: FoundDaemon['by'], address: string, tls?: TlsOptions): FoundDaemon {
  return { by, address, ...(tls !== undefined && { tls }), [Symbol.asyncDispose]: async () => {} }
}

/** One place to look at; looking fails with what came of it. */
interface Candidate {
  readonly what: string
  readonly look: () => Promise<FoundDaemon>
}

function engines(options: FindDaemonOptions): Candidate[] {
  const { DOCKER_HOST } = options.env
  if (DOCKER_HOST) return [dockerHost(DOCKER_HOST, options)]
  const paths = options.engineSockets ?? engineSockets(options.env)
  return paths.map((path) => answering('engine', 'the Docker Engine', `docker://${path}`, options))
}

/** Of root's Engine, of a rootless one (dockerd-rootless.sh), and of Docker Desktop. */
function engineSockets({ XDG_RUNTIME_DIR, HOME }: FindDaemonOptions['env']): string[] {
  return [
    defaultEngineSocket,
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'docker.sock')] : []),
    ...(HOME ? [join(HOME, '.docker/run/docker.sock')] : []),
  ]
}

/** Docker's own way to name its Engine: `unix://` and `tcp://` here mean the Engine's API. */
function dockerHost(text: string, options: FindDaemonOptions): Candidate {
  const what = `the Docker Engine at DOCKER_HOST=${printableAddress(text)}`
  const address = text.replace(/^(?:unix|tcp):\/\//, 'docker://')
  if (address === text)
    return { what, look: () => Promise.reject(new Error('only unix:// and tcp:// are known here')) }
  const { look } = answering(
    'engine',
    what,
    address,
    options,
    text.startsWith('tcp:') ? dockerTls(options.env) : undefined,
  )
  return { what, look }
}

/** The three files of Docker's `DOCKER_TLS_VERIFY`. */
function dockerTls({
  DOCKER_TLS_VERIFY,
  DOCKER_CERT_PATH,
  HOME = '',
}: FindDaemonOptions['env']): TlsOptions | undefined {
  if (!DOCKER_TLS_VERIFY) return undefined
  const folder = DOCKER_CERT_PATH || join(HOME, '.docker')
  return {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
  }
}

function sockets(options: FindDaemonOptions): Candidate[] {
  const paths = options.buildkitSockets ?? buildkitSockets(options.env)
  return paths.map((path) => answering('socket', 'BuildKit', `unix://${path}`, options))
}

/** Of root's daemon and of a rootless one (moby/buildkit `util/appdefaults`). */
function buildkitSockets({ XDG_RUNTIME_DIR }: FindDaemonOptions['env']): string[] {
  return [
    '/run/buildkit/buildkitd.sock',
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'buildkit/buildkitd.sock')] : []),
  ]
}

function answering(
  by: 'engine' | 'socket',
  what: string,
  address: string,
  options: FindDaemonOptions,
  tls?: TlsOptions,
): Candidate {
  const look = async () => {
    await probe(address, tls, options)
    return found(by, address, tls)
  }
  return { what: `${what} at ${address}`, look }
}

const defaultProbeTimeoutMs = 5_000

/** Dials, and hangs up. Of an Engine that includes the upgrade: Podman's API has the same socket, but none. */
async function probe(
  address: string,
  tls: TlsOptions | undefined,
  options: FindDaemonOptions,
): Promise<void> {
  const { signal, probeTimeoutMs = defaultProbeTimeoutMs } = options
  const route = await routeTo(address, { ...(tls !== undefined && { tls }), onWarning: () => {} })
  const over = new AbortController()
  const timer = setTimeout(
    () => over.abort(new Error(`no answer within ${probeTimeoutMs} ms`)),
    probeTimeoutMs,
  )
  const onAbort = () => over.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    const stream = await route.dial(over.signal)
    stream.destroy()
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function privateDaemon(options: FindDaemonOptions): Candidate {
  const { env, signal } = options
  const look = async (): Promise<FoundDaemon> => {
    const command = await daemonCommand(options)
    const daemon = await startDaemonless({ command, stateDir: stateDir(env), env, signal })
    return {
      by: 'daemonless',
      address: daemon.address,
      [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
    }
  }
  return { what: 'buildkitd on PATH', look }
}

/** Without root's rights buildkitd runs under rootlesskit, in a user namespace. */
async function daemonCommand({ env, root = process.getuid?.() === 0 }: FindDaemonOptions): Promise<string[]> {
  const buildkitd = await findExecutable('buildkitd', env.PATH)
  if (buildkitd === undefined) throw new Error('not there')
  if (root) return [buildkitd]
  const rootlesskit = await findExecutable('rootlesskit', env.PATH)
  if (rootlesskit === undefined)
    throw new Error(`${buildkitd} needs root, or rootlesskit, which is not on PATH`)
  return [rootlesskit, buildkitd]
}

function stateDir({ XDG_CACHE_HOME, HOME }: FindDaemonOptions['env']): string {
  const cache = XDG_CACHE_HOME?.startsWith('/') ? XDG_CACHE_HOME : join(HOME || userInfo().homedir, '.cache')
  return join(cache, 'buildkit-client', 'buildkitd')
}

function outcomeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (systemCode(cause) === 'ENOENT') return 'no such socket'
  if (!isBuildkitError(error) || error.code !== 'UNREACHABLE') return messageOf(error)
  return [error.received ?? error.message, error.advice].filter(Boolean).join('. ')
}

function noDaemon(outcomes: readonly string[]): BuildkitError {
  return new BuildkitError(
    'NO_DAEMON',
    `no BuildKit daemon was found. Looked for\n- ${outcomes.join('\n- ')}\n`,
    {
      advice:
        'Start Docker or a BuildKit daemon and name it with --addr or BUILDKIT_HOST if it listens elsewhere; or ' +
        'install buildkitd and runc, and without root also rootlesskit, to have one started for each build',
    },
  )
}

function cancelled(reason: unknown): BuildkitError {
  return new BuildkitError('CANCELLED', 'looking for a daemon was cancelled', {
    received: messageOf(reason),
    cause: reason,
  })
}
