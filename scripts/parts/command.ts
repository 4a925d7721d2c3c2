import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { interrupted } from './interruption.ts'

const outputLimit = 64 << 20

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs a command to its end and gives its standard output. A failure's message has what it said last. It
 * ends with the script's interruption, unless it is there to clean up.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions & { evenInterrupted?: boolean } = {},
): Promise<string> {
  const { evenInterrupted = false, ...rest } = options
  const signal = evenInterrupted ? undefined : interrupted
  try {
    const running = promisify(execFile)(command, args, { ...rest, maxBuffer: outputLimit, signal })
    running.child.stdin?.end()
    return (await running).stdout
  } catch (error) {
    signal?.throwIfAborted()
    const { stderr, stdout, message } = error as Error & { stderr?: string; stdout?: string }
    throw new Error(`${command} ${args.join(' ')} failed: ${lastLines(stderr || stdout || message)}`, {
      cause: error,
    })
  }
}

/** Runs a command that the terminal belongs to meanwhile, and gives its exit code. */
export async function attend(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<number> {
  interrupted.throwIfAborted()
  const child = spawn(command, args, { ...options, stdio: 'inherit' })
  const passOn = () => {
    // Ctrl-C has reached the child as well, and a second one would be taken for impatience.
    if (interrupted.reason.cause !== 'SIGINT') child.kill('SIGTERM')
  }
  interrupted.addEventListener('abort', passOn)
  try {
    const [exitCode] = (await once(child, 'exit')) as [number | null]
    return exitCode ?? 1
  } finally {
    interrupted.removeEventListener('abort', passOn)
  }
}

/** The end of a program's output, where programs say why they failed. */
export function lastLines(text: string, count = 15): string {
  return text.trim().split('\n').slice(-count).join('\n')
}
