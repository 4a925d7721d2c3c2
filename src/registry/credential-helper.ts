import { spawn } from 'node:child_process'
import { BuildkitError, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { Mutex } from '../base/mutex.ts'
import { redactUrls } from '../base/redact.ts'
import type { Credentials } from './credentials.ts'

/** One question to a credential helper. */
export interface HelperQuestion {
  /** The helper is the program `docker-credential-<name>` on the PATH. */
  readonly name: string
  /** Where the name comes from, for messages, such as `credsStore in /home/me/.docker/config.json`. */
  readonly configuredBy: string
  /** The name of the registry in the helper's store. */
  readonly serverKey: string
  /** The helper's environment, its PATH included. */
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds until a helper without an answer is killed, from its start on. */
  readonly timeoutMs: number
  /** Kills the helper when aborted; its reason is then thrown. */
  readonly signal: AbortSignal
}

/** The daemon waits 60 s for credentials: this leaves time to say what went wrong. */
export const defaultHelperTimeoutMs = 30_000

/**
 * Asks a credential helper (docker/docker-credential-helpers `client/client.go`). One runs at a time in this
 * process, as some hang side by side. Undefined where it has no credentials; throws CREDENTIALS_FAILED where
 * it is missing, fails, hangs or answers anything else.
 */
export async function credentialsFromHelper(question: HelperQuestion): Promise<Credentials | undefined> {
  if (!helperName.test(question.name)) {
    throw helperFailed(question, 'cannot be run', {
      expected: 'a name of letters, digits, _, . and -, beginning with a letter or digit',
    })
  }
  try {
    return await oneByOne.run(async () => readReply(question, await run(question)), question.signal)
  } catch (error) {
    question.signal.throwIfAborted()
    throw isBuildkitError(error) ? error : cannotRun(question, error)
  }
}

/** The name becomes part of a program's name: nothing in it may lead to another folder or be an option. */
const helperName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

const oneByOne = new Mutex()

interface Outcome {
  readonly exitCode: number | null
  readonly killedBy: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** More than any credential; what goes beyond is no answer. */
const maxOutputBytes = 256 << 10

function run(question: HelperQuestion): Promise<Outcome> {
  const { signal, timeoutMs } = question
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(question), ['get'], { env: question.env, windowsHide: true })
    const stop = (error: unknown) => {
      settle()
      child.kill('SIGKILL')
      // What the helper itself has started may hold the other ends.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy()
      reject(error)
    }
    const onAbort = () => stop(signal.reason)
    const onTimeout = () => stop(noAnswer(question))
    const onTooMuch = () => stop(tooMuch(question))
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const timer = setTimeout(onTimeout, timeoutMs)
    signal.addEventListener('abort', onAbort, { once: true })
    const stdout = collect(child.stdout, onTooMuch)
    const stderr = collect(child.stderr, onTooMuch)
    child.on('error', stop)
    child.once('close', (exitCode, killedBy) => {
      settle()
      resolve({ exitCode, killedBy, stdout: stdout(), stderr: stderr() })
    })
    child.stdin.on('error', () => {}) // a helper may answer without reading the question
    child.stdin.end(`${question.serverKey}\n`)
  })
}

function collect(stream: NodeJS.ReadableStream, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxOutputBytes) onTooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

/** How a helper says that it has nothing (docker/docker-credential-helpers `credentials/error.go`). */
const notFound = 'credentials not found in native keychain'

/** The user name that marks an identity token (docker/cli `cli/config/credentials/native_store.go`). */
const tokenUsername = '<token>'

function readReply(question: HelperQuestion, outcome: Outcome): Credentials | undefined {
  if (outcome.stdout.trim() === notFound) return undefined
  if (outcome.exitCode !== 0) throw exitFailed(question, outcome)
  const { Username: username, Secret: secret } = parseReply(question, outcome.stdout)
  if (secret === '') return undefined
  if (username === tokenUsername) return { identityToken: secret }
  if (username === '') throw badReply(question, outcome.stdout)
  return { username, password: secret }
}

function parseReply(question: HelperQuestion, stdout: string): { Username: string; Secret: string } {
  try {
    const { Username, Secret } = JSON.parse(stdout)
    if (typeof Username === 'string' && typeof Secret === 'string') return { Username, Secret }
  } catch {
    // The parser's message quotes what it has read: a secret, perhaps.
  }
  throw badReply(question, stdout)
}

function cannotRun(question: HelperQuestion, cause: unknown): BuildkitError {
  const missing = systemCode(cause) === 'ENOENT'
  return helperFailed(question, 'cannot be run', {
    received: missing ? 'no such program on the PATH' : messageOf(cause),
    cause,
  })
}

function noAnswer(question: HelperQuestion): BuildkitError {
  const expected = `an answer for ${question.serverKey} within ${question.timeoutMs} ms`
  return helperFailed(question, 'hangs', { expected, received: 'none' })
}

function tooMuch(question: HelperQuestion): BuildkitError {
  return helperFailed(question, 'has answered too much', { expected: `at most ${maxOutputBytes} bytes` })
}

function badReply(question: HelperQuestion, stdout: string): BuildkitError {
  return helperFailed(question, 'has answered something else', {
    expected: 'JSON with Username and Secret',
    received: `${Buffer.byteLength(stdout)} bytes, not shown as they may hold a secret`,
  })
}

function exitFailed(question: HelperQuestion, outcome: Outcome): BuildkitError {
  const end = outcome.killedBy ?? `exit code ${outcome.exitCode}`
  const said = printable(outcome.stdout) || printable(outcome.stderr)
  return helperFailed(question, 'has failed', {
    expected: `credentials for ${question.serverKey}`,
    received: said === '' ? end : `${end}: ${said}`,
  })
}

function helperFailed(
  question: HelperQuestion,
  what: string,
  fields: { expected?: string; received?: string; cause?: unknown },
): BuildkitError {
  const program = programOf(question).replace(/\p{C}/gu, '').slice(0, longestQuote)
  return new BuildkitError('CREDENTIALS_FAILED', `credential helper ${program} ${what}`, {
    subject: program,
    ...fields,
    advice: `It is named by ${question.configuredBy}`,
  })
}

function programOf({ name }: HelperQuestion): string {
  return `docker-credential-${name}`
}

const longestQuote = 200

/** The first line of a helper's words, without anything that looks like a secret. */
function printable(text: string): string {
  const line = text.trim().split('\n', 1)[0]!
  if (/[{}]/.test(line)) return ''
  return redactUrls(line.slice(0, 4 * longestQuote))
    .replace(/\p{C}/gu, '')
    .replace(/[\w+/=-]{20,}/g, (word) => (/\d/.test(word) ? '***' : word))
    .slice(0, longestQuote)
}
