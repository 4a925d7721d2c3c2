import type { MessageStream } from '../base/message-stream.ts'
import type { Metadata } from '../grpc/metadata.ts'

/** One call of the daemon to a method that we serve. */
export interface ServedCall extends MessageStream {
  /** `/package.Service/Method` */
  readonly method: string
  readonly metadata: Metadata
}

/**
 * Answers one call: reads `call.messages`, replies with `call.send`. Returning ends the call with OK;
 * throwing an `RpcError` ends it with that status, throwing anything else with Unknown and its message.
 */
export type Handler = (call: ServedCall) => Promise<void>

/** Something the session lets the daemon use: a set of methods by their full path. */
export interface Attachable {
  /** From `/package.Service/Method` to what answers it. These paths are what the session advertises. */
  readonly methods: Readonly<Record<string, Handler>>
}

/** A handler for a method with one request and one reply, on encoded messages. */
export function unary(
  reply: (request: Buffer, call: ServedCall) => Promise<Uint8Array> | Uint8Array,
): Handler {
  return async (call) => {
    for await (const request of call.messages) {
      await call.send(await reply(request, call))
      return
    }
  }
}
