import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startBuildkitd } from '../scripts/parts/buildkitd.ts'
import { checkout } from '../scripts/parts/cache.ts'
import { goTools } from '../scripts/parts/go-tools.ts'
import { runScript } from '../scripts/parts/interruption.ts'
import { saying } from '../scripts/parts/say.ts'
import { buildctl, ours } from './clients.ts'
import { compare, type Measured } from './comparison.ts'
import { emptyCache } from './daemon-cache.ts'
import { imageDefinition, noOpDefinition, patternsDefinition, transferDefinition } from './definition.ts'
import { startDelayProxy } from './distance.ts'
import { measureHealth } from './health.ts'
import { manyFiles, oneFile } from './inputs.ts'
import { measureLiveness } from './liveness.ts'
import { report } from './report.ts'
import { resultTable } from './results.ts'
import { fullSizes, quickSizes, type Scenario, type Setting, type Sizes, scenarios } from './scenarios.ts'
import { measureUnreadRuns } from './unread-runs.ts'
import { type WorkFolder, workFolder } from './work-folder.ts'

const help = `npm run bench -- [options] [scenario ...]

Compares the built package with buildctl on one private daemon and prints the ratios. A full run takes a
quarter of an hour and writes bench/RESULTS.md; a run of some scenarios only prints.

  --quick  small sizes and one pair of runs: shows that everything works, and prints no table
`

async function main(): Promise<number> {
  const { values: options, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
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
  const tools = await goTools('buildkit')
  await using folder = await workFolder(roomFor(sizes))
  await using daemon = await startBuildkitd({ command: join(tools, 'buildkitd') })
  await using distant = await startDelayProxy(daemon.ready.unix, sizes.roundTripMs)
  const setting = await settingIn(folder, sizes, { daemon: daemon.ready.unix, distantDaemon: distant.ready })

  const program = join(tools, 'buildctl')
  const results: Measured[] = []
  for (const scenario of chosen(scenarios(sizes, setting), names)) {
    const pairs = await compare(scenario, {
      clients: { ours, buildctl: buildctl(program) },
      pairs: options.quick ? 1 : scenario.pairs,
      emptyCache: () => emptyCache(program, setting.daemon),
    })
    results.push({ scenario, pairs })
  }
  const besides =
    names.length === 0
      ? {
          health: await measureHealth(setting.manyFiles),
          liveness: await measureLiveness(join(tools, 'buildkitd'), { quick: options.quick }),
          unread: await measureUnreadRuns(),
        }
      : undefined
  if (options.quick) return 0
  process.stdout.write(resultTable(results))
  if (besides !== undefined) {
    const text = await report(results, besides, { buildctl: program, inMemory: folder.inMemory, loadBefore })
    await writeFile(join(checkout, 'bench/RESULTS.md'), text)
  }
  return 0
}

/** The inputs, the daemon's copies of them in cache and image, and the archive. */
function roomFor({ files, fileBytes, largeFileBytes }: Sizes): number {
  const blockBytes = 4096
  return 4 * files * Math.max(fileBytes, blockBytes) + 6 * largeFileBytes
}

async function settingIn(
  { path }: WorkFolder,
  sizes: Sizes,
  addresses: Pick<Setting, 'daemon' | 'distantDaemon'>,
): Promise<Setting> {
  const file = async (name: string, content: Uint8Array) => {
    await writeFile(join(path, name), content)
    return join(path, name)
  }
  return saying('making the files to send', async () => ({
    ...addresses,
    definitions: {
      transfer: await file('transfer.llb', transferDefinition()),
      image: await file('image.llb', imageDefinition()),
      noOp: await file('no-op.llb', noOpDefinition()),
      patterns: await file('patterns.llb', patternsDefinition(sizes.patterns)),
    },
    manyFiles: await manyFiles(join(path, 'many-files'), sizes.files, sizes.fileBytes),
    someFiles: await manyFiles(join(path, 'some-files'), sizes.patternFiles, sizes.fileBytes),
    oneFile: await oneFile(join(path, 'one-file'), sizes.largeFileBytes),
    archive: join(path, 'archive.tar'),
  }))
}

function chosen(all: readonly Scenario[], names: readonly string[]): readonly Scenario[] {
  const known = all.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`no scenario ${unknown}; there are ${known.join(', ')}`)
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}

await runScript(main)
