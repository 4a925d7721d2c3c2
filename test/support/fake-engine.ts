import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { type Listening, listening } from './listening.ts'

/** One upgrade request as the fake Engine sees it. */
export interface UpgradeRequest {
  readonly method: string
  readonly path: string
  /** The header lines, names in lower case. */
  readonly headers: readonly (readonly [string, string])[]
}

export interface FakeEngine extends Listening {
  readonly requests: readonly UpgradeRequest[]
  /** The next connection after its request has been answered. */
  answered(): Promise<net.Socket>
}

/** What the Engine answers an accepted upgrade with. */
export const switching = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'

/** An HTTP/2 SETTINGS frame without settings, the first that either side sends (RFC 9113, 6.5). */
export const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

/** The API of a Docker Engine that answers every upgrade request with the bytes given, in one write. */
export async function fakeEngine(answer: Buffer | string, path?: string): Promise<FakeEngine> {
  const requests: UpgradeRequest[] = []
  const server = http.createServer((_, response) => response.writeHead(400).end('no upgrade'))
  server.on('upgrade', ({ method = '', url = '', rawHeaders }: http.IncomingMessage, socket: net.Socket) => {
    const headers = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
    )
    requests.push({ method, path: url, headers })
    socket.write(answer)
    server.emit('answered', socket)
  })
  const at = await listening(server, path)
  return Object.assign(at, {
    requests,
    answered: async () => (await once(server, 'answered'))[0] as net.Socket,
  })
}
