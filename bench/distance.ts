import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Server, startServer } from '../scripts/parts/server.ts'

/** Puts the daemon behind a link with latency; the server is ready as the address at this end of it. */
export function startDelayProxy(address: string, roundTripMs: number): Promise<Server<string>> {
  return startServer('delay-proxy', (folder) => {
    const socket = join(folder, 'socket')
    const program = fileURLToPath(new URL('delay-proxy.ts', import.meta.url))
    const target = address.replace(/^unix:\/\//, '')
    return {
      command: process.execPath,
      args: ['--import', import.meta.resolve('tsx'), program, socket, target, String(roundTripMs)],
      ready: (log) => (log.includes('listening') ? `unix://${socket}` : undefined),
    }
  })
}
