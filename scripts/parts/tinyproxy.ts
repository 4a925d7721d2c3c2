import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findExecutable } from '../../src/daemon/executable.ts'
import { debianPackages } from './debian.ts'
import { type Server, startServer } from './server.ts'

/** An HTTP proxy in use outside of tests; Debian's where none is installed. */
export async function tinyproxyCommand(): Promise<string> {
  return (
    (await findExecutable('tinyproxy', process.env.PATH)) ??
    join(await debianPackages('tinyproxy-bin'), 'usr/bin/tinyproxy')
  )
}

export interface TinyproxyOptions {
  /** Who may use it; everybody by default. */
  readonly login?: { readonly user: string; readonly password: string } | undefined
  /** The ports that CONNECT may lead to; any by default. */
  readonly connectPorts?: readonly number[]
  /** `127.0.0.1:PORT` of the proxy behind it, which leads to all hosts. */
  readonly upstream: string
}

/** Starts one on 127.0.0.1. It is ready as `127.0.0.1:PORT`. */
export function startTinyproxy(
  command: string,
  { login, connectPorts = [], upstream }: TinyproxyOptions,
): Promise<Server<string>> {
  return startServer('tinyproxy', async (folder) => {
    const port = await freePort()
    const config = join(folder, 'tinyproxy.conf')
    await writeFile(
      config,
      [
        `Port ${port}`,
        'Listen 127.0.0.1',
        'Allow 127.0.0.1',
        'Timeout 60',
        'LogLevel Info',
        `Upstream http ${upstream}`,
        ...(login === undefined ? [] : [`BasicAuth ${login.user} ${login.password}`]),
        ...connectPorts.map((allowed) => `ConnectPort ${allowed}`),
        '',
      ].join('\n'),
    )
    return {
      command,
      args: ['-d', '-c', config],
      ready: (log) => (log.includes('Accepting connections') ? `127.0.0.1:${port}` : undefined),
    }
  })
}

/** It cannot be told to find one itself. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
