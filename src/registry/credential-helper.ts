import { spawn } from 'node:child_process'
import { deadline } from '../base/deadline.ts'
import { BuildkitError, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { GoJsonError, objectOf, parseGoJson } from '../base/go-json.ts'
import { KeyedMutex } from '../base/mutex.ts'
import { onAbort } from '../base/on-abort.ts'
import { sanitize } from '../base/redact.ts'
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
  /** Milliseconds for the answer, the wait for earlier questions included; then the helper is killed. */
  readonly timeoutMs: number
  /** Kills the helper when aborted; its reason is then thrown. */
  readonly signal: AbortSignal
}

/** The daemon waits 60 s for credentials: this leaves time to say what went wrong. */
export const defaultHelperTimeoutMs = 30_000

/**
 * Asks a credential helper (docker/docker-credential-helpers `client/client.go`). The same helper with the same
 * environment answers one question at a time, as some hang side by side; others do not wait for it. Undefined where it
 * has no credentials; throws CREDENTIALS_FAILED where it is missing, fails, hangs or answers anything else.
 */
export async function credentialsFromHelper(question: HelperQuestion): Promise<Credentials | undefined> {
  if (!helperName.test(question.name)) {
    throw helperFailed(question, 'cannot be started', {
      expected: 'a name of letters, digits, _, . and -, beginning with a letter or digit',
    })
  }
  let received = 'still waiting for its answer to an earlier question'
  using time = deadline(question.timeoutMs, question.signal, {
    timeoutReason: () => timedOut(question, received),
  })
  const ask = async () => {
    received = 'none'
    return readReply(question, await run(question, time.signal))
  }
  try {
    return await oneByOne.run(storeOf(question), ask, time.signal)
  } catch (error) {
    question.signal.throwIfAborted()
    throw isBuildkitError(error) ? error : cannotStart(question, error)
  }
}

/** The name becomes part of a program's name: nothing in it may lead to another folder or be an option. */
const helperName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

const oneByOne = new KeyedMutex()

/** Tenants with homes or keys of their own have different environments, and so do not wait for each other. */
function storeOf({ name, env }: HelperQuestion): string {
  return JSON.stringify([name, ...Object.entries(env).sort()])
}

interface Outcome {
  readonly exitCode: number | null
  readonly killedBy: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** More than any credential; what goes beyond is no answer. */
const maxOutputBytes = 256 << 10

function run(question: HelperQuestion, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(question), ['get'], { env: question.env, windowsHide: true })
    const stop = (error: unknown) => {
      link[Symbol.dispose]()
      // A helper that hangs may ignore anything less.
      child.kill('SIGKILL')
      // What the helper itself has started may hold the other ends.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy()
      reject(error)
    }
    const onTooMuch = () => stop(tooMuch(question))
    const stdout = collect(child.stdout, onTooMuch)
    const stderr = collect(child.stderr, onTooMuch)
    const link = onAbort(signal, stop)
    child.on('error', stop)
    child.once('close', (exitCode, killedBy) => {
      link[Symbol.dispose]()
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
  const { exitCode, stdout } = outcome
  if (stdout.trim() === notFound) return undefined
  if (exitCode !== 0) throw exitFailed(question, outcome)
  const { username, secret } = parseReply(question, stdout)
  if (secret === '') return undefined
  // BuildKit, too, takes a secret without a user as an identity token.
  return username === '' || username === tokenUsername
    ? { identityToken: secret }
    : { username, password: secret }
}

function parseReply(question: HelperQuestion, stdout: string): { username: string; secret: string } {
  try {
    const reply = parseGoJson(stdout)
    if (reply === undefined) throw badReply(question, stdout)
    const fields = objectOf(reply.value)
    return { username: fields.text('Username'), secret: fields.text('Secret') }
  } catch (error) {
    throw error instanceof GoJsonError ? badReply(question, stdout) : error
  }
}

function cannotStart(question: HelperQuestion, cause: unknown): BuildkitError {
  const missing = systemCode(cause) === 'ENOENT'
  return helperFailed(question, 'cannot be started', {
    received: missing ? 'no such program on the PATH' : messageOf(cause),
    cause,
  })
}

function timedOut(question: HelperQuestion, received: string): BuildkitError {
  const expected = `credentials for ${question.serverKey} within ${question.timeoutMs} ms`
  return helperFailed(question, 'timed out', { expected, received })
}

function tooMuch(question: HelperQuestion): BuildkitError {
  return helperFailed(question, 'returned too much', { expected: `at most ${maxOutputBytes} bytes` })
}

function badReply(question: HelperQuestion, stdout: string): BuildkitError {
  return helperFailed(question, 'returned an invalid response', {
    expected: 'JSON with Username and Secret',
    received: hidden(stdout),
  })
}

/** Its output is not quoted: a secret of any form may be in it. */
function exitFailed(
  question: HelperQuestion,
  { exitCode, killedBy, stdout, stderr }: Outcome,
): BuildkitError {
  return helperFailed(question, 'failed', {
    expected: `credentials for ${question.serverKey}`,
    received: `${killedBy ?? `exit code ${exitCode}`} and ${hidden(stdout + stderr)}`,
    advice: 'Run it by hand to read them',
  })
}

function hidden(output: string): string {
  return `${Buffer.byteLength(output)} bytes, not shown as they may hold a secret`
}

function helperFailed(
  question: HelperQuestion,
  what: string,
  { advice, ...fields }: { expected?: string; received?: string; advice?: string; cause?: unknown },
): BuildkitError {
  const program = sanitize(programOf(question), { maxLength: maxNameLength })
  const configuredBy = `It is configured by ${question.configuredBy}`
  return new BuildkitError('CREDENTIALS_FAILED', `credential helper ${program} ${what}`, {
    subject: program,
    ...fields,
    advice: advice === undefined ? configuredBy : `${advice}. ${configuredBy}`,
  })
}

const maxNameLength = 200

function programOf({ name }: HelperQuestion): string {
  return `docker-credential-${name}`
}
