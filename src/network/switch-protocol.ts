import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'

/** A request after whose answer a stream carries something else than HTTP. */
export interface SwitchRequest {
  readonly method: 'CONNECT' | 'POST'
  readonly path: string
  /** With `host`; a list is sent as one line for each value. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Of the body of another answer; more is not read. */
  readonly maxBodyBytes: number
}

/** Either the stream is there, with any bytes that followed the answer, or the other side has answered something else. */
export type SwitchAnswer =
  | { readonly stream: Duplex }
  | { readonly status: number; readonly statusText: string; readonly body: Buffer }

/**
 * Sends one HTTP/1.1 request on a stream of its own, which a 101 (RFC 9110, 7.8), or any 2xx to CONNECT, turns over to
 * another protocol. Rejects with what Node says of a broken answer; whoever wants an end to waiting destroys the stream.
 * An answer that breaks off, by itself or so, is given as far as it came.
 */
export function switchProtocol(
  stream: Duplex,
  { method, path, headers, maxBodyBytes }: SwitchRequest,
): Promise<SwitchAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({
      method,
      path,
      headers: headers as Record<string, string | string[]>,
      createConnection: () => stream,
    })
    const otherwise = (answer: IncomingMessage, body: Buffer) => {
      const { statusCode: status = 0, statusMessage: statusText = '' } = answer
      resolve({ status, statusText, body })
    }
    const switched = (answer: IncomingMessage, same: Duplex, head: Buffer) => {
      const { statusCode = 0 } = answer
      // After CONNECT an answer of any status comes here.
      if (method === 'CONNECT' && (statusCode < 200 || statusCode >= 300)) return otherwise(answer, head)
      if (head.length > 0) same.unshift(head)
      resolve({ stream: same })
    }
    call.on('error', reject)
    call.once(method === 'CONNECT' ? 'connect' : 'upgrade', switched)
    call.once('response', async (answer) => otherwise(answer, await beginningOf(answer, maxBodyBytes)))
    call.end()
  })
}

/** As much of a body as came and as fits. */
async function beginningOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= maxBytes) break
    }
  } catch {
    // What came may say enough.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes)
}
