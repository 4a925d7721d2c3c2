import type { Duplex } from 'node:stream'
import { deadline } from '../base/deadline.ts'
import { BuildkitError, messageOf } from '../base/errors.ts'
import { onAbort } from '../base/on-abort.ts'
import { sanitize } from '../base/redact.ts'
import { switchProtocol } from '../network/switch-protocol.ts'
import type { Route } from './route.ts'

/** The API of one Docker Engine: how it is reached, before any upgrade. */
export type Engine = Pick<Route, 'dial' | 'authority' | 'description' | 'explain'>

/** The endpoint of the Engine's API that turns into a connection to its BuildKit, on which sessions travel too. */
const path = '/grpc'

export interface UpgradeOptions {
  /** Milliseconds the Engine may take to answer. 20,000 by default. */
  readonly answerTimeoutMs?: number
}

/**
 * Asks the Engine to turn a connection of its API into HTTP/2 without TLS of its own (`Upgrade: h2c`), and
 * returns its stream, any bytes that followed the answer included. Rejects with UNSUPPORTED for an Engine
 * without that endpoint, PROTOCOL_ERROR when it refuses, with its own words, UNREACHABLE when what answers is
 * no Engine or an ailing one, TIMEOUT, or the signal's reason.
 */
export async function upgradeEngine(
  engine: Engine,
  signal: AbortSignal,
  options: UpgradeOptions = {},
): Promise<Duplex> {
  const { answerTimeoutMs = defaultAnswerTimeoutMs } = options
  const socket = await engine.dial(signal)
  using limit = deadline(answerTimeoutMs, signal)
  using _ = onAbort(limit.signal, () => socket.destroy())
  const answer = await switchProtocol(socket, {
    method: 'POST',
    path,
    headers: { host: engine.authority, connection: 'upgrade', upgrade: 'h2c' },
    maxBodyBytes,
  }).catch((error) => {
    socket.destroy()
    signal.throwIfAborted()
    throw failure(engine, limit.expired ? answerTimeoutMs : undefined, error)
  })
  if ('stream' in answer) return answer.stream
  socket.destroy()
  signal.throwIfAborted()
  throw refused(engine, answer.status, wordsOf(answer.body))
}

const defaultAnswerTimeoutMs = 20_000

/** Of a refusal's body; more is not read. */
const maxBodyBytes = 4096

/** What the body of an Engine’s answer says in one line: the `message` of its JSON, else its text. */
export function wordsOf(body: Buffer): string {
  const text = body.toString()
  return sanitize(messageIn(text) ?? text)
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

function failure(engine: Engine, timeoutMs: number | undefined, cause: unknown): Error {
  const explained = engine.explain?.(cause)
  if (explained !== undefined) return explained
  const subject = engine.description
  if (timeoutMs !== undefined)
    return new BuildkitError('TIMEOUT', `${subject} does not answer POST ${path}`, {
      subject,
      expected: `an answer within ${timeoutMs} ms`,
      received: 'none',
      cause,
    })
  return new BuildkitError('UNREACHABLE', `${subject} does not answer as a Docker Engine`, {
    subject,
    expected: 'HTTP/1.1',
    received: messageOf(cause),
    advice: 'Check that the address is the Engine’s own, and whether it wants TLS',
    cause,
  })
}

function refused({ description: subject }: Engine, status: number, words: string): BuildkitError {
  const fields = { subject, received: words === '' ? `status ${status}` : `status ${status}: ${words}` }
  if (status === 404 || status === 405 || status === 501)
    return new BuildkitError('UNSUPPORTED', `${subject} has no POST ${path}`, {
      ...fields,
      advice: 'Use a Docker Engine of version 18.09 or later with Linux containers, or a BuildKit daemon',
    })
  const code = status >= 500 ? 'UNREACHABLE' : 'PROTOCOL_ERROR'
  return new BuildkitError(code, `${subject} refuses POST ${path}`, fields)
}
