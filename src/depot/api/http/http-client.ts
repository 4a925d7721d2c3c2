import { setTimeout as sleep } from 'node:timers/promises'
import type { UniversalClientFn } from '@connectrpc/connect/protocol'
import type { ConnectionPool, Lane } from './connection-pool.ts'
import { TransportFailure } from './transport-failure.ts'

/** How often a request is sent that the server has surely not processed. */
const maxAttempts = 4
/** Before the second attempt, doubled for each further one; less by chance. */
const maxFirstPauseMs = 20

/**
 * The HTTP client under Connect. A request that the server has surely not processed is sent again, so that one which
 * must not be processed twice survives REFUSED_STREAM, GOAWAY with an earlier last stream, and a connection that was
 * closed before it was sent.
 */
export function httpClient(pool: ConnectionPool, lane: Lane): UniversalClientFn {
  return async ({ url, header, body, signal = new AbortController().signal }) => {
    const { pathname, search } = new URL(url)
    const request = { path: `${pathname}${search}`, header, body: await bytesOf(body), signal }
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await pool.send(lane, request)
        return { ...response, trailer: new Headers() }
      } catch (error) {
        const unprocessed = error instanceof TransportFailure && error.stage === 'refused'
        if (!unprocessed || attempt === maxAttempts) throw error
      }
      await sleep(maxFirstPauseMs * 2 ** (attempt - 1) * Math.random(), undefined, { signal })
    }
  }
}

/** Whole, so that it can be sent again: every method that we call takes one short message. */
async function bytesOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}
