import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Buildkit, SolveError, type SolveOptions } from '../../src/index.ts'
import { busybox } from './daemon.ts'
import { tempDir } from './temp.ts'

/** Ways to fail, by the last line of a Dockerfile that has a shell. */
const failures = {
  typo: { line: 'RUNN nothing', message: /unknown instruction: RUNN/ },
  'missing file': { line: 'COPY missing /', message: /"\/missing".* not found/ },
  'failing command': { ...command(), logs: ['last words'] },
  'failing command of 98 KB': { ...command(98_000), logs: ['last words'] },
}

/** Builds that fail, each with an error larger than HTTP/2 trailers can be. */
export const largeErrors: readonly LargeError[] = [
  ...([60_000, 3_000_000] as const).flatMap((size) =>
    (['typo', 'missing file', 'failing command'] as const).map((name) => ({ name, size })),
  ),
  { name: 'failing command of 98 KB', size: 0 },
]

interface LargeError {
  readonly name: keyof typeof failures
  /** Bytes of the Dockerfile beside what fails. */
  readonly size: number
}

/** Runs such a build and checks that its error tells all; old daemons send no places in the Dockerfile. */
export async function assertToldWhole(
  buildkit: Buildkit,
  failure: LargeError,
  { hasPlaces }: { hasPlaces: boolean },
): Promise<void> {
  const { message, exitCode, logs = [], line }: Failure = failures[failure.name]
  const { error, text } = await failing(buildkit, failure)
  assert.match(error.message, message)
  assert.equal(error.code, 'SOLVE_FAILED')
  assert.equal(error.exitCode, exitCode)
  assert.deepEqual(error.logs, logs)
  if (!hasPlaces) return
  assert.equal(error.grpcCode, 2)
  assert.equal(error.sources[0]?.ranges[0]?.start.line, text.slice(0, text.indexOf(line)).split('\n').length)
  assert.equal(error.sources[0]?.text, text)
}

/** The same for a daemon without a history: whether the failed step's last status arrives is then a matter of luck. */
export async function assertTold(buildkit: Buildkit, failure: LargeError): Promise<void> {
  const { error } = await failing(buildkit, failure)
  assert.match(error.code, /^(SOLVE_FAILED|CONNECTION_LOST)$/)
  if (error.code === 'SOLVE_FAILED') assert.equal(error.exitCode, 9)
  else assert.match(error.message, /during .*last words/)
}

async function failing(buildkit: Buildkit, { name, size }: LargeError) {
  await using dir = await tempDir()
  await copyFile(busybox(), join(dir.path, 'busybox'))
  const filler = `# ${'x'.repeat(57)}\n`.repeat(size / 60)
  const text = `FROM scratch\nCOPY busybox /bin/sh\n${filler}${failures[name].line}\n`
  const options: SolveOptions = {
    frontend: 'dockerfile.v0',
    localDirs: { context: dir.path, dockerfile: { Dockerfile: text } },
  }
  const error = await buildkit.solve(options).result.then(
    () => assert.fail('it must fail'),
    (reason) => reason,
  )
  assert.ok(error instanceof SolveError, String(error))
  return { error, text }
}

interface Failure {
  readonly line: string
  readonly message: RegExp
  readonly exitCode?: number
  readonly logs?: readonly string[]
}

/** A line of a Dockerfile has at most 64 KiB, a command as many lines as it likes. */
function command(bytes = 0): Failure {
  const line = `RUN echo last words; exit 9 # ${`${'x'.repeat(998)}\\\n`.repeat(bytes / 1_000)}`
  return { line, message: /exit code: 9$/, exitCode: 9 }
}
