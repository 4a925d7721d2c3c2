import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { interrupted } from './interruption.ts'

const outputLimit = 64 << 20

/** Runs a command to its end and gives its standard output. A failure's message has what it said last. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    const running = promisify(execFile)(command, args, {
      ...options,
      maxBuffer: outputLimit,
      signal: interrupted,
    })
    running.child.stdin?.end()
    return (await running).stdout
  } catch (error) {
    interrupted.throwIfAborted()
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed: ${lastLines(stderr) || message}`, { cause: error })
  }
}

/** Runs a command that the terminal belongs to meanwhile, and gives its exit code. */
export async function attend(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
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

/** Where a program is that a shell would find, or nothing. */
export async function onPath(program: string): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of folders) {
    const path = join(folder, program)
    if (await isExecutable(path)) return path
  }
  return undefined
}

/** The end of a program's output, where programs say why they failed. */
export function lastLines(text: string, count = 15): string {
  return text.trim().split('\n').slice(-count).join('\n')
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
