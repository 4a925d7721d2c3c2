import type { Metadata } from '../grpc/metadata.ts'
import { Code, RpcError } from '../grpc/status.ts'
import type { Attachable } from './attachable.ts'

/** One request to a method of an attachable, with one reply. */
export interface LocalCall {
  /** `/package.Service/Method` */
  readonly method: string
  readonly request: Uint8Array
  readonly signal: AbortSignal
  readonly metadata?: Metadata
}

/** Calls an attachable as the daemon would. Throws what it throws; an RpcError Unimplemented for a method it lacks. */
export async function callLocally(attachable: Attachable, call: LocalCall): Promise<Buffer> {
  const { method, signal, metadata = new Map() } = call
  const handler = attachable.methods[method]
  if (handler === undefined) throw new RpcError(Code.Unimplemented, `unknown method ${method}`)
  const request = Buffer.from(call.request)
  const replies: Buffer[] = []
  await handler({
    method,
    metadata,
    signal,
    messages: only(request),
    pieces: () => only([{ bytes: request, begins: request.length }]),
    send(...parts) {
      replies.push(Buffer.concat(parts))
      return undefined
    },
  })
  const [reply] = replies
  if (reply === undefined) throw new RpcError(Code.Internal, `no reply from ${method}`)
  return reply
}

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item
}
