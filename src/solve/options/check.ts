import { join } from 'node:path'
import { closestMatch } from '../../base/closest-match.ts'
import { BuildkitError, invalidOption, isBuildkitError, systemCode } from '../../base/errors.ts'
import { find } from '../../fsutil/disk/find.ts'
import type { LocalDir } from '../../session/files/file-sync.ts'
import { checkDefinition } from './check-definition.ts'
import { checkExports } from './check-exports.ts'
import { dockerfileDirs } from './dockerfile-dirs.ts'
import type { CacheEntry, SolveOptions } from './options.ts'

/**
 * Finds what is wrong with a build's options, whatever the daemon. Throws INVALID_OPTION, naming the option,
 * what was expected and what came; UNSUPPORTED for what no daemon can be asked for through this client. Throws the
 * signal's reason as soon as that aborts.
 */
export async function checkOptions(options: SolveOptions, signal: AbortSignal): Promise<void> {
  checkFrontend(options)
  checkPlatforms(options.frontendAttrs?.platform)
  checkExports(options.exports ?? [])
  checkEntitlements(options.entitlements ?? [])
  checkCaches(options.cacheExports, 'cacheExports')
  checkCaches(options.cacheImports, 'cacheImports')
  for (const [name, dir] of Object.entries(options.localDirs ?? {})) await checkLocalDir(name, dir, signal)
  await checkDockerfile(options, signal)
}

function checkFrontend({ frontend, definition }: SolveOptions): void {
  if (definition !== undefined) checkDefinition(definition)
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

/** Those that a daemon knows (moby/buildkit `util/entitlements/entitlements.go`). */
const entitlementNames = ['network.host', 'security.insecure', 'device']

function checkEntitlements(entitlements: readonly string[]): void {
  for (const [index, entitlement] of entitlements.entries()) {
    const name = entitlement.replace(/^device=.+$/s, 'device')
    if (entitlementNames.includes(name)) continue
    const meant = closestMatch(name, entitlementNames)
    throw invalidOption(`entitlements[${index}]`, {
      expected: 'network.host, security.insecure, device or device=NAME',
      received: entitlement,
      ...(meant !== undefined && { advice: `Did you mean ${meant}?` }),
    })
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

async function checkLocalDir(name: string, dir: LocalDir, signal: AbortSignal): Promise<void> {
  const option = `localDirs.${name}`
  if (typeof dir !== 'string') return checkFiles(dir, option)
  try {
    if ((await find(dir, signal)).isDirectory) return
  } catch (cause) {
    if (signal.aborted || isBuildkitError(cause)) throw cause
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
async function checkDockerfile(
  { frontend, frontendAttrs = {}, localDirs = {} }: SolveOptions,
  signal: AbortSignal,
): Promise<void> {
  if (frontend !== 'dockerfile.v0') return
  const { isRemote, context, dockerfile } = dockerfileDirs(frontendAttrs)
  const dir = localDirs[dockerfile]
  if (isRemote && dir === undefined) return
  if (dir === undefined) {
    throw invalidOption(`localDirs.${dockerfile}`, {
      expected: 'the directory of the Dockerfile',
      received: undefined,
    })
  }
  if (!isRemote && context.every((name) => localDirs[name] === undefined)) {
    throw invalidOption('localDirs.context', { expected: 'the build context', received: undefined })
  }
  const filename = frontendAttrs.filename
  // Without a name the frontend takes the lower-case one too.
  for (const name of filename === undefined ? ['Dockerfile', 'dockerfile'] : [filename]) {
    if (await holds(dir, name, signal)) return
  }
  throw invalidOption('frontendAttrs.filename', {
    expected: `a Dockerfile in localDirs.${dockerfile}`,
    received: filename ?? 'Dockerfile',
    advice: 'There is no such file',
  })
}

async function holds(dir: LocalDir, name: string, signal: AbortSignal): Promise<boolean> {
  if (typeof dir !== 'string') return Object.hasOwn(dir, name)
  let isDirectory: boolean
  try {
    isDirectory = (await find(join(dir, name), signal)).isDirectory
  } catch (error) {
    if (signal.aborted || isBuildkitError(error)) throw error
    return false
  }
  if (!isDirectory) return true
  throw invalidOption('frontendAttrs.filename', {
    expected: 'a file',
    received: name,
    advice: 'It is a directory',
  })
}
