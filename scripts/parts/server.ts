import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCode } from '../../src/base/errors.ts'
import { lastLines, run } from './command.ts'

/** How to start one, decided once its folder is known. */
export interface ServerPlan<T> {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Reads from the log that the server is ready, and what it says of itself; nothing until then. */
  readonly ready: (log: string) => T | undefined
}

/** A server of ours, running in a temporary folder of its own. */
export interface Server<T> extends AsyncDisposable {
  /** What `ready` found in the log. */
  readonly ready: T
  readonly pid: number
  /** False once its process is gone, also by itself. */
  readonly running: boolean
  /** Its folder: a temporary one, removed when it stops, or the one it was given. */
  readonly folder: string
  /** The file with its standard output and error. */
  readonly log: string
  /** Ends it as the system would: SIGTERM, then SIGKILL if it stays. Removes its folder. Idempotent. */
  stop(): Promise<void>
  /** Ends it as a crash would, at once, and leaves its folder to `stop`. */
  kill(): Promise<void>
}

const readyWithinMs = 60_000
const pollMs = 20
const stopsWithinMs = 10_000

/**
 * Starts a server and waits until its log says that it is ready. It runs in a process group of its own,
 * so that Ctrl-C reaches the script first, and dies with the script however that ends. A folder that the
 * caller gives stays when the server stops, for the next one.
 */
export async function startServer<T>(
  name: string,
  plan: (folder: string) => Promise<ServerPlan<T>> | ServerPlan<T>,
  kept?: string,
): Promise<Server<T>> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), `${name}-`)))
  const log = join(folder, 'log')
  let child: ChildProcess | undefined
  let stopped: Promise<void> | undefined
  const kill = () => end(child, 'SIGKILL')
  const stop = () => {
    stopped ??= endCleanly(folder, child, kept === undefined)
    return stopped
  }
  try {
    const { command, args, env, ready } = await plan(folder)
    const [program, ...words] = [...(await deathGuard()), command, ...args]
    await using output = await open(log, 'w')
    const running = spawn(program!, words, {
      cwd: folder,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', output.fd, output.fd],
    })
    child = running
    await once(running, 'spawn')
    return {
      ready: await readiness(name, running, log, ready),
      pid: running.pid!,
      get running() {
        return !hasEnded(running)
      },
      folder,
      log,
      stop,
      kill,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readiness<T>(
  name: string,
  child: ChildProcess,
  log: string,
  ready: (log: string) => T | undefined,
): Promise<T> {
  const deadline = performance.now() + readyWithinMs
  for (;;) {
    const text = await readFile(log, 'utf8')
    const found = ready(text)
    if (found !== undefined) return found
    if (hasEnded(child)) throw new Error(`${name} ended while starting:\n${lastLines(text)}`)
    if (performance.now() > deadline)
      throw new Error(`${name} was not ready within ${readyWithinMs / 1000} s:\n${lastLines(text)}`)
    await delay(pollMs)
  }
}

async function endCleanly(folder: string, child: ChildProcess | undefined, remove: boolean): Promise<void> {
  // A daemon waits for the steps of a build, and one that has crashed has left them running.
  await killContainers(folder)
  await end(child, 'SIGTERM')
  await killContainers(folder)
  await detachMounts(folder)
  if (remove) await rm(folder, { recursive: true, force: true })
}

async function end(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child?.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  // One that SIGSTOP has halted hears of it only when it goes on.
  child.kill('SIGCONT')
  const impatience = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), stopsWithinMs)
  await ended
  clearTimeout(impatience)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

let deathGuardFound: Promise<string[]> | undefined

/**
 * The words before a command that make the kernel end it when this process dies, be it by SIGKILL. From
 * util-linux; where it is missing or another program of that name, only an orderly end stops the servers.
 */
function deathGuard(): Promise<string[]> {
  const guard = ['setpriv', '--pdeathsig', 'TERM', '--']
  deathGuardFound ??= run(guard[0]!, [...guard.slice(1), 'true']).then(
    () => guard,
    () => [],
  )
  return deathGuardFound
}

/** Ends the processes whose root file system is mounted from within the folder. */
async function killContainers(folder: string): Promise<void> {
  const processes = await readdir('/proc').catch(() => [])
  for (const pid of processes.filter((name) => /^\d+$/.test(name))) {
    const root = (await mounts(pid)).find(({ point }) => point === '/')
    if (root?.line.includes(`${folder}/`)) killProcess(Number(pid))
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

/** What a daemon that was killed has left mounted there, so that removal stays within the folder. */
async function detachMounts(folder: string): Promise<void> {
  const inside = (await mounts('self')).filter(({ point }) => point.startsWith(`${folder}/`))
  for (const { point } of inside.reverse()) await run('umount', ['--lazy', point], { evenInterrupted: true })
}

/** The mounts that a process sees, see proc(5); none where the system has no such file, or the process is gone. */
async function mounts(pid: string): Promise<{ point: string; line: string }[]> {
  const text = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')
  return text.split('\n').map((line) => ({ point: line.split(' ')[4] ?? '', line }))
}
