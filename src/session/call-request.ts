import type { MessagePiece } from '../grpc/message-reader.ts'
import type { ServedCall } from '../grpc/server.ts'

/** Reads the first message of a call, and gives the call as it was before: the message is still to come. */
export async function withRequest(
  call: ServedCall,
): Promise<{ readonly call: ServedCall; readonly request: Buffer | undefined }> {
  const messages = call.messages[Symbol.asyncIterator]()
  const first = await messages.next()
  async function* all(): AsyncGenerator<Buffer> {
    if (first.done) return
    yield first.value
    for (;;) {
      const next = await messages.next()
      if (next.done) return
      yield next.value
    }
  }
  async function* pieces(): AsyncGenerator<readonly MessagePiece[]> {
    for await (const message of all()) yield [{ bytes: message, begins: message.length }]
  }
  return {
    request: first.done ? undefined : first.value,
    call: {
      method: call.method,
      metadata: call.metadata,
      signal: call.signal,
      send: (...parts) => call.send(...parts),
      messages: all(),
      pieces,
    },
  }
}
