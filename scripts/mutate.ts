import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from './parts/cache.ts'
import { attend } from './parts/command.ts'
import { runScript } from './parts/interruption.ts'
import { npmTools } from './parts/npm-tools.ts'

const help = `npm run mutate -- [options] [group ...]

Changes the code of the folders where security and life cycles are, one small change at a time, and runs the unit tests
that cover it: a change that no test notices survives. Writes the scores into test/MUTATIONS.md. Takes minutes a group.

Groups: all of the list in scripts/mutate.ts, or those named.
`

interface Group {
  /** Sources to change, relative to the checkout. */
  readonly mutate: readonly string[]
  /** Tests that may notice. */
  readonly tests: readonly string[]
}

/** What must not break unnoticed, and the tests that hold it. */
const groups: Readonly<Record<string, Group>> = {
  paths: {
    mutate: ['src/fsutil/paths.ts', 'src/fsutil/order.ts', 'src/fsutil/receive/confined-directory.ts'],
    tests: ['test/fsutil/*.test.ts', 'test/fsutil/receive/*.test.ts'],
  },
  signals: {
    mutate: ['src/base/{on-abort,deadline,unless-aborted,cancellation,mutex,retry,callback}.ts'],
    tests: ['test/base/*.test.ts'],
  },
  redaction: { mutate: ['src/base/redact.ts'], tests: ['test/base/redact.test.ts'] },
  credentials: {
    mutate: [
      'src/registry/{credentials,realm,cached-credentials,challenge,docker-config,token,registry-network}.ts',
      'src/session/auth/{granted-auth,auth-service}.ts',
    ],
    tests: ['test/registry/*.test.ts', 'test/session/auth/*.test.ts'],
  },
  network: {
    mutate: ['src/network/{host,proxy,tls-options,socket-ready}.ts'],
    tests: ['test/network/{host,proxy,tls-options,socket-ready}.test.ts'],
  },
  exporters: {
    mutate: ['src/solve/options/{exporters,check-exports}.ts', 'src/platforms/shared-exports.ts'],
    tests: ['test/solve/options/*.test.ts', 'test/platforms/*.test.ts'],
  },
  builds: {
    mutate: ['src/depot/builds/{finish,outcome,registration}.ts'],
    tests: ['test/depot/builds/*.test.ts', 'test/depot/depot.test.ts'],
  },
}

/** Changes of words and of messages' fields say nothing of rules. */
const excludedMutations = ['StringLiteral', 'ObjectLiteral', 'Regex']

const results = 'test/MUTATIONS.md'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const names = positionals.length > 0 ? positionals : Object.keys(groups)
  const unknown = names.find((name) => !Object.hasOwn(groups, name))
  if (unknown !== undefined) throw new Error(`no group ${unknown}: ${Object.keys(groups).join(', ')}`)
  const scores = await readScores()
  for (const name of names) {
    const report = await mutated(name, groups[name]!)
    for (const [file, { mutants }] of Object.entries(report.files)) scores.set(file, scoreOf(mutants))
    await writeFile(join(checkout, results), markdown(scores))
  }
  return 0
}

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>
}

/** Has Stryker mutate a copy of the checkout, and gives its report. */
async function mutated(name: string, { mutate, tests }: Group): Promise<Report> {
  const tool = join(await npmTools('mutation'), 'node_modules/@stryker-mutator')
  const folder = join(checkout, '.cache/mutation', name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const report = join(folder, 'report.json')
  const config = {
    testRunner: 'tap',
    plugins: [join(tool, 'tap-runner/dist/src/index.js')],
    tap: { testFiles: tests, nodeArgs: ['--import', 'tsx', '{{testFile}}'], forceBail: true },
    mutate,
    mutator: { excludedMutations },
    coverageAnalysis: 'perTest',
    reporters: ['clear-text', 'json'],
    jsonReporter: { fileName: relative(checkout, report) },
    concurrency: 2,
    ignorePatterns: ['dist', '.cache', 'bench'],
    tempDirName: relative(checkout, join(folder, 'work')),
    // It knows only compilers written in JavaScript, and types do not matter here.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
  }
  const path = join(folder, 'stryker.config.json')
  await writeFile(path, JSON.stringify(config))
  const exitCode = await attend(process.execPath, [join(tool, 'core/bin/stryker.js'), 'run', path], {
    cwd: checkout,
  })
  if (exitCode !== 0) throw new Error(`the mutations of ${name} failed`)
  return JSON.parse(await readFile(report, 'utf8')) as Report
}

interface Score {
  readonly noticed: number
  readonly all: number
}

function scoreOf(mutants: readonly { readonly status: string }[]): Score {
  const counted = mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError')
  const noticed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  return { noticed: noticed.length, all: counted.length }
}

const row = /^\| `([^`]+)` \| (\d+) \| (\d+) \| /gm

/** What stands there already: one group may be run by itself. */
async function readScores(): Promise<Map<string, Score>> {
  const text = await readFile(join(checkout, results), 'utf8').catch(() => '')
  return new Map(
    [...text.matchAll(row)].map(([, file, noticed, all]) => [
      file!,
      { noticed: Number(noticed), all: Number(all) },
    ]),
  )
}

function markdown(scores: ReadonlyMap<string, Score>): string {
  const percent = ({ noticed, all }: Score) => (all === 0 ? '' : `${Math.round((100 * noticed) / all)} %`)
  const total = [...scores.values()].reduce(
    (sum, { noticed, all }) => ({ noticed: sum.noticed + noticed, all: sum.all + all }),
    { noticed: 0, all: 0 },
  )
  const rows = [...scores].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    '# Mutation scores',
    '',
    'Written by `npm run mutate`; do not edit. Small changes of the code (a condition turned around, a block emptied, a',
    'comparison shifted) that the unit tests notice, of all that were made.',
    '',
    '| file | noticed | made | score |',
    '|---|---|---|---|',
    ...rows.map(([file, score]) => `| \`${file}\` | ${score.noticed} | ${score.all} | ${percent(score)} |`),
    '',
    `In all: ${total.noticed} of ${total.all}, ${percent(total)}.`,
    '',
  ].join('\n')
}

await runScript(main)
