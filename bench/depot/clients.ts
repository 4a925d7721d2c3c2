import { type ChildProcess, spawn } from 'node:child_process'
import { once, setMaxListeners } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { checkout } from '../../scripts/parts/cache.ts'
import { lastLines } from '../../scripts/parts/command.ts'
import { interrupted } from '../../scripts/parts/interruption.ts'
import { depotCliVariables } from '../../test/depot/official-clients.ts'

/** What both clients work with. */
export interface Setting {
  readonly apiUrl: string
  readonly token: string
  /** The folder that is built. */
  readonly context: string
  /** Depot's own command line. */
  readonly cli: string
  /** For the files of clients. */
  readonly folder: string
}

/** One build of the context. */
export interface Order {
  readonly projectId: string
  /** What the bare calls solve, as base64; they send no context. */
  readonly definition?: string
  readonly buildArgs?: Readonly<Record<string, string>>
}

/** A client's process that does what it was started for, and ends. */
export interface Running {
  readonly pid: number
  /** Settles when it has ended; rejects unless it did so in peace. */
  readonly ended: Promise<void>
}

/** Each process that runs listens to it. */
setMaxListeners(0, interrupted)

/**
 * Depot's own command line: a process for each build. What it keeps in its home makes the daemon recognize the context,
 * so each project has one home.
 */
export async function startCli(setting: Setting, { projectId, buildArgs = {} }: Order): Promise<Running> {
  const { apiUrl, token, folder } = setting
  const home = join(folder, `home-${projectId}`)
  await mkdir(home, { recursive: true })
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  // Provenance would be another solve than ours.
  return start(setting.cli, ['build', '--progress=plain', '--provenance=false', ...args, '.'], setting, {
    ...depotCliVariables({ apiUrl, token, projectId }, home),
  })
}

/** Ours: one process, for any number of builds at once. */
export function startOurs(setting: Setting, orders: readonly Order[]): Running {
  const running = startProgram('client.mjs', setting)
  running.child.stdin!.end(`${JSON.stringify(orders)}\n`)
  return running
}

/** A process that builds again and again. */
export interface Service extends AsyncDisposable {
  /** Settles when the builds are done. */
  build(orders: readonly Order[]): Promise<void>
}

export function startOurService(setting: Setting): Service {
  return startService('client.mjs', setting)
}

/** No client at all: what the calls of a build take by themselves. */
export function startBareService(setting: Setting): Service {
  return startService('bare.mjs', setting)
}

function startService(program: string, setting: Setting): Service {
  const { child, ended } = startProgram(program, setting)
  const answers = createInterface({ input: child.stdout! })
  return {
    async build(orders) {
      const answered = once(answers, 'line')
      child.stdin!.write(`${JSON.stringify(orders)}\n`)
      await Promise.race([answered, ended.then(() => Promise.reject(new Error(`${program} has ended`)))])
    },
    async [Symbol.asyncDispose]() {
      child.stdin!.end()
      await ended
    },
  }
}

function startProgram(program: string, setting: Setting): Running & { readonly child: ChildProcess } {
  const { apiUrl, token } = setting
  return start(process.execPath, [join(checkout, 'bench/depot', program)], setting, {
    DEPOT_API_URL: apiUrl,
    DEPOT_TOKEN: token,
  })
}

function start(
  command: string,
  args: readonly string[],
  { context }: Setting,
  env: NodeJS.ProcessEnv,
): Running & { readonly child: ChildProcess } {
  const child = spawn(command, args, {
    cwd: context,
    env: { PATH: process.env.PATH, ...env },
    signal: interrupted,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk).slice(-longestLog)
  })
  const ended = exit(child).then((exitCode) => {
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${lastLines(log, 3)}`)
  })
  // Whoever waits for it hears of it, be it later.
  ended.catch(() => {})
  return { child, pid: child.pid!, ended }
}

/** Of what a client says, the end is kept for when it fails; characters. */
const longestLog = 10_000

async function exit(child: ChildProcess): Promise<number | string | null> {
  const [exitCode, signal] = await once(child, 'close')
  return exitCode ?? signal
}
