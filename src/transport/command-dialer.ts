import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex, type Readable, type Writable } from 'node:stream'
import type { Environment } from '../base/environment.ts'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { sanitize } from '../base/redact.ts'
import type { Dialer } from './route.ts'

/**
 * Dials by running a command whose standard input and output are the stream. It runs in a session of its own, so that
 * Ctrl-C reaches it through us only, and ends with its stream: by the end of its input, SIGTERM, and SIGKILL 3 s later.
 * Rejects with UNREACHABLE where it cannot be started, or with the signal's reason; a command that fails later destroys
 * the stream with UNREACHABLE and what it said last.
 */
export function commandDialer(
  [program = '', ...args]: readonly string[],
  description: string,
  env: Environment = process.env,
): Dialer {
  return async (signal) => {
    signal.throwIfAborted()
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true })
    try {
      await once(child, 'spawn', { signal })
    } catch (error) {
      child.once('error', () => {}).kill('SIGKILL')
      signal.throwIfAborted()
      throw notStarted(program, description, error)
    }
    return new CommandStream(child, (failure) => ended(program, description, failure))
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

interface Failure {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

const maxStderrBytes = 4096
const killAfterMs = 3_000

class CommandStream extends Duplex {
  readonly #child: Child
  #stderr = ''

  constructor(child: Child, explain: (failure: Failure) => Error) {
    super({ allowHalfOpen: false })
    this.#child = child
    child.on('error', (error) => this.destroy(error))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-maxStderrBytes)
    })
    child.stdout.on('data', (chunk) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    // A command that has ended no longer reads; what that means is said by its end.
    child.stdin.on('error', () => {})
    // Once its output is through: what it said last is there, and what it sent is before the end.
    child.once('close', (code, signal) => {
      if (code === 0) this.push(null)
      else this.destroy(explain({ code, signal, stderr: this.#stderr }))
    })
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // Where the command has ended, its end destroys the stream with more to say than a broken pipe.
    this.#child.stdin.write(chunk, () => done())
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { stdin, stdout, stderr } = this.#child
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM')
      const impatience = setTimeout(() => this.#child.kill('SIGKILL'), killAfterMs)
      impatience.unref()
      this.#child.once('exit', () => clearTimeout(impatience))
    }
    done(error)
  }
}

function notStarted(program: string, description: string, cause: unknown): BuildkitError {
  const missing = systemCode(cause) === 'ENOENT'
  return new BuildkitError('UNREACHABLE', `cannot reach ${description}`, {
    subject: description,
    received: missing ? `no program ${program} on PATH` : messageOf(cause),
    cause,
    ...(missing && { advice: 'Install it' }),
  })
}

/** 127 is what a shell says of a command that it does not find; 255 is ssh's own failure (ssh(1), EXIT STATUS). */
const advices: Readonly<Record<number, string>> = {
  127: 'Install the program there that the message names, or put it on the PATH of such logins',
  255: 'Check that ssh leads to that host without a question',
}

function ended(program: string, description: string, { code, signal, stderr }: Failure): BuildkitError {
  const words = sanitize(stderr.slice(-1024))
  const advice = advices[code ?? 0]
  return new BuildkitError('UNREACHABLE', `cannot reach ${description}`, {
    subject: description,
    received: `${program} ended with ${code === null ? signal : `code ${code}`}${words === '' ? '' : `: ${words}`}`,
    ...(advice !== undefined && { advice }),
  })
}
