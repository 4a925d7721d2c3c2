import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { journalLine } from '../test/depot/stand-in/journal.ts'
import { startMachinePool } from '../test/depot/stand-in/machine-pool.ts'
import { startSavedImagesRegistry } from '../test/depot/stand-in/saved-images-registry.ts'
import { startStandIn } from '../test/depot/stand-in/stand-in.ts'
import { goTools } from './parts/go-tools.ts'
import { interrupted, runScript } from './parts/interruption.ts'
import { registryCommand } from './parts/registry.ts'
import { say } from './parts/say.ts'

/**
 * Runs the stand-in for Depot's control plane, with real machines and a registry for saved images, until Ctrl-C.
 * Standard output says how to reach it: as lines for a shell, or as one line of JSON with `--json`. Standard error
 * has a line for each call. `--port` asks for a certain port.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
  })
  const buildkitd = join(await goTools('buildkit'), 'buildkitd')
  const registry = await registryCommand()
  await using standIn = await startStandIn({
    machines: (settings) => startMachinePool(settings, { buildkitd }),
    images: (authorize) => startSavedImagesRegistry(registry, authorize),
    port: Number(values.port),
  })
  const { projectId } = standIn.createProject({ name: 'A project of the stand-in' })
  standIn.journal.onEnd((event) => process.stderr.write(`${journalLine(event)}\n`))
  const environment = {
    DEPOT_API_URL: standIn.apiUrl,
    DEPOT_TOKEN: standIn.organizationToken,
    DEPOT_PROJECT_ID: projectId,
  }
  process.stdout.write(values.json ? `${JSON.stringify(environment)}\n` : shellLines(environment))
  say('the stand-in runs until Ctrl-C')
  await interruption()
  return 0
}

function shellLines(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`)
  return lines.join('')
}

async function interruption(): Promise<void> {
  if (!interrupted.aborted)
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }))
}

await runScript(main)
