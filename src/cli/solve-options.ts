import { basename, dirname, resolve } from 'node:path'
import { BuildkitError, invalidOption } from '../base/errors.ts'
import { parseReference } from '../registry/reference.ts'
import { exporterOf, isKeptImage, isPush } from '../solve/options/exporters.ts'
import type { Export, SolveOptions } from '../solve/options/options.ts'
import { exportOf, type OutputSurroundings } from './output.ts'

/** The flags of `build` that say what to build and where it goes. */
export interface BuildValues {
  readonly file: string | undefined
  readonly tag: readonly string[]
  readonly 'build-arg': readonly string[]
  readonly target: string | undefined
  readonly platform: readonly string[]
  readonly push: boolean
  readonly output: readonly string[]
  readonly 'no-cache': boolean
}

/** What else the meaning of the flags depends on. */
export interface BuildSurroundings extends OutputSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What standard input or a pipe held, where the Dockerfile comes from there. */
  readonly dockerfile?: Uint8Array
}

type Env = BuildSurroundings['env']

/** What the flags come to. */
export type DockerfileBuild = SolveOptions & {
  readonly [Name in 'localDirs' | 'exports']: NonNullable<SolveOptions[Name]>
}

/** Maps flags to a build, without looking at disk or network. Throws INVALID_OPTION, naming the flag. */
export function solveOptionsOf(
  values: BuildValues,
  context: string,
  surroundings: BuildSurroundings,
): DockerfileBuild {
  const contextDir = resolve(surroundings.cwd, context)
  const { dockerfile, filename } = dockerfileOf(values, contextDir, surroundings)
  return {
    frontend: 'dockerfile.v0',
    frontendAttrs: {
      ...(filename === undefined ? {} : { filename }),
      ...(values.target === undefined ? {} : { target: values.target }),
      ...(values.platform.length === 0 ? {} : { platform: values.platform.join(',') }),
      ...(values['no-cache'] ? { 'no-cache': '' } : {}),
      ...buildArgs(values['build-arg'], surroundings.env),
    },
    localDirs: { context: contextDir, dockerfile },
    exports: exportsOf(values, surroundings),
  }
}

/** On a Docker Engine an image that is not pushed goes where `docker images` shows it. */
export function forEngine(exports: readonly Export[]): Export[] {
  return exports.map((entry) => (isKeptImage(entry) ? { ...entry, type: 'moby' } : entry))
}

/** The frontend takes the Dockerfile from a directory of its own, so it may lie outside the context. */
function dockerfileOf({ file }: BuildValues, contextDir: string, { cwd, dockerfile }: BuildSurroundings) {
  if (file === undefined) return { dockerfile: contextDir, filename: undefined }
  if (dockerfile !== undefined) return { dockerfile: { Dockerfile: dockerfile }, filename: 'Dockerfile' }
  const path = resolve(cwd, file)
  return { dockerfile: dirname(path), filename: basename(path) }
}

/** `NAME=VALUE`, or `NAME` for its value in the environment, where it has one. */
function buildArgs(args: readonly string[], env: Env): Record<string, string> {
  const { SOURCE_DATE_EPOCH } = env
  const attrs: Record<string, string> = {}
  // What the Go tools pass on by themselves, for builds that are the same every time.
  if (SOURCE_DATE_EPOCH) attrs['build-arg:SOURCE_DATE_EPOCH'] = SOURCE_DATE_EPOCH
  for (const arg of args) {
    const equals = arg.indexOf('=')
    const name = equals < 0 ? arg : arg.slice(0, equals)
    // The value may be a secret.
    if (name === '') throw invalidOption('--build-arg', { expected: 'NAME=VALUE or NAME', received: '=…' })
    const inherited = Object.hasOwn(env, name) ? env[name] : undefined
    const value = equals < 0 ? inherited : arg.slice(equals + 1)
    if (value !== undefined) attrs[`build-arg:${name}`] = value
  }
  return attrs
}

function exportsOf(values: BuildValues, surroundings: OutputSurroundings): Export[] {
  for (const tag of values.tag) parseReference(tag, '--tag')
  const outputs = values.output.map((text) => exportOf(text, surroundings))
  const exports = named(pushed(values, outputs), values.tag)
  const nameless = exports.find((entry) => isPush(entry) && !entry.attrs?.name)
  if (nameless === undefined) return exports
  throw new BuildkitError('INVALID_OPTION', 'the image to push has no name', {
    subject: values.push ? '--push' : '--output',
    advice: 'Name it with --tag REGISTRY/REPOSITORY:TAG',
  })
}

/** `--push` pushes the image outputs there are, or adds one; so does a name without any output. */
function pushed({ push, tag }: BuildValues, outputs: readonly Export[]): Export[] {
  const attrs = push ? { push: 'true' } : {}
  const hasImage = outputs.some(({ type }) => type === 'image')
  if (push ? !hasImage : outputs.length === 0 && tag.length > 0) return [...outputs, { type: 'image', attrs }]
  return outputs.map((entry) =>
    entry.type === 'image' ? { ...entry, attrs: { ...entry.attrs, ...attrs } } : entry,
  )
}

/** Outputs that can carry a name and have none get the tags. */
function named(exports: readonly Export[], tags: readonly string[]): Export[] {
  if (tags.length === 0) return [...exports]
  return exports.map((entry) =>
    exporterOf(entry).isImage && entry.attrs?.name === undefined
      ? { ...entry, attrs: { ...entry.attrs, name: tags.join(',') } }
      : entry,
  )
}
