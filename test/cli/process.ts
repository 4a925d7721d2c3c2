import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The command line as a process of its own. */
export interface CommandProcess {
  readonly child: ChildProcess
  /** How it ended: `0`, or the name of the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly stdout: Buffer
  readonly stderr: string
  /** Settles once standard error holds the text; fails when the process ends without. */
  untilSaid(text: string): Promise<void>
}

const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url))
/** From here, whatever folder the process runs in. */
const loader = import.meta.resolve('tsx')

/** Starts `buildkit-client ARGV` in an environment of PATH, HOME and what is given. */
export function commandProcess(
  argv: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): CommandProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['--import', loader, bin, ...argv], {
    cwd: options.cwd,
    env: { PATH, HOME: options.cwd, ...options.env },
  })
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  return {
    child,
    ended,
    get stdout() {
      return Buffer.concat(stdout)
    },
    get stderr() {
      return stderr
    },
    async untilSaid(text) {
      let over = false
      ended.then(() => {
        over = true
      })
      while (!stderr.includes(text)) {
        if (over) throw new Error(`it ended without ${JSON.stringify(text)}, saying ${stderr}`)
        await Promise.race([once(child.stderr, 'data'), ended])
      }
    },
  }
}
