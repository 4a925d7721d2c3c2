import type { Handler, ServedCall } from '../grpc/server.ts'

export type { Handler, ServedCall }

/** Something the session lets the daemon use: a set of methods by their full path. */
export interface Attachable {
  /** From `/package.Service/Method` to what answers it. These paths are what the session advertises. */
  readonly methods: Readonly<Record<string, Handler>>
  /**
   * Which calls of its methods it is for, where others serve the same methods: names of directories (`FileSync`), exporter
   * ids (`FileSend`), ids of secrets or content stores, registry hosts (`Auth`). By default those that no other has the
   * key of.
   */
  readonly keys?: readonly string[]
  /** Asked before anything of a build is sent; what it throws is the build's error. */
  readonly check?: (signal: AbortSignal) => Promise<void>
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
