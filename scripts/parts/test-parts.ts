import { join } from 'node:path'
import { messageOf } from '../../src/base/errors.ts'
import type { MissingParts, Part, TestParts } from '../../test/support/parts.ts'
import { staticBusybox } from './busybox.ts'
import { provideTestDaemon } from './daemon.ts'
import { depotCli, depotSdk } from './depot-clients.ts'
import { type EngineEdition, startDockerd } from './dockerd.ts'
import { goTools } from './go-tools.ts'
import { hangfsCommand } from './hangfs.ts'
import { interrupted } from './interruption.ts'
import { registryCommand } from './registry.ts'
import { runcCommand } from './runc.ts'
import { say } from './say.ts'
import { tinyproxyCommand } from './tinyproxy.ts'

/** The parts of one run of the tests. What was started for it stops with its scope. */
export interface ProvidedParts extends AsyncDisposable {
  readonly parts: TestParts
  /** Why the others are not there, in one line each. */
  readonly missing: MissingParts
}

/** Everything that tests use, but for the Docker Engine. */
export async function provideBuildkitParts(): Promise<ProvidedParts> {
  return provide({
    buildkitd: async () => join(await goTools('buildkit'), 'buildkitd'),
    runc: runcCommand,
    buildctl: async () => join(await goTools('buildkit'), 'buildctl'),
    registry: registryCommand,
    dockerConfig: async () => join(await goTools('docker-config'), 'docker-config'),
    grpcPeer: async () => join(await goTools('grpc-peer'), 'grpc-peer'),
    patterns: async () => join(await goTools('patterns'), 'patterns'),
    hangfs: hangfsCommand,
    busybox: staticBusybox,
    httpproxy: async () => join(await goTools('httpproxy'), 'httpproxy'),
    tinyproxy: tinyproxyCommand,
    depotCli,
    depotSdk,
    daemon: async (keep) => keep(await provideTestDaemon()).address,
  })
}

/** Everything that tests of the Docker Engine use, with one edition of it. */
export async function provideEngineParts(edition: EngineEdition): Promise<ProvidedParts> {
  return provide({
    registry: registryCommand,
    busybox: staticBusybox,
    engine: async (keep) => keep(await startDockerd(edition)).ready,
  })
}

/** Each gives its part's address or path, and keeps what has to run until the end. */
type Providers = { readonly [P in Part]?: (keep: Keep) => Promise<string> }
type Keep = <T extends AsyncDisposable>(started: T) => T

async function provide(providers: Providers): Promise<ProvidedParts> {
  const started: AsyncDisposable[] = []
  const keep: Keep = (server) => {
    started.unshift(server)
    return server
  }
  const stop = async () => {
    for (const server of started) await server[Symbol.asyncDispose]()
  }
  const parts: { [P in Part]?: string } = {}
  const missing: { [P in Part]?: string } = {}
  for (const [name, open] of Object.entries(providers) as [Part, NonNullable<Providers[Part]>][]) {
    try {
      parts[name] = await open(keep)
    } catch (error) {
      if (interrupted.aborted) await stop()
      interrupted.throwIfAborted()
      say(`${name} cannot be had: ${messageOf(error)}`)
      missing[name] = `${name}: ${messageOf(error).replace(/:?\n.*/s, '')}`
    }
  }
  return { parts, missing, [Symbol.asyncDispose]: stop }
}
