import { once } from 'node:events'
import type net from 'node:net'

/** A server on a free port of 127.0.0.1, or on a Unix socket, that is gone with its connections after its scope. */
export interface Listening extends AsyncDisposable {
  /** 0 on a Unix socket. */
  readonly port: number
  /** The connections that are open. */
  readonly sockets: ReadonlySet<net.Socket>
}

/** Starts any server of Node's, and answers for its connections. */
export async function listening(server: net.Server, path?: string): Promise<Listening> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  })
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path })
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
