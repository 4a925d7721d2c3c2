import { createServer, type ServerHttp2Session } from 'node:http2'
import type { ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { DepotApi, openApi } from '../../src/depot/api/api.ts'
import { fixedToken } from '../../src/depot/api/token-source.ts'
import { listening } from '../support/listening.ts'

/** Services of Depot's API with handlers of the test's own, and a client of ours to call them. */
export interface FakeService extends AsyncDisposable {
  readonly url: string
  readonly api: DepotApi
  /** `Method`, and the bearer token, of each call in order. */
  readonly calls: readonly { readonly method: string; readonly token: string | undefined }[]
}

/** Starts them on HTTP/2 in clear; the client shows the token `t`. */
export async function fakeService(routes: (router: ConnectRouter) => void): Promise<FakeService> {
  const calls: { method: string; token: string | undefined }[] = []
  const handle = connectNodeAdapter({ routes, connect: true, grpc: false, grpcWeb: false })
  const server = createServer((request, response) => {
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1]
    calls.push({ method: request.url.slice(request.url.lastIndexOf('/') + 1), token })
    handle(request, response)
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session.once('close', () => sessions.delete(session))))
  const { port, [Symbol.asyncDispose]: stop } = await listening(server)
  const url = `http://127.0.0.1:${port}`
  const channel = openApi(url)
  return {
    url,
    api: new DepotApi(channel, fixedToken('t'), 'buildkit-client/test'),
    calls,
    async [Symbol.asyncDispose]() {
      channel.close()
      for (const session of sessions) session.destroy()
      await stop()
    },
  }
}

/** Everything that a list gives. */
export async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}
