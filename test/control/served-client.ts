import { RpcClient } from '../../src/grpc/client.ts'
import { type Handler, serve } from '../../src/grpc/server.ts'
import { linkedPair } from '../support/linked-pair.ts'

/** A client of a daemon in memory that has only these methods. Ends with its scope. */
export function servedClient(
  handlers: Readonly<Record<string, Handler>>,
): { rpc: RpcClient } & AsyncDisposable {
  const [ours, theirs] = linkedPair()
  serve(ours, { handlerOf: (method) => handlers[method], onHandlerError: () => {} })
  const rpc = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  return {
    rpc,
    async [Symbol.asyncDispose]() {
      rpc.close()
      await rpc.closed
    },
  }
}
