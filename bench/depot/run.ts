import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { staticBusybox } from '../../scripts/parts/busybox.ts'
import { checkout } from '../../scripts/parts/cache.ts'
import { depotCli } from '../../scripts/parts/depot-clients.ts'
import { goTools } from '../../scripts/parts/go-tools.ts'
import { runScript } from '../../scripts/parts/interruption.ts'
import { workFolder } from '../work-folder.ts'
import { measureAddedTime } from './added-time.ts'
import { measureBuildsAtOnce, waitingDockerfile } from './builds-at-once.ts'
import { report, resultTables } from './report.ts'

const help = `npm run bench:depot -- [options]

Compares the built package with Depot's own CLI at the stand-in with real machines, prints the ratios and writes
bench/RESULTS-depot.md. Takes some minutes.

  --builds N  so many builds at once, 50 by default
  --quick     small numbers and one pair of runs: shows that everything works, and writes nothing
`

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    options: {
      builds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  const loadBefore = loadavg()[0]!
  const sizes = options.quick ? quickSizes : fullSizes
  const builds = Number(options.builds ?? sizes.builds)
  const cli = await depotCli()
  const buildkitd = join(await goTools('buildkit'), 'buildkitd')
  await using folder = await workFolder(roomBytes)
  const { path, inMemory } = folder
  const setting = { cli, folder: path }

  const small = await context(
    join(path, 'small'),
    'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "true"]\n',
  )
  const addedTimes = await measureAddedTime({
    ...{ setting: { ...setting, context: small }, buildkitd, rounds: sizes.rounds },
  })
  const waiting = await context(join(path, 'waiting'), waitingDockerfile)
  const buildsAtOnce = await measureBuildsAtOnce({
    ...{ setting: { ...setting, context: waiting }, buildkitd, builds, pairs: sizes.pairs },
  })

  const results = { addedTimes, buildsAtOnce, builds }
  process.stdout.write(resultTables(results))
  if (!options.quick)
    await writeFile(
      join(checkout, 'bench/RESULTS-depot.md'),
      await report(results, { cli, buildkitd, inMemory, loadBefore }),
    )
  return 0
}

const fullSizes = { rounds: 15, builds: 50, pairs: 3 }
const quickSizes = { rounds: 1, builds: 3, pairs: 1 }

/** For the daemons' state, and the root file systems of the steps. */
const roomBytes = 2 << 30

async function context(folder: string, dockerfile: string): Promise<string> {
  await mkdir(folder)
  await copyFile(await staticBusybox(), join(folder, 'busybox'))
  await writeFile(join(folder, 'Dockerfile'), dockerfile)
  return folder
}

await runScript(main)
