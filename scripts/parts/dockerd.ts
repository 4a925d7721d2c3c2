import { access, readdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { staticBusybox } from './busybox.ts'
import { run } from './command.ts'
import { debianPackages } from './debian.ts'
import { goTools } from './go-tools.ts'
import { requireRoot, runcCommand } from './runc.ts'
import { type Server, startServer } from './server.ts'

/** Where to take the Engine from: Debian's old one, or the current one that `tools/engine` pins. */
export type EngineEdition = 'debian' | 'current'

/**
 * Starts a private Docker Engine with empty state; it is ready as the address of its API,
 * `docker:///PATH`. It leaves the machine's packet filter alone, so steps of a build reach no network.
 */
export async function startDockerd(edition: EngineEdition): Promise<Server<string>> {
  requireRoot()
  const { dockerd, env } = edition === 'debian' ? await debianEngine() : await currentEngine()
  const hadBridge = await bridgeExists()
  const server = await startServer('dockerd', async (folder) => {
    const socket = join(folder, 'docker.sock')
    const config = join(folder, 'daemon.json')
    await writeFile(config, '{}')
    return {
      command: dockerd,
      args: [
        ...['--config-file', config, '--data-root', join(folder, 'state')],
        ...['--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
        ...['--host', `unix://${socket}`, '--userland-proxy=false'],
        ...['--iptables=false', '--ip6tables=false', '--ip-forward=false'],
      ],
      env,
      // Logged when requests are served (moby `daemon/command/daemon.go`).
      ready: (log) => (log.includes(`API listen on ${socket}`) ? `docker://${socket}` : undefined),
    }
  })
  const stop = async () => {
    await server.stop()
    if (!hadBridge && (await bridgeExists())) await removeBridge()
  }
  return { ...server, stop, [Symbol.asyncDispose]: stop }
}

interface Engine {
  readonly dockerd: string
  readonly env: Readonly<Record<string, string>>
}

async function debianEngine(): Promise<Engine> {
  const root = await debianPackages('docker.io', 'containerd', 'runc', 'libdevmapper1.02.1')
  const libraries: string[] = []
  for (const folder of [join(root, 'lib'), join(root, 'usr/lib')])
    for (const entry of await readdir(folder).catch(() => [])) libraries.push(join(folder, entry))
  return {
    dockerd: join(root, 'usr/sbin/dockerd'),
    env: {
      PATH: searchPath(join(root, 'usr/sbin'), join(root, 'usr/bin')),
      LD_LIBRARY_PATH: libraries.join(delimiter),
    },
  }
}

async function currentEngine(): Promise<Engine> {
  const programs = await goTools('engine')
  return {
    dockerd: join(programs, 'dockerd'),
    env: { PATH: searchPath(programs, dirname(await runcCommand())) },
  }
}

function searchPath(...first: string[]): string {
  return [...first, process.env.PATH ?? ''].join(delimiter)
}

/** The network bridge that every Engine makes for itself and none removes. */
const bridge = 'docker0'

function bridgeExists(): Promise<boolean> {
  return access(`/sys/class/net/${bridge}`).then(
    () => true,
    () => false,
  )
}

/** With busybox, because a small machine has no `ip` of its own. */
async function removeBridge(): Promise<void> {
  await run(await staticBusybox(), ['ip', 'link', 'delete', bridge], { evenInterrupted: true })
}
