import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import type { Route, SessionHeaders } from './route.ts'

/** The API of one Docker Engine: how it is reached, before any upgrade. */
export type Engine = Pick<Route, 'dial' | 'authority' | 'description' | 'explain'>

/** The endpoints of the Engine's API that turn into an HTTP/2 connection. */
export type UpgradePath =
  /** Its BuildKit, on which we are the HTTP/2 client. */
  | '/grpc'
  /** A session, on which we are the HTTP/2 server. */
  | '/session'

export interface UpgradeOptions {
  readonly headers?: SessionHeaders
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
  path: UpgradePath,
  signal: AbortSignal,
  options: UpgradeOptions = {},
): Promise<Duplex> {
  // It takes its time to load, and only an Engine needs it; what the socket says must not wait for it.
  const undici = await import('undici')
  const socket = await engine.dial(signal)
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await exchange(undici, socket, engine, path, options)
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? signal.reason : failure(engine, path, options, error)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const defaultAnswerTimeoutMs = 20_000

/** An answer other than 101: its status, and as message what the Engine says about it. */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, body: Buffer) {
    super(wordsOf(body))
    this.status = status
  }
}

/** Of a refusal's body; more is not read. */
const maxBodyBytes = 4096

/** One request on one socket. `Client.upgrade` would be shorter, but loses what a refusal says. */
function exchange(
  { Client }: typeof import('undici'),
  socket: Duplex,
  engine: Engine,
  path: string,
  options: UpgradeOptions,
): Promise<Duplex> {
  const { headers = {}, answerTimeoutMs = defaultAnswerTimeoutMs } = options
  const client = new Client(`http://${engine.authority}`, {
    // undici asks again when the stream ends before the request is out, and is told that there is no other.
    // It wants to be called back later, and a Socket, which it reads and writes as any Duplex.
    connect: (_, done) =>
      queueMicrotask(() =>
        socket.destroyed ? done(new Error('the stream ended'), null) : done(null, socket as Socket),
      ),
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  })
  const request = {
    path,
    method: 'POST',
    upgrade: 'h2c',
    headers: headers as Record<string, string | string[]>,
  }
  return new Promise<Duplex>((resolve, reject) => {
    let status = 0
    let body = Buffer.alloc(0)
    client.dispatch(request, {
      onRequestStart() {},
      onRequestUpgrade(_controller, _status, _headers, stream) {
        resolve(stream)
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode
      },
      onResponseData(_controller, chunk) {
        body = Buffer.concat([body, chunk])
        if (body.length >= maxBodyBytes) reject(new Refusal(status, body))
      },
      onResponseEnd() {
        reject(new Refusal(status, body))
      },
      onResponseError(_controller, error) {
        reject(status === 0 ? error : new Refusal(status, body))
      },
    })
  }).finally(() => client.destroy())
}

const longestWords = 500

/** What the body of an Engine’s answer says in one line: the `message` of its JSON, else its text. */
export function wordsOf(body: Buffer): string {
  const text = body.toString()
  const words = messageIn(text) ?? text
  return words
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, longestWords)
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

function failure(engine: Engine, path: string, options: UpgradeOptions, cause: unknown): Error {
  const explained = engine.explain?.(cause)
  if (explained !== undefined) return explained
  const subject = engine.description
  if (cause instanceof Refusal) return refused(subject, path, cause)
  if (systemCode(cause) === 'UND_ERR_HEADERS_TIMEOUT')
    return new BuildkitError('TIMEOUT', `${subject} does not answer POST ${path}`, {
      subject,
      expected: `an answer within ${options.answerTimeoutMs ?? defaultAnswerTimeoutMs} ms`,
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

function refused(subject: string, path: string, cause: Refusal): BuildkitError {
  const { status } = cause
  const fields = {
    subject,
    received: cause.message === '' ? `status ${status}` : `status ${status}: ${cause.message}`,
  }
  if (status === 404 || status === 405 || status === 501)
    return new BuildkitError('UNSUPPORTED', `${subject} has no POST ${path}`, {
      ...fields,
      advice: 'Use a Docker Engine of version 18.09 or later with Linux containers, or a BuildKit daemon',
      cause,
    })
  const code = status >= 500 ? 'UNREACHABLE' : 'PROTOCOL_ERROR'
  return new BuildkitError(code, `${subject} refuses POST ${path}`, { ...fields, cause })
}
