import { readdir } from 'node:fs/promises'
import { join, normalize, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { partsEnvironment } from '../test/support/parts.ts'
import { checkout } from './parts/cache.ts'
import { attend } from './parts/command.ts'
import { runScript } from './parts/interruption.ts'
import { type ProvidedParts, provideBuildkitParts, provideEngineParts } from './parts/test-parts.ts'

const help = `npm test -- [options] [path ...]

Runs the tests under the given paths (test/solve, test/solve/run.test.ts), or all of them, with the real
daemon, registry and programs that they need. A test whose parts cannot be had is skipped and says why.

  --unit         leave out test/integration, and provide no real parts
  --engine       run test/integration-engine instead, once with each edition of the Docker Engine
  --require-all  fail, rather than skip, when a part cannot be had
`

/** No test may hang a run for ever. */
const testTimeoutMs = 300_000

/** Tests that measure time must not share the machine with more than one other. */
const concurrency = 2

async function main(): Promise<number> {
  const { values: options, positionals: paths } = parseArgs({
    allowPositionals: true,
    options: {
      unit: { type: 'boolean', default: false },
      engine: { type: 'boolean', default: false },
      'require-all': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  const suite = options.engine ? 'engine' : options.unit ? 'unit' : 'all'
  const files = await testFiles(suite, paths)
  let exitCode = 0
  for (const provide of runs[suite]) {
    await using provided = await provide()
    if (options['require-all']) refuseMissing(provided)
    exitCode = (await runTests(files, provided)) || exitCode
  }
  return exitCode
}

/** A suite is run once with each of these sets of parts. */
const runs = {
  unit: [async () => ({ parts: {}, missing: {}, [Symbol.asyncDispose]: async () => {} })],
  all: [provideBuildkitParts],
  engine: [() => provideEngineParts('debian'), () => provideEngineParts('current')],
}

/** Listed here because Node 20's own runner knows no glob patterns. */
async function testFiles(suite: keyof typeof runs, paths: readonly string[]): Promise<string[]> {
  const folder = suite === 'engine' ? 'test/integration-engine' : 'test'
  const omitted = {
    unit: ['test/integration-engine/', 'test/integration/'],
    all: ['test/integration-engine/'],
    engine: [],
  }[suite]
  const wanted = paths.map((path) => normalize(path).split(sep).join('/').replace(/\/$/, ''))
  const files = (await readdir(join(checkout, folder), { recursive: true }))
    .map((file) => `${folder}/${file.split(sep).join('/')}`)
    .filter((file) => file.endsWith('.test.ts') && !omitted.some((start) => file.startsWith(start)))
    .filter((file) => wanted.length === 0 || wanted.some((path) => `${file}/`.startsWith(`${path}/`)))
  if (files.length === 0) throw new Error(`no test file under ${wanted.join(', ') || folder} (--help)`)
  return files.sort()
}

function refuseMissing({ missing }: ProvidedParts): void {
  const reasons = Object.values(missing)
  if (reasons.length > 0) throw new Error(reasons.join('\n'))
}

function runTests(files: readonly string[], { parts, missing }: ProvidedParts): Promise<number> {
  const flags = [
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${testTimeoutMs}`,
  ]
  return attend(process.execPath, ['--import', 'tsx', '--test', ...flags, ...files], {
    cwd: checkout,
    env: { ...process.env, ...partsEnvironment(parts, missing) },
  })
}

await runScript(main)
