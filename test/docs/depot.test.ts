import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startMachinePool } from '../depot/stand-in/machine-pool.ts'
import { startSavedImagesRegistry } from '../depot/stand-in/saved-images-registry.ts'
import { type StandIn, startStandIn } from '../depot/stand-in/stand-in.ts'
import { part } from '../support/parts.ts'
import { startRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'
import { startEngineStandIn } from './engine-stand-in.ts'
import { needsDepot, promises, runSnippet, sectionsOf, snippetsOf } from './manual.ts'

const needs = { skip: skipWithout('buildkitd', 'registry') }

/** A stand-in with real machines, which all projects share, and a registry for saved images. */
function depotWithMachines(): Promise<StandIn> {
  return startStandIn({
    machines: (settings) => startMachinePool(settings, { buildkitd: part('buildkitd'), shared: true }),
    images: (authorize) => startSavedImagesRegistry(part('registry'), authorize),
  })
}

/** What a reader has in the environment, and nothing of this user's. */
function environment(depot: StandIn, home: string, projectId: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CONFIG_HOME: home,
    DOCKER_CONFIG: home,
    DEPOT_API_URL: depot.apiUrl,
    DEPOT_TOKEN: depot.organizationToken,
    DEPOT_PROJECT_ID: projectId,
  }
}

describe('what the manual says about Depot', needs, async () => {
  const programs = [
    ...(await snippetsOf('README.md')).filter(needsDepot),
    ...(await sectionsOf('docs/depot.md')),
  ]
  for (const program of programs) {
    it(`${program.name}, runs, and all its builds end well`, async () => {
      await using dir = await tempDir()
      await using depot = await depotWithMachines()
      await using registry = await startRegistry()
      await using engine = await startEngineStandIn()
      const { projectId } = depot.createProject()
      const env = {
        ...environment(depot, dir.path, projectId),
        DOCKER_HOST: `tcp://127.0.0.1:${engine.port}`,
      }
      const output = await runSnippet(program, dir.path, {
        words: { 'localhost:5000': registry.host },
        env,
      })
      for (const promise of promises(program)) assert.ok(output.includes(promise), `${promise} in ${output}`)
      const loads = program.code.includes('load: true')
      assert.deepEqual(engine.loaded, loads ? ['myapp:1'] : [])
      const finished = depot.journal.named('FinishBuild').map(({ request }) => Object.keys(request as object))
      const created = depot.journal.named('CreateBuild')
      assert.deepEqual(
        finished,
        created.map(() => ['buildId', 'success']),
        String(depot.journal),
      )
    })
  }
})
