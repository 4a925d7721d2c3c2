import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Server, startServer } from '../scripts/parts/server.ts'

/**
 * Puts a server of this computer behind a link with latency, by its URL: `unix:///path`, or with a port. It is ready as
 * the URL of this end of the link.
 */
export function startDelayProxy(url: string, roundTripMs: number): Promise<Server<string>> {
  return startServer('delay-proxy', (folder) => {
    const program = fileURLToPath(new URL('delay-proxy.ts', import.meta.url))
    const { protocol, pathname, port } = new URL(url)
    const isPath = protocol === 'unix:'
    const places = isPath ? [join(folder, 'socket'), pathname] : ['0', port]
    return {
      command: process.execPath,
      args: ['--import', import.meta.resolve('tsx'), program, ...places, String(roundTripMs)],
      ready: (log) => {
        const near = log.match(/listening on (\S+)\n/)?.[1]
        if (near === undefined) return undefined
        return `${protocol}//${isPath ? near : `127.0.0.1:${near}`}`
      },
    }
  })
}
