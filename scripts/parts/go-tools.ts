import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findExecutable } from '../../src/daemon/executable.ts'
import { cached, checkout } from './cache.ts'
import { run } from './command.ts'
import { saying } from './say.ts'

/** A Go module under `tools/`: it pins programs in its `go.mod`, or has the code of a small one. */
export type ToolModule =
  | 'buildkit'
  | 'registry'
  | 'engine'
  | 'docker-config'
  | 'grpc-peer'
  | 'httpproxy'
  | 'patterns'
  | 'hangfs'

/**
 * Where the programs tell which version they are. Built as somebody's dependency they would not know:
 * each project's own makefile sets these variables.
 */
const versionVariables: Record<ToolModule, { module: string; variable?: string }> = {
  buildkit: { module: 'github.com/moby/buildkit', variable: 'github.com/moby/buildkit/version.Version' },
  registry: {
    module: 'github.com/distribution/distribution/v3',
    variable: 'github.com/distribution/distribution/v3/version.version',
  },
  engine: {
    module: 'github.com/moby/moby/v2',
    variable: 'github.com/moby/moby/v2/dockerversion.Version',
  },
  'docker-config': { module: 'github.com/docker/cli' },
  'grpc-peer': { module: 'google.golang.org/grpc' },
  httpproxy: { module: 'golang.org/x/net' },
  patterns: { module: 'github.com/tonistiigi/fsutil' },
  hangfs: { module: 'github.com/hanwen/go-fuse/v2' },
}

/** The folder with the programs of one tools module, compiled the first time and after a change of pins. */
export async function goTools(name: ToolModule): Promise<string> {
  const source = join(checkout, 'tools', name)
  const pins = await readFile(join(source, 'go.mod'), 'utf8')
  const { module, variable } = versionVariables[name]
  const version = pinnedVersion(pins, module)
  const fingerprint = await fingerprintOf(source, pins)
  return cached(`tools/${name}-${version}-${fingerprint}`, async (folder) => {
    const go = await goCommand()
    await saying(`compiling ${name} ${version} with Go, once; minutes on a new machine`, () =>
      run(
        go,
        [
          'build',
          '-buildvcs=false',
          ...(variable === undefined ? [] : ['-ldflags', `-X ${variable}=${version}`]),
          '-o',
          folder,
          'tool',
        ],
        // A static program runs everywhere; a workspace file above the checkout is none of our business.
        { cwd: source, env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' } },
      ),
    )
  })
}

/** Of the pins, and of what code the module has. */
async function fingerprintOf(source: string, pins: string): Promise<string> {
  const hash = createHash('sha256').update(pins)
  for (const file of (await readdir(source)).filter((name) => name.endsWith('.go')).sort())
    hash.update(await readFile(join(source, file)))
  return hash.digest('hex').slice(0, 12)
}

function pinnedVersion(pins: string, module: string): string {
  for (const line of pins.split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require /, '')
      .split(/\s+/)
    if (path === module && version !== undefined) return version
  }
  throw new Error(`tools: no version of ${module} is pinned in its go.mod`)
}

/** Go's own installer does not put it on PATH. */
const usualPlace = '/usr/local/go/bin/go'

async function goCommand(): Promise<string> {
  for (const go of [await findExecutable('go', process.env.PATH), usualPlace]) {
    if (go !== undefined && (await run(go, ['version']).catch(() => undefined))) return go
  }
  throw new Error('the Go toolchain is not installed (no `go` on PATH)')
}
