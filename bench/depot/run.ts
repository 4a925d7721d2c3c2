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
  const { rounds, pairs, builds: usualBuilds } = options.quick ? quickSizes : fullSizes
  const builds = Number(options.builds ?? usualBuilds)
  if (!Number.isInteger(builds) || builds < 1)
    throw new Error(`--builds wants a number, not ${options.builds}`)
  const cli = await depotCli()
  const buildkitd = join(await goTools('buildkit'), 'buildkitd')
  await using folder = await workFolder(roomBytes)
  const { path, inMemory } = folder
  const settingFor = async (name: string, dockerfile: string) => ({
    cli,
    folder: path,
    context: await context(join(path, name), dockerfile),
  })

  const cached = await settingFor('cached', cachedDockerfile)
  const addedTimes = await measureAddedTime({ setting: cached, buildkitd, rounds })
  const distantTimes = await measureAddedTime({ setting: cached, buildkitd, rounds, roundTripMs })
  const waiting = await settingFor('waiting', waitingDockerfile)
  const buildsAtOnce = await measureBuildsAtOnce({ setting: waiting, buildkitd, builds, pairs })

  const results = { addedTimes, distantTimes, roundTripMs, buildsAtOnce, builds }
  process.stdout.write(resultTables(results))
  if (options.quick) return 0
  const text = await report(results, { cli, buildkitd, inMemory, loadBefore })
  await writeFile(join(checkout, 'bench/RESULTS-depot.md'), text)
  return 0
}

/** Does nothing when it comes again. */
const cachedDockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "true"]
`

const fullSizes = { rounds: 25, builds: 50, pairs: 3 }
const quickSizes = { rounds: 1, builds: 3, pairs: 1 }

/** Between a data centre and one on the other side of a continent. */
const roundTripMs = 40

/** For the daemons' state, and the root file systems of the steps. */
const roomBytes = 2 << 30

async function context(folder: string, dockerfile: string): Promise<string> {
  await mkdir(folder)
  await copyFile(await staticBusybox(), join(folder, 'busybox'))
  await writeFile(join(folder, 'Dockerfile'), dockerfile)
  return folder
}

await runScript(main)
