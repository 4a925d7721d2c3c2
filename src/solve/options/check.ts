import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BuildkitError, invalidOption, systemCode } from '../../base/errors.ts'
import { listWorkers } from '../../control/queries.ts'
import { parseReference } from '../../registry/reference.ts'
import type { LocalDir } from '../../session/files/file-sync.ts'
import type { Connection } from '../../transport/connection.ts'
import type { CacheEntry, Export, SolveOptions } from './options.ts'

/**
 * Finds what is wrong with a build's options, whatever the daemon. Throws INVALID_OPTION, naming the option,
 * what was expected and what came; UNSUPPORTED for what no daemon can be asked for through this client.
 */
export async function checkOptions(options: SolveOptions): Promise<void> {
  checkFrontend(options)
  checkPlatforms(options.frontendAttrs?.platform)
  for (const [index, entry] of (options.exports ?? []).entries()) checkExport(entry, `exports[${index}]`)
  checkTargetsDiffer(options.exports ?? [])
  checkCaches(options.cacheExports, 'cacheExports')
  checkCaches(options.cacheImports, 'cacheImports')
  for (const [name, dir] of Object.entries(options.localDirs ?? {})) await checkLocalDir(name, dir)
  await checkDockerfile(options)
}

function checkFrontend({ frontend, definition }: SolveOptions): void {
  if ((frontend === undefined) !== (definition === undefined)) return
  throw invalidOption('frontend', {
    expected: 'either a frontend such as dockerfile.v0 or a definition',
    received: frontend === undefined ? undefined : 'both',
  })
}

/** `os`, `os/arch` or `os/arch/variant`, as containerd's platforms are written; an OS version may follow. */
const platform = /^[A-Za-z0-9_-]+(\([A-Za-z0-9_.+-]*\))?(\/[A-Za-z0-9_-]+(\/[A-Za-z0-9_.-]+)?)?$/

function checkPlatforms(platforms: string | undefined): void {
  if (platforms === undefined) return
  for (const one of platforms.split(',')) {
    if (platform.test(one)) continue
    throw invalidOption('frontendAttrs.platform', {
      expected: 'platforms such as linux/amd64 or linux/arm/v7, separated by commas',
      received: platforms,
    })
  }
}

const exporterTypes = ['image', 'moby', 'local', 'tar', 'oci', 'docker']

function checkExport(entry: Export, option: string): void {
  if (!exporterTypes.includes(entry.type)) {
    throw invalidOption(`${option}.type`, {
      expected: `one of ${exporterTypes.join(', ')}`,
      received: entry.type,
    })
  }
  checkTarget(entry, option)
  checkNames(entry, `${option}.attrs.name`)
}

/** `*` stands for the name that the frontend gives; without any name an image is pushed nowhere. */
function checkNames({ type, attrs = {} }: Export, option: string): void {
  const { name = '', 'dangling-name-prefix': prefix = '' } = attrs
  const isPushed = type === 'image' && (isOn(attrs.push) || isOn(attrs['push-by-digest']))
  if (isPushed && name === '' && prefix === '')
    throw invalidOption(option, { expected: 'a name to push the image to', received: attrs.name })
  if (name === '*') return
  for (const one of name.split(',')) if (one !== '') parseReference(one, option)
}

/** As the exporter reads it (moby/buildkit `exporter/containerimage/export.go`): there and empty is true too. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && ['', '1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)
}

function checkTarget(entry: Export, option: string): void {
  const { outputDir, output } = entry as { outputDir?: unknown; output?: unknown }
  const isStream = entry.type === 'tar' || entry.type === 'oci' || entry.type === 'docker'
  if (entry.type === 'local' && (typeof outputDir !== 'string' || outputDir === '')) {
    throw invalidOption(`${option}.outputDir`, { expected: 'the path of a directory', received: outputDir })
  }
  if (isStream && !isOutput(output)) {
    throw invalidOption(`${option}.output`, {
      expected: 'the path of a file, a Writable, or a function that returns one',
      received: output,
    })
  }
  if (entry.type !== 'local' && outputDir !== undefined) {
    throw invalidOption(`${option}.outputDir`, {
      expected: 'none for this type of export',
      received: outputDir,
    })
  }
  if (!isStream && output !== undefined) {
    throw invalidOption(`${option}.output`, { expected: 'none for this type of export', received: output })
  }
  if (isStream && entry.attrs?.tar === 'false') {
    throw invalidOption(`${option}.attrs.tar`, {
      expected: 'an export as one stream',
      received: 'false',
      advice: 'Exports into a content store are not served yet',
    })
  }
}

function isOutput(output: unknown): boolean {
  if (typeof output === 'string') return output !== ''
  if (typeof output === 'function') return true
  return typeof output === 'object' && output !== null && 'write' in output && 'end' in output
}

function checkTargetsDiffer(exports: readonly Export[]): void {
  const taken = new Map<unknown, number>()
  for (const [index, entry] of exports.entries()) {
    const { outputDir, output = outputDir } = entry as { outputDir?: string; output?: unknown }
    if (output === undefined || typeof output === 'function') continue
    const target = typeof output === 'string' ? resolve(output) : output
    const other = taken.get(target)
    if (other !== undefined) {
      throw invalidOption(`exports[${index}]`, {
        expected: 'a target of its own',
        received: `the target of exports[${other}]`,
      })
    }
    taken.set(target, index)
  }
}

/** A cache in a directory here would need a content store that we serve; without one, imports do nothing at all. */
function checkCaches(caches: readonly CacheEntry[] = [], option: string): void {
  const index = caches.findIndex(({ type }) => type === 'local')
  if (index < 0) return
  throw new BuildkitError('UNSUPPORTED', 'a cache of type local is not served by this client yet', {
    subject: `${option}[${index}].type`,
    advice: 'Use registry, inline, gha, s3 or azblob',
  })
}

async function checkLocalDir(name: string, dir: LocalDir): Promise<void> {
  const option = `localDirs.${name}`
  if (typeof dir !== 'string') return checkFiles(dir, option)
  try {
    if ((await stat(dir)).isDirectory()) return
  } catch (cause) {
    throw invalidOption(option, {
      expected: 'the path of a readable directory',
      received: `${dir} (${systemCode(cause) ?? 'unreadable'})`,
      cause,
    })
  }
  throw invalidOption(option, { expected: 'a directory', received: dir, advice: 'It is not a directory' })
}

function checkFiles(files: unknown, option: string): void {
  if (typeof files !== 'object' || files === null || Array.isArray(files))
    throw invalidOption(option, {
      expected: 'the path of a directory, or files by name with their contents',
      received: files,
    })
  for (const [path, contents] of Object.entries(files)) {
    if (typeof contents === 'string' || contents instanceof Uint8Array) continue
    const expected = 'the contents of a file, as a string or bytes'
    throw invalidOption(`${option}[${JSON.stringify(path)}]`, { expected, received: contents })
  }
}

/** The Dockerfile frontend would answer a missing Dockerfile only after the build has begun. */
async function checkDockerfile({
  frontend,
  frontendAttrs = {},
  localDirs = {},
}: SolveOptions): Promise<void> {
  if (frontend !== 'dockerfile.v0') return
  const remote = frontendAttrs.context !== undefined
  const dir = localDirs[frontendAttrs.dockerfilekey ?? 'dockerfile']
  if (remote && dir === undefined) return
  if (dir === undefined) {
    throw invalidOption('localDirs.dockerfile', {
      expected: 'the directory of the Dockerfile',
      received: undefined,
    })
  }
  if (!remote && localDirs.context === undefined) {
    throw invalidOption('localDirs.context', { expected: 'the build context', received: undefined })
  }
  const filename = frontendAttrs.filename
  // Without a name the frontend takes the lower-case one too.
  for (const name of filename === undefined ? ['Dockerfile', 'dockerfile'] : [filename]) {
    if (await holds(dir, name)) return
  }
  throw invalidOption('frontendAttrs.filename', {
    expected: 'a Dockerfile in localDirs.dockerfile',
    received: filename ?? 'Dockerfile',
    advice: 'There is no such file',
  })
}

async function holds(dir: LocalDir, name: string): Promise<boolean> {
  if (typeof dir !== 'string') return Object.hasOwn(dir, name)
  let isDirectory: boolean
  try {
    isDirectory = (await stat(join(dir, name))).isDirectory()
  } catch {
    return false
  }
  if (!isDirectory) return true
  throw invalidOption('frontendAttrs.filename', {
    expected: 'a file',
    received: name,
    advice: 'It is a directory',
  })
}

const imageTypes = ['image', 'oci', 'docker']

/**
 * Finds exporters that this daemon lacks. Only a Docker Engine differs: its older image store exports no
 * images, and only it has `moby`. Throws UNSUPPORTED with advice.
 */
export async function checkExporters({ exports = [] }: SolveOptions, connection: Connection): Promise<void> {
  const isEngine = connection.route.dialSession !== undefined
  const moby = exports.findIndex(({ type }) => type === 'moby')
  if (!isEngine && moby >= 0) {
    throw unsupported(`exports[${moby}]`, 'moby', 'Use image with push, or docker with an output')
  }
  const image = exports.findIndex(({ type }) => imageTypes.includes(type))
  if (!isEngine || image < 0 || (await storesImages(connection))) return
  throw unsupported(
    `exports[${image}]`,
    exports[image]!.type,
    'This Docker Engine has moby, local and tar; its containerd image store would add the others',
  )
}

async function storesImages(connection: Connection): Promise<boolean> {
  const workers = await listWorkers(connection)
  return workers.some(({ labels }) => labels['org.mobyproject.buildkit.worker.snapshotter'] !== undefined)
}

function unsupported(option: string, type: string, advice: string): BuildkitError {
  return new BuildkitError('UNSUPPORTED', `this daemon cannot export as ${type}`, { subject: option, advice })
}
