import { resolve } from 'node:path'
import { printable } from '../../base/redact.ts'
import type { Buildkit } from '../../buildkit.ts'
import { render } from '../../progress/render.ts'
import { dockerConfigAuth } from '../../session/auth/auth.ts'
import { SolveError } from '../../solve/failure/solve-error.ts'
import { checkOptions } from '../../solve/options/check.ts'
import { exporterOf, isKeptImage } from '../../solve/options/exporters.ts'
import type { SolveResult } from '../../solve/result.ts'
import type { SolveRun } from '../../solve/run.ts'
import type { Command } from '../command.ts'
import { daemonFlags, openDaemon } from '../daemon.ts'
import type { Flags, Values } from '../flags.ts'
import type { Io } from '../io.ts'
import { checkMetadataFile, writeMetadataFile } from '../metadata-file.ts'
import { inFlags } from '../option-names.ts'
import { readPipedDockerfile } from '../piped-dockerfile.ts'
import { say } from '../say.ts'
import { type DockerfileBuild, forEngine, solveOptionsOf } from '../solve-options.ts'
import { sourceExcerpt } from '../source-excerpt.ts'

const flags = {
  file: {
    type: 'string',
    short: 'f',
    hint: 'PATH',
    description: 'Dockerfile; - for standard input; by default that in the context',
  },
  tag: {
    type: 'string',
    short: 't',
    multiple: true,
    hint: 'NAME',
    description: 'Name of the image, such as registry.example/app:1',
  },
  'build-arg': {
    type: 'string',
    multiple: true,
    hint: 'NAME[=VALUE]',
    description: 'Build argument; without a value, from the environment',
  },
  target: { type: 'string', hint: 'STAGE', description: 'Stage of the Dockerfile to build' },
  platform: {
    type: 'string',
    multiple: true,
    hint: 'OS/ARCH',
    description: 'Platform to build for; commas between several',
  },
  push: { type: 'boolean', description: 'Pushes the image to its registry' },
  output: {
    type: 'string',
    short: 'o',
    multiple: true,
    hint: 'OUTPUT',
    description: 'Where the result goes, see above',
  },
  'no-cache': { type: 'boolean', description: 'Runs every step anew' },
  progress: {
    type: 'string',
    choices: ['auto', 'plain', 'rawjson', 'quiet'],
    env: 'BUILDKIT_PROGRESS',
    default: 'auto',
    description: 'How standard error shows the build',
  },
  'metadata-file': {
    type: 'string',
    hint: 'PATH',
    description: 'File for what the exporters report, as JSON',
  },
  ...daemonFlags,
} as const satisfies Flags

type BuildFlags = Values<typeof flags>

export const build: Command<typeof flags> = {
  description: [
    'Builds a Dockerfile. The context is the directory whose files it may copy, the current one by default.',
    'Standard output gets the digest of the image, standard error all the rest.',
    '',
    'Outputs:',
    '  DIRECTORY  or  type=local,dest=DIRECTORY   the files of the result',
    '  -          or  type=tar,dest=FILE          the same as an archive; - is standard output',
    '  type=oci,dest=FILE                         an image as an archive',
    '  type=docker,dest=FILE                      the same for docker load',
    '  type=image,name=NAME,push=true             an image in the daemon, or pushed to its registry',
    'All but - take more options of the exporter as KEY=VALUE; quotes around one with a comma.',
  ],
  positionals: ['context'],
  flags,
  async run({ values, positionals: [context = '.'] }, io, signal) {
    const metadataFile = values['metadata-file'] && resolve(io.cwd, values['metadata-file'])
    if (metadataFile !== undefined) await checkMetadataFile(metadataFile)
    const planned = await plan(values, context, io, signal)
    await checkBeforeConnecting(planned, values, signal)
    await using daemon = await openDaemon(values, io, signal)
    if (daemon.found !== undefined) note(`building on ${daemon.found}`, values, io)
    const options =
      daemon.buildkit.kind === 'engine' ? { ...planned, exports: forEngine(planned.exports) } : planned
    const result = await buildOn(daemon.buildkit, options, values, io, signal)
    if (metadataFile !== undefined) await writeMetadataFile(metadataFile, result.exporterResponse, signal)
    printResult(result, options, io)
    for (const text of surprises(values, options)) note(text, values, io)
  },
}

async function plan(values: BuildFlags, context: string, io: Io, signal: AbortSignal) {
  const { cwd, env, stdout } = io
  const dockerfile = await readPipedDockerfile(values.file, io, signal)
  return solveOptionsOf(values, context, { cwd, env, stdout, ...(dockerfile && { dockerfile }) })
}

/** The library checks these too; here it is before a daemon is looked for, or started. */
async function checkBeforeConnecting(
  planned: DockerfileBuild,
  values: BuildFlags,
  signal: AbortSignal,
): Promise<void> {
  try {
    await checkOptions(planned, signal)
  } catch (error) {
    throw inFlags(error, { tag: values.tag, ...planned })
  }
}

async function buildOn(
  buildkit: Buildkit,
  options: DockerfileBuild,
  values: BuildFlags,
  io: Io,
  signal: AbortSignal,
): Promise<SolveResult> {
  const warnings: string[] = []
  const run = buildkit.solve({
    ...options,
    session: [dockerConfigAuth({ env: io.env })],
    signal,
    // Said after the progress, which may be redrawing the screen until then.
    onWarning: ({ message }) => warnings.push(message),
  })
  try {
    await show(run, values, io, signal)
    return await run
  } catch (error) {
    if (error instanceof SolveError) io.stderr.write(circumstances(error, values))
    throw inFlags(error, { tag: values.tag, ...options })
  } finally {
    for (const warning of warnings) say(io, 'warning', warning)
  }
}

/** What fails here is a reader that has gone away, or the build itself, whose result says so. */
async function show(
  run: SolveRun,
  { progress }: BuildFlags,
  { stderr, env }: Io,
  signal: AbortSignal,
): Promise<void> {
  // A screen that is being redrawn would swallow what Ctrl-C has to say.
  const until = stderr.isTTY ? { signal } : {}
  await render(run.status, { mode: progress, output: stderr, env, ...until }).catch(() => {})
}

/** Where a build has failed, and its last words, unless the progress has shown them. */
function circumstances({ code, sources, vertex, logs }: SolveError, { progress }: BuildFlags): string {
  const isSilent = progress === 'quiet' && code !== 'CANCELLED' && vertex !== undefined
  const block = isSilent ? ['------', ` > ${vertex.name}:`, ...logs, '------', ''].join('\n') : ''
  return printable(block) + sources.map(sourceExcerpt).join('')
}

/** The digest, unless an archive has gone to standard output. */
function printResult({ digest }: SolveResult, { exports }: DockerfileBuild, { stdout }: Io): void {
  const isTaken = exports.some((entry) => 'output' in entry && entry.output === stdout)
  if (digest !== undefined && !isTaken) stdout.write(`${digest}\n`)
}

/** Said to people, and not to programs that read lines of JSON or nothing but the digest. */
function note(text: string, { progress }: BuildFlags, io: Io): void {
  if (progress === 'auto' || progress === 'plain') say(io, 'note', text)
}

/** What one might not expect about where the result is. */
function surprises({ tag }: BuildFlags, { exports }: DockerfileBuild): string[] {
  if (exports.length === 0) {
    return ['the result stays in the build cache: --tag, --push and --output say where else it goes']
  }
  const all: string[] = []
  if (exports.some(isKeptImage)) {
    all.push('the image stays in the daemon’s own store: --push and --output take it out of there')
  }
  if (tag.length > 0 && !exports.some((entry) => exporterOf(entry).isImage))
    all.push('no output is an image: --tag names nothing')
  return all
}
