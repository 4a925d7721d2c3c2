import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** How to run a {@link GuardedProcess}. */
export interface GuardedCommand {
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** A folder of its own, absolute, removed if we end before it does. */
  readonly folder: string
}

/** A child that ends when we do, however we end. */
export interface GuardedProcess {
  /** Settles when it has ended and its last words are read; with an error if it could not be started. */
  readonly exited: Promise<Error | undefined>
  /** The end of its standard error, at most 8 KiB. */
  readonly stderr: string
  /** Asks it to end, insists after 10 seconds, and settles when it has. Idempotent. */
  stop(): Promise<void>
}

/**
 * Runs a program in a process group of its own, so that Ctrl-C reaches it through us only. A shell becomes
 * the program and leaves a guard behind, which waits on a pipe that we hold: a line in it means that all is
 * over, its bare end that we are gone, killed perhaps, and that the program has to be stopped. It does not
 * keep our event loop alive.
 */
export function runGuarded({ command, env, folder }: GuardedCommand): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', guard, folder, ...command], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env,
    detached: true,
  })
  const [, , stderr, pipe] = child.stdio as unknown as [null, null, Socket, Socket]
  for (const handle of [child, stderr, pipe]) handle.unref()
  // A guard that was killed with its group no longer reads.
  pipe.on('error', () => {})
  let tail = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-longestTail)
  })
  const exited = untilExited(child, stderr, pipe)
  return {
    exited,
    get stderr() {
      return tail
    },
    stop: () => stop(child, exited),
  }
}

/** `$0` is the folder, `$$` the shell and later the program. */
const guard = '{ read -r _ <&3 || { kill -TERM "$$"; rm -rf "$0"; }; } 2>&- & exec "$@" 3<&-'

const longestTail = 8 << 10
/** For the end of standard error: a grandchild that lives on may keep it open. */
const stderrPatienceMs = 500
const stopPatienceMs = 10_000

async function untilExited(child: ChildProcess, stderr: Socket, pipe: Socket): Promise<Error | undefined> {
  const stderrClosed = new Promise<void>((resolve) => stderr.once('close', resolve))
  const failure = await once(child, 'exit').then(
    () => undefined,
    (error: Error) => error,
  )
  pipe.end('\n')
  const timer = setTimeout(() => stderr.destroy(), stderrPatienceMs)
  await stderrClosed
  clearTimeout(timer)
  return failure
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => killGroup(child), stopPatienceMs)
  await exited
  clearTimeout(timer)
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself just now.
  }
}
